/** Inputs and sample weights: shape checked, bytes, floats and 32-bit integers in place, the rest made floats. */
import type { FixedArray } from './arrays.js';
import { readAnywhere } from './large-array.js';
import { flatten, widen } from './nested.js';
import { sliceLength, type SlicedWork } from './slices.js';
import { describeSource, type Source, type TypedSource } from './source.js';
import { arrayOf, dtypeOf, isResizable, showShape, sizeOf, type TypedArray } from './typed-array.js';

export function* convertToInput(argument: string, value: unknown,
                                shape: readonly (number | null)[]): SlicedWork<FixedArray> {
  const source = describeSource(argument, value);
  const rowShape = withoutBatchAxis(shape);
  const rows = countRows(argument, source, rowShape);
  return yield* toFloats(argument, source, [rows, ...rowShape]);
}

export function* convertToWeights(argument: string, value: unknown, rows: number): SlicedWork<FixedArray> {
  const source = describeSource(argument, value);
  const received = countRows(argument, source, []);
  if (received !== rows) {
    throw new RangeError(`\`${argument}\` must have one weight for each of the ${rows} samples, received ${received}`);
  }
  const weights = yield* toFloats(argument, source, [rows]);
  if (weights.data instanceof Float32Array) return weights;
  const { source: _, ...rest } = weights;
  return { ...rest, data: Float32Array.from(weights.data) };
}

/** The shape of one row: a leading `null`, the batch axis, is dropped. */
export function withoutBatchAxis(shape: readonly (number | null)[]): number[] {
  return (shape[0] === null ? shape.slice(1) : shape) as number[];
}

/**
 * The number of rows of the given shape in the source, when it fits: its sample shape is `rowShape`, give or take a
 * last axis of 1 (as in Keras), or it is a bare typed array of whole rows. RangeError otherwise, and when it is empty.
 */
export function countRows(argument: string, source: Source, rowShape: readonly number[]): number {
  checkNotEmpty(argument, source);
  if (source.shape === undefined) return countBareRows(argument, source as TypedSource, rowShape);
  const { shape } = source;
  if (!sameRowShape(shape.slice(1), rowShape)) throw wrongShape(argument, shape, rowShape);
  if (shape.length === 0) throw wrongShape(argument, shape, rowShape);
  return shape[0]!;
}

/** RangeError when there is not one row. */
export function checkNotEmpty(argument: string, source: Source): void {
  const { shape } = source;
  const isEmpty = shape ? shape[0] === 0 : (source as TypedSource).data.length === 0;
  if (!isEmpty) return;
  const received = shape ? `shape ${showShape(shape)}` : 'a typed array of 0';
  throw new RangeError(`\`${argument}\` must not be empty, received ${received}`);
}

function countBareRows(argument: string, source: TypedSource, rowShape: readonly number[]): number {
  const rowLength = sizeOf(rowShape);
  const { length } = source.data;
  if (rowLength > 0 && length % rowLength === 0) return length / rowLength;
  throw new RangeError(`\`${argument}\` must hold whole rows of ${rowLength} elements (shape ` +
    `${showShape([null, ...rowShape])}), received a ${dtypeOf(source.data)} array of ${length}`);
}

/** Whether the shapes are equal, a last axis of 1 apart. */
export function sameRowShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length === b.length + 1 && a.at(-1) === 1) a = a.slice(0, -1);
  else if (b.length === a.length + 1 && b.at(-1) === 1) b = b.slice(0, -1);
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function wrongShape(argument: string, shape: readonly number[], rowShape: readonly number[]): RangeError {
  let hint = '';
  if (sameRowShape(shape, rowShape)) hint = `: the first axis counts samples, so one alone is ${showShape([1, ...shape])}`;
  else if (shape.length > 0 && sizeOf(shape.slice(1)) === sizeOf(rowShape)) {
    hint = `: reshape it to ${showShape([shape[0]!, ...rowShape])}`;
  }
  return new RangeError(`\`${argument}\` must have shape ${showShape([null, ...rowShape])}, ` +
    `received ${showShape(shape)}${hint}`);
}

/** The source in place where the core reads its type, else as floats. */
export function* toFloats(argument: string, source: Source, shape: number[]): SlicedWork<FixedArray> {
  const rows = shape[0]!;
  const rowLength = sizeOf(shape.slice(1));
  if (source.kind === 'nested') {
    const data = readAnywhere(new Float32Array(rows * rowLength));
    yield* flatten(argument, source.values, source.nesting, data);
    return { data, rowLength, rows, shape };
  }
  const inPlace = readInPlace(source.data);
  if (inPlace) {
    if (!isResizable(source.data)) return { data: inPlace, rowLength, rows, shape, source: source.data };
    return { data: yield* copy(argument, inPlace), rowLength, rows, shape };
  }
  const data = readAnywhere(new Float32Array(rows * rowLength));
  yield* widen(argument, source.data, data);
  return { data, rowLength, rows, shape };
}

/** The array as a type the core reads, over the same memory; undefined when its elements must be converted. */
export function readInPlace(data: TypedArray): FixedArray['data'] | undefined {
  switch (dtypeOf(data)) {
    case 'float32': return data as Float32Array;
    case 'int32': return data as Int32Array;
    case 'uint8': return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
    default: return undefined;
  }
}

/** A copy in memory of quern's own, for arrays whose buffers may be resized at any time. */
export function* copy<T extends FixedArray['data'] | Uint32Array>(argument: string, data: T): SlicedWork<T> {
  const { length } = data;
  const out = arrayOf(dtypeOf(data), length) as T;
  const step = sliceLength * 16;
  for (let begin = 0; begin < length; begin += step) {
    if (data.length !== length) throw new TypeError(`\`${argument}\` was resized while it was read`);
    out.set(data.subarray(begin, begin + step), begin);
    yield;
  }
  return out;
}
