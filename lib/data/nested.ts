/** Nested arrays: their shape, and their elements row by row. */
import { show } from '../errors.js';
import type { NestedNumbers } from './array-input.js';
import { sliceLength, type SlicedWork } from './slices.js';
import { isBigArray, isTypedArray, showShape, sizeOf, type TypedArray } from './typed-array.js';

/** More axes than anyone has: an array that contains itself ends here. */
const maxRank = 32;

type Row = readonly unknown[] | TypedArray;

/** The shape that the first element of each axis suggests. `[]` has shape `[0]`. */
export function shapeOfNested(argument: string, values: NestedNumbers): number[] {
  const shape: number[] = [];
  let inner: unknown = values;
  while (Array.isArray(inner) || isTypedArray(inner)) {
    if (shape.length === maxRank) throw new RangeError(`\`${argument}\` must have at most ${maxRank} axes`);
    shape.push(inner.length);
    if (isTypedArray(inner)) break;
    inner = (inner as unknown[])[0];
  }
  return shape;
}

/** Kinds of elements met by `flatten`. */
export interface ElementKinds {
  numbers: boolean;
  bigints: boolean;
  booleans: boolean;
}

/**
 * Writes the elements of nested arrays of shape `nesting` to `out`, in row-major order, true as 1 and false as 0.
 * TypeError for anything that is no number, RangeError for ragged arrays and for bigints beyond the safe integers.
 */
export function* flatten(argument: string, values: NestedNumbers, nesting: readonly number[],
                         out: Float32Array | Float64Array): SlicedWork<ElementKinds> {
  const kinds: ElementKinds = { numbers: false, bigints: false, booleans: false };
  const rows = new NestedRows(argument, values, nesting);
  let written = 0;
  let untilYield = sliceLength;
  for (let row = rows.next(); row !== undefined; row = rows.next()) {
    for (let begin = 0; begin < row.length; begin += sliceLength) {
      const end = Math.min(row.length, begin + sliceLength);
      copyElements(row, begin, end, out, written, kinds, (index) => rows.name(index));
      written += end - begin;
      untilYield -= end - begin + 1;
      if (untilYield > 0) continue;
      yield;
      untilYield = sliceLength;
    }
  }
  if (written !== sizeOf(nesting)) throw new RangeError(`\`${argument}\` changed while it was read`);
  return kinds;
}

function copyElements(row: Row, begin: number, end: number, out: Float32Array | Float64Array, at: number,
                      kinds: ElementKinds, name: (index: number) => string): void {
  for (let i = begin; i < end; i++) {
    const value = row[i];
    if (typeof value === 'number') {
      kinds.numbers = true;
      out[at + i - begin] = value;
    } else if (typeof value === 'bigint') {
      kinds.bigints = true;
      out[at + i - begin] = safeNumber(value, name, i);
    } else if (typeof value === 'boolean') {
      kinds.booleans = true;
      out[at + i - begin] = value ? 1 : 0;
    } else {
      throw wrongElement(name(i), value);
    }
  }
}

function wrongElement(name: string, value: unknown): TypeError | RangeError {
  if (Array.isArray(value)) {
    return new RangeError(`\`${name}\` must be a number, as the elements before it are, received an array of ` +
      `${value.length}: the nested arrays are ragged`);
  }
  return new TypeError(`\`${name}\` must be a number, received ${show(value)}`);
}

/** The bigint as a number; RangeError, with the name of element `index`, when that would change its value. */
export function safeNumber(value: bigint, name: (index: number) => string, index: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`\`${name(index)}\` must be a safe integer, received ${show(value)}`);
}

/** Walks the innermost arrays in order, and checks on the way that every array is as long as its axis. */
class NestedRows {
  readonly #argument: string;
  readonly #nesting: readonly number[];
  /** The arrays on the way from the outermost to the row at hand, and the position in each but the row. */
  readonly #path: Row[];
  readonly #index: number[];
  #started = false;

  constructor(argument: string, values: NestedNumbers, nesting: readonly number[]) {
    this.#argument = argument;
    this.#nesting = nesting;
    this.#index = nesting.slice(1).map(() => 0);
    this.#path = [this.#check(values, 0)];
  }

  /** The next innermost array, or undefined after the last. */
  next(): Row | undefined {
    if (this.#started ? !this.#advance() : this.#nesting.includes(0)) return undefined;
    this.#started = true;
    while (this.#path.length < this.#nesting.length) {
      const depth = this.#path.length;
      this.#path.push(this.#check((this.#path[depth - 1] as readonly unknown[])[this.#index[depth - 1]!], depth));
    }
    return this.#path.at(-1);
  }

  /** What to call element `i` of the row at hand. */
  name(i: number): string {
    return this.#name(this.#nesting.length - 1) + `[${i}]`;
  }

  /** Steps to the next position; false when there is none. */
  #advance(): boolean {
    while (this.#path.length > 1) {
      this.#path.pop();
      const depth = this.#path.length - 1;
      if (++this.#index[depth]! < this.#nesting[depth]!) return true;
      this.#index[depth] = 0;
    }
    return false;
  }

  #check(value: unknown, depth: number): Row {
    const expected = this.#nesting[depth]!;
    if (!Array.isArray(value) && !isTypedArray(value)) {
      const reason = typeof value === 'number' ? ': the nested arrays are ragged' : '';
      throw new TypeError(`\`${this.#name(depth)}\` must be an array of ${expected}, received ${show(value)}${reason}`);
    }
    if (value.length !== expected) {
      throw new RangeError(`\`${this.#name(depth)}\` must have ${expected} elements, as the first has (shape ` +
        `${showShape(this.#nesting)}), received ${value.length}: the nested arrays are ragged`);
    }
    return value as Row;
  }

  #name(depth: number): string {
    return this.#argument + this.#index.slice(0, depth).map((index) => `[${index}]`).join('');
  }
}

/** Writes a typed array to floats; RangeError for bigints beyond the safe integers. */
export function* widen(argument: string, data: TypedArray, out: Float32Array | Float64Array): SlicedWork<void> {
  const { length } = data;
  const name = (index: number): string => `${argument}[${index}]`;
  for (let begin = 0; begin < length; begin += sliceLength) {
    if (data.length !== length) {
      throw new TypeError(`\`${argument}\` was transferred (detached) or resized while it was read`);
    }
    const end = Math.min(length, begin + sliceLength);
    if (isBigArray(data)) {
      for (let i = begin; i < end; i++) out[i] = safeNumber(data[i]!, name, i);
    } else {
      out.set(data.subarray(begin, end), begin);
    }
    yield;
  }
}
