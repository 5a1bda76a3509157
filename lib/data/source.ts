/** What a user's value holds: where the elements are, and the shape it says it has. Nothing is converted here. */
import { rangeError, show, typeError } from '../errors.js';
import { shapeOfNested } from './nested.js';
import type { NestedNumbers } from './array-input.js';
import { isDetached, isOutOfBounds, isResizable, isTypedArray, showShape, sizeOf, type TypedArray } from './typed-array.js';

/** Elements in a typed array; `shape` is missing when the value was a bare typed array. */
export interface TypedSource {
  kind: 'typed';
  data: TypedArray;
  shape?: number[];
}

/** Elements in nested arrays; these nest as `nesting` says, and the value's own shape is `shape` (of equal size). */
export interface NestedSource {
  kind: 'nested';
  values: NestedNumbers;
  nesting: number[];
  shape: number[];
}

export type Source = TypedSource | NestedSource;

const expected = 'an NdArray, a typed array, an object { data, shape } or nested arrays of numbers';

/** TypeError for anything that is no array; RangeError for `{ data, shape }` that contradict each other. */
export function describeSource(argument: string, value: unknown): Source {
  if (isTypedArray(value)) return { kind: 'typed', data: checkAttached(argument, value) };
  if (Array.isArray(value)) {
    const nesting = shapeOfNested(argument, value as NestedNumbers);
    return { kind: 'nested', values: value as NestedNumbers, nesting, shape: nesting };
  }
  if (value !== null && typeof value === 'object' && 'indptr' in value) {
    throw new TypeError(`\`${argument}\` must be ${expected}, ` +
      'received a CSR matrix, which only a model\'s inputs can be');
  }
  if (value === null || typeof value !== 'object' || !('shape' in value) || !('data' in value)) {
    throw typeError(argument, expected, value);
  }
  return describeShaped(argument, value as { data: unknown; shape: unknown });
}

function describeShaped(argument: string, value: { data: unknown; shape: unknown }): Source {
  const shape = checkShape(`${argument}.shape`, value.shape);
  const { data } = value;
  if (isTypedArray(data)) {
    const elements = rowMajor(argument, checkAttached(argument, data), shape, value);
    return { kind: 'typed', data: checkElements(argument, elements, shape), shape };
  }
  if (!Array.isArray(data)) {
    throw typeError(`${argument}.data`, 'a typed array or an array of numbers (await what is read asynchronously)', data);
  }
  checkSize(argument, data.length, shape, false);
  return { kind: 'nested', values: data as NestedNumbers, nesting: [data.length], shape };
}

/** The array, when it (still) has its memory and as many elements as its shape says. */
export function checkElements<T extends TypedArray>(argument: string, data: T, shape: number[]): T {
  checkAttached(argument, data);
  checkSize(argument, data.length, shape, isResizable(data));
  return data;
}

/** A copy of `shape`, when it is an array of integers >= 0. */
export function checkShape(argument: string, shape: unknown): number[] {
  if (!Array.isArray(shape) && !isTypedArray(shape)) throw typeError(argument, 'an array of integers >= 0', shape);
  const sizes = Array.from(shape as ArrayLike<unknown>);
  for (const size of sizes) {
    if (typeof size !== 'number') throw typeError(argument, 'an array of integers >= 0', sizes);
    if (!Number.isSafeInteger(size) || size < 0) throw rangeError(argument, 'an array of integers >= 0', sizes);
  }
  return sizes as number[];
}

function checkSize(argument: string, length: number, shape: number[], resizable: boolean): void {
  const size = sizeOf(shape);
  if (length === size) return;
  const reason = resizable ? '; its buffer was resized' : '';
  throw new RangeError(`\`${argument}\` must hold the ${size} elements of its shape ${showShape(shape)}, ` +
    `received ${length}${reason}`);
}

/** TypeError when the memory below the array was transferred away, or shrank away from under it. */
export function checkAttached<T extends TypedArray>(argument: string, data: T): T {
  const fate = isDetached(data) ? 'was transferred (detached)'
    : isOutOfBounds(data) ? 'was resized and no longer reaches its end' : undefined;
  if (!fate) return data;
  throw new TypeError(`\`${argument}\` must be an array with its memory, received ${show(data)} ` +
    `whose ArrayBuffer ${fate}`);
}

/** Arrays of libraries that have strided views are taken when their elements lie in row-major order without gaps. */
function rowMajor(argument: string, data: TypedArray, shape: number[], value: object): TypedArray {
  const { stride, strides = stride, offset = 0 } = value as { stride?: unknown; strides?: unknown; offset?: unknown };
  if (!Array.isArray(strides)) return data;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) {
      throw new TypeError(`\`${argument}\` must lie in row-major order, received strides [${strides.join(', ')}] ` +
        `for shape ${showShape(shape)}; copy it first`);
    }
    step *= shape[axis]!;
  }
  const begin = typeof offset === 'number' ? offset : 0;
  return data.subarray(begin, begin + sizeOf(shape));
}
