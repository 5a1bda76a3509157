import { checkInteger, rangeError, typeError } from './errors.js';
import type { NestedNumbers, ShapedArray } from './data/array-input.js';
import { readAnywhere } from './data/large-array.js';
import { flatten, safeNumber, type ElementKinds } from './data/nested.js';
import { finishAtOnce } from './data/slices.js';
import { checkAttached, checkElements, checkShape, describeSource } from './data/source.js';
import {
  dtypeOf, isBigArray, isTypedArray, showShape, sizeOf, type DTypeName, type TypedArray,
} from './data/typed-array.js';

/** What `toArray` gives: nested arrays, or for an array without axes the element itself. */
export type NestedValues = number | bigint | NestedValues[];

/**
 * Data with a shape: a typed array whose elements lie in row-major order. A container, not a tensor library:
 * views are cut and reshaped without copying, and the four operations with a number make data ready for a model.
 */
export class NdArray<T extends TypedArray = TypedArray> {
  readonly data: T;
  /** Sizes of the axes; the first counts the samples. */
  readonly shape: number[];
  /** The elements' type by Keras's name: `float32`, `uint8`, … */
  readonly dtype: DTypeName;

  /**
   * @param data The elements, not copied.
   * @param shape Sizes whose product is the number of elements. Default: one axis.
   */
  constructor(data: T, shape?: readonly number[]) {
    if (!isTypedArray(data)) throw typeError('data', 'a typed array', data);
    this.data = checkAttached('data', data);
    this.shape = shape === undefined ? [data.length] : checkShape('shape', shape);
    this.dtype = dtypeOf(data);
    if (sizeOf(this.shape) !== data.length) {
      throw new RangeError(`\`shape\` must be of ${data.length} elements, received ${showShape(this.shape)}`);
    }
  }

  /**
   * An array of what is given. Typed arrays and `{ data, shape }` over them are not copied. Nested numbers become
   * float32, nested booleans uint8 and nested bigints, which must be safe integers, int64.
   * @param shape As for `reshape`. Default: the value's own.
   */
  static from<T extends TypedArray>(values: T, shape?: readonly (number | undefined)[]): NdArray<T>;
  static from(values: NestedNumbers | ShapedArray, shape?: readonly (number | undefined)[]): NdArray;
  static from(values: TypedArray | NestedNumbers | ShapedArray, shape?: readonly (number | undefined)[]): NdArray {
    const array = toNdArray('values', values);
    return shape === undefined ? array : array.reshape(shape);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The same elements under another shape of the same size; a view. One size may be -1: what remains.
   * (Sizes are typed `number | undefined` so that `[x.shape[0], 784]` passes where indexing is checked by the
   * compiler; undefined is refused.)
   */
  reshape(shape: readonly (number | undefined)[]): NdArray<T> {
    if (!Array.isArray(shape)) throw typeError('shape', 'an array of integers, one of them -1 at most', shape);
    const known = shape.filter((size) => size !== -1);
    const sizes = checkShape('shape', known);
    if (known.length === shape.length) return this.#withShape(sizes, shape);
    const size = sizeOf(sizes);
    const rest = size === 0 ? 0 : this.size / size;
    if (known.length < shape.length - 1) throw rangeError('shape', 'an array with one -1 at most', shape);
    if (!Number.isInteger(rest) || (size === 0 && this.size > 0)) throw this.#wrongSize(shape);
    return this.#withShape(shape.map((axis) => (axis === -1 ? rest : axis!)), shape);
  }

  /**
   * Elements `begin` to `end` - 1 of the first axis; a view. Negative positions count from the end, as in
   * `Array.prototype.slice`.
   */
  slice(begin = 0, end?: number): NdArray<T> {
    const rows = this.shape[0];
    if (rows === undefined) throw new RangeError('`slice` needs an array with at least one axis, this has none');
    const first = position('begin', begin, rows);
    const last = Math.max(first, position('end', end ?? rows, rows));
    const rowLength = sizeOf(this.shape.slice(1));
    const data = this.#elements().subarray(first * rowLength, last * rowLength) as T;
    return new NdArray(data, [last - first, ...this.shape.slice(1)]);
  }

  /** Every element divided by `divisor`, rounded once to float32. */
  divide(divisor: number): NdArray<Float32Array> {
    return this.#map('divisor', divisor, (from, to, at, count) => {
      for (let i = 0; i < count; i++) to[at + i] = from[i]! / divisor;
    });
  }

  /** Every element times `factor`, rounded once to float32. */
  multiply(factor: number): NdArray<Float32Array> {
    return this.#map('factor', factor, (from, to, at, count) => {
      for (let i = 0; i < count; i++) to[at + i] = from[i]! * factor;
    });
  }

  /** Every element plus `addend`, rounded once to float32. */
  add(addend: number): NdArray<Float32Array> {
    return this.#map('addend', addend, (from, to, at, count) => {
      for (let i = 0; i < count; i++) to[at + i] = from[i]! + addend;
    });
  }

  /** Every element minus `subtrahend`, rounded once to float32. */
  subtract(subtrahend: number): NdArray<Float32Array> {
    return this.#map('subtrahend', subtrahend, (from, to, at, count) => {
      for (let i = 0; i < count; i++) to[at + i] = from[i]! - subtrahend;
    });
  }

  /** The elements as nested arrays, of bigints for int64 and uint64. */
  toArray(): NestedValues {
    const data = this.#elements();
    let at = 0;
    const build = (axis: number): NestedValues => {
      if (axis === this.shape.length) return data[at++]!;
      return Array.from({ length: this.shape[axis]! }, () => build(axis + 1));
    };
    return build(0);
  }

  /** The data; TypeError or RangeError when its memory was transferred or resized meanwhile. */
  #elements(): T {
    return checkElements('data', this.data, this.shape);
  }

  #withShape(sizes: number[], given: readonly unknown[]): NdArray<T> {
    if (sizeOf(sizes) !== this.size) throw this.#wrongSize(given);
    return new NdArray(this.data, sizes);
  }

  #wrongSize(shape: readonly unknown[]): RangeError {
    return new RangeError(`\`shape\` must be of ${this.size} elements, as this array of shape ` +
      `${showShape(this.shape)}, received ${showShape(shape as number[])}`);
  }

  /** Elements pass through a block of doubles, so that the loops above only ever see two types of arrays. */
  #map(argument: string, operand: number,
       loop: (from: Float64Array, to: Float32Array, at: number, count: number) => void): NdArray<Float32Array> {
    if (typeof operand !== 'number') throw typeError(argument, 'a number', operand);
    const data = this.#elements();
    const out = readAnywhere(new Float32Array(data.length));
    const block = new Float64Array(Math.min(data.length, 4096));
    for (let begin = 0; begin < data.length; begin += block.length) {
      const count = Math.min(block.length, data.length - begin);
      if (isBigArray(data)) {
        for (let i = 0; i < count; i++) block[i] = safeNumber(data[begin + i]!, elementName, begin + i);
      } else {
        block.set(data.subarray(begin, begin + count));
      }
      loop(block, out, begin, count);
    }
    return new NdArray(out, this.shape);
  }
}

function elementName(index: number): string {
  return `data[${index}]`;
}

/** A position on an axis of `rows`, clamped to it; negative ones count from the end. */
function position(argument: string, value: number, rows: number): number {
  checkInteger(argument, value, Number.MIN_SAFE_INTEGER);
  return value < 0 ? Math.max(0, rows + value) : Math.min(value, rows);
}

/** `NdArray.from` with the argument's name for errors; an NdArray stays what it is. */
export function toNdArray(argument: string, values: TypedArray | NestedNumbers | ShapedArray): NdArray {
  const source = describeSource(argument, values);
  if (values instanceof NdArray) return values;
  if (source.kind === 'typed') return new NdArray(source.data, source.shape);
  const doubles = new Float64Array(sizeOf(source.nesting));
  const kinds = finishAtOnce(flatten(argument, source.values, source.nesting, doubles));
  return new NdArray(narrow(doubles, kinds), source.shape);
}

function narrow(doubles: Float64Array, kinds: ElementKinds): TypedArray {
  if (kinds.bigints && !kinds.numbers && !kinds.booleans) return BigInt64Array.from(Array.from(doubles, BigInt));
  if (kinds.booleans && !kinds.numbers && !kinds.bigints) return Uint8Array.from(doubles);
  return Float32Array.from(doubles);
}
