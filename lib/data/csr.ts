/** Matrices in CSR form: checked, and made what the core reads, in place where they are that already. */
import { rangeError, typeError } from '../errors.js';
import type { NativeCsr } from '../native.js';
import type { CsrMatrix, InputData, NumberList } from './array-input.js';
import { canonicalRows } from './csr-canonical.js';
import { copy, withoutBatchAxis } from './inputs.js';
import { flatten, widen } from './nested.js';
import { sliceLength, type SlicedWork } from './slices.js';
import { checkAttached, checkShape } from './source.js';
import { dtypeOf, isResizable, isTypedArray, showShape, type TypedArray } from './typed-array.js';

/** A matrix that the core can read in place: in each row the columns ascend. */
export interface FixedCsr extends NativeCsr {
  rows: number;
  /** Elements of `indices` and of `values`, as long as these have their memory. */
  length: number;
  /** `[rows, columns]`. */
  shape: number[];
}

export function isCsr(value: InputData): value is CsrMatrix {
  return value !== null && typeof value === 'object' && 'indptr' in value;
}

/** The matrix's own shape, `[rows, columns]`. */
export function csrShape(argument: string, { shape }: CsrMatrix): number[] {
  const checked = checkShape(`${argument}.shape`, shape);
  if (checked.length !== 2) throw rangeError(`${argument}.shape`, '[rows, columns]', checked);
  return checked;
}

/** @param shape The input's shape; a leading `null` for the batch axis may be given or left out. */
export function* convertToCsr(argument: string, matrix: CsrMatrix,
                              shape: readonly (number | null)[]): SlicedWork<FixedCsr> {
  const [rows, columns] = csrShape(argument, matrix) as [number, number];
  checkColumns(argument, rows, columns, withoutBatchAxis(shape));
  const parts = { indptr: `${argument}.indptr`, indices: `${argument}.indices`, values: `${argument}.values` };
  checkLength(parts.indptr, matrix.indptr, rows + 1, 'one element more than there are rows');
  const { length } = checkList(parts.indices, matrix.indices);
  checkLength(parts.values, matrix.values, length, 'one for each of `indices`');
  const csr: FixedCsr = {
    indptr: yield* toUint32(parts.indptr, matrix.indptr),
    indices: yield* toUint32(parts.indices, matrix.indices),
    values: yield* toFloat32(parts.values, matrix.values),
    rowLength: columns, rows, shape: [rows, columns], length,
  };
  checkOrder(parts.indptr, csr, matrix);
  return (yield* checkIndices(parts.indices, csr, matrix)) ? csr : yield* canonicalRows(argument, csr);
}

function checkColumns(argument: string, rows: number, columns: number, rowShape: readonly number[]): void {
  const received = showShape([rows, columns]);
  if (rows === 0) throw new RangeError(`\`${argument}\` must not be empty, received shape ${received}`);
  if (rowShape.length === 1 && rowShape[0] === columns) return;
  const hint = rowShape.length === 1 ? '' : ': a CSR matrix can only be the input of a model that takes flat rows';
  throw new RangeError(`\`${argument}\` must have shape ${showShape([null, ...rowShape])}, ` +
    `received ${received}${hint}`);
}

function checkList(argument: string, list: unknown): NumberList {
  if (isTypedArray(list)) return checkAttached(argument, list);
  if (Array.isArray(list)) return list as NumberList;
  const hint = argument.endsWith('.values') ? ' (which scipy calls `data`)' : '';
  throw typeError(argument, `a typed array or an array of numbers${hint}`, list);
}

function checkLength(argument: string, list: unknown, length: number, reason: string): void {
  const { length: received } = checkList(argument, list);
  if (received === length) return;
  throw new RangeError(`\`${argument}\` must have ${length} elements, ${reason}, received ${received}`);
}

/** In place over 32-bit integers: a negative one reads as one that is far too large. */
function* toUint32(argument: string, list: NumberList): SlicedWork<Uint32Array> {
  if (isTypedArray(list) && (dtypeOf(list) === 'uint32' || dtypeOf(list) === 'int32')) {
    const view = new Uint32Array(list.buffer, list.byteOffset, list.length);
    return isResizable(list) ? yield* copy(argument, view) : view;
  }
  const numbers = yield* convert(argument, list, new Float64Array(list.length));
  const out = new Uint32Array(numbers.length);
  for (let begin = 0; begin < numbers.length; begin += sliceLength) {
    const end = Math.min(numbers.length, begin + sliceLength);
    for (let i = begin; i < end; i++) {
      const value = numbers[i]!;
      out[i] = value;
      if (out[i] !== value) throw rangeError(`${argument}[${i}]`, 'an integer from 0 to 4294967295', list[i]);
    }
    yield;
  }
  return out;
}

function* toFloat32(argument: string, list: NumberList): SlicedWork<Float32Array> {
  if (!isTypedArray(list) || dtypeOf(list) !== 'float32') {
    return yield* convert(argument, list, new Float32Array(list.length));
  }
  return isResizable(list) ? yield* copy(argument, list as Float32Array) : list as Float32Array;
}

function* convert<T extends Float32Array | Float64Array>(argument: string, list: NumberList, out: T): SlicedWork<T> {
  if (isTypedArray(list)) yield* widen(argument, list as TypedArray, out);
  else yield* flatten(argument, list as readonly number[], [list.length], out);
  return out;
}

/** RangeError unless indptr ascends from somewhere among the indices to at most their number. */
function checkOrder(argument: string, { indptr, indices }: FixedCsr, given: CsrMatrix): void {
  let before = 0;
  for (let row = 0; row < indptr.length; row++) {
    const here = indptr[row]!;
    if (here < before || here > indices.length) {
      const least = row === 0 ? '0' : `${before}, the one before it,`;
      const expected = `an integer from ${least} to ${indices.length}, the number of \`indices\``;
      throw rangeError(`${argument}[${row}]`, expected, given.indptr[row]);
    }
    before = here;
  }
}

/** Whether the columns of every row ascend; RangeError for one that there is not. */
function* checkIndices(argument: string, csr: FixedCsr, given: CsrMatrix): SlicedWork<boolean> {
  const { indptr, rows } = csr;
  let ascend = true;
  let untilYield = sliceLength;
  for (let row = 0; row < rows; row++) {
    ascend = checkRow(argument, csr, row, given) && ascend;
    untilYield -= indptr[row + 1]! - indptr[row]! + 1;
    if (untilYield > 0) continue;
    yield;
    untilYield = sliceLength;
  }
  return ascend;
}

/** The same of one row. */
function checkRow(argument: string, { indptr, indices, rowLength }: FixedCsr, row: number, given: CsrMatrix): boolean {
  const end = indptr[row + 1]!;
  let ascend = true;
  for (let i = indptr[row]!, before = -1; i < end; i++) {
    const column = indices[i]!;
    if (column >= rowLength) {
      throw rangeError(`${argument}[${i}]`, `a column from 0 to ${rowLength - 1}`, given.indices[i]);
    }
    if (column <= before) ascend = false;
    before = column;
  }
  return ascend;
}
