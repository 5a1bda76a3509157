/**
 * From whatever a user passes to the fixed buffers the core reads.
 *
 * Each `to…` function checks everything about its argument, or throws a TypeError or RangeError that names it, and
 * touches nothing of the user's. The asynchronous ones work in slices of a few milliseconds, so that timers and
 * sockets keep being served while a large array is converted; the `…Sync` ones do the same work at once.
 */
import { rangeError } from '../errors.js';
import type { NativeArray } from '../native.js';
import type { ArrayInput, InputData } from './array-input.js';
import { convertToCsr, csrShape, isCsr, type FixedCsr } from './csr.js';
import { checkIntact } from './intact.js';
import { convertToTarget, type TargetSpec } from './labels.js';
import { convertToInput, convertToWeights } from './inputs.js';
import { finishAtOnce, finishInSlices } from './slices.js';
import { describeSource } from './source.js';
import { sizeOf, type TypedArray } from './typed-array.js';

export type { ArrayInput, CsrMatrix, InputData } from './array-input.js';
export type { FixedCsr } from './csr.js';
export { checkIntact } from './intact.js';
export type { TargetSpec } from './labels.js';

/** A buffer the core can read in place, with what the checks found out about it. */
export interface FixedArray extends NativeArray {
  data: Float32Array | Uint8Array | Int32Array;
  /** Elements in a row: the product of `shape` without its first axis. */
  rowLength: number;
  rows: number;
  /** `[rows, ...]`: the model's shape, with the number of rows for the batch axis. */
  shape: number[];
  /** The array of the user's that `data` lies in; missing when the data were converted into memory of quern's own. */
  source?: TypedArray;
}

/**
 * The samples of one input of the model.
 * @param argument What to call it in errors: `x`, `validationData[0]`, …
 * @param shape The input's shape; a leading `null` for the batch axis may be given or left out.
 */
export async function toInput(argument: string, value: ArrayInput,
                              shape: readonly (number | null)[]): Promise<FixedArray> {
  return intact(argument, await finishInSlices(convertToInput(argument, value, shape)));
}

/** As `toInput`, at once. */
export function toInputSync(argument: string, value: ArrayInput, shape: readonly (number | null)[]): FixedArray {
  return finishAtOnce(convertToInput(argument, value, shape));
}

/** What the core reads the samples of an input from. */
export type FixedInput = FixedArray | FixedCsr;

/** As `toInput`, of a CSR matrix too. */
export async function toInputData(argument: string, value: InputData,
                                  shape: readonly (number | null)[]): Promise<FixedInput> {
  if (!isCsr(value)) return toInput(argument, value, shape);
  return intact(argument, await finishInSlices(convertToCsr(argument, value, shape)));
}

/** As `toInputData`, at once. */
export function toInputDataSync(argument: string, value: InputData, shape: readonly (number | null)[]): FixedInput {
  return isCsr(value) ? finishAtOnce(convertToCsr(argument, value, shape)) : toInputSync(argument, value, shape);
}

/**
 * The targets of one output: dense ones for `dtype` f32, integer labels for i32 (checked to be integers from 0 to
 * `classes` - 1).
 * @param rows Samples the inputs have: lets errors tell integer labels from one-hot ones in a bare typed array.
 */
export async function toTarget(argument: string, value: ArrayInput, spec: TargetSpec,
                               rows?: number): Promise<FixedArray> {
  return intact(argument, await finishInSlices(convertToTarget(argument, value, spec, rows)));
}

/** As `toTarget`, at once. */
export function toTargetSync(argument: string, value: ArrayInput, spec: TargetSpec, rows?: number): FixedArray {
  return finishAtOnce(convertToTarget(argument, value, spec, rows));
}

/** One weight a sample, of shape `[rows]` or `[rows, 1]`, always as floats. */
export async function toWeights(argument: string, value: ArrayInput, rows: number): Promise<FixedArray> {
  return intact(argument, await finishInSlices(convertToWeights(argument, value, rows)));
}

/** As `toWeights`, at once. */
export function toWeightsSync(argument: string, value: ArrayInput, rows: number): FixedArray {
  return finishAtOnce(convertToWeights(argument, value, rows));
}

/**
 * The shape of `value` with its batch axis, to build a model from; `undefined` for a bare typed array, which has none.
 * Looks only at the first element of each axis; the rest is checked on conversion.
 */
export function shapeOf(argument: string, value: InputData): number[] | undefined {
  return isCsr(value) ? csrShape(argument, value) : describeSource(argument, value).shape;
}

/** RangeError unless both have the same number of rows. */
export function checkSameRows(first: string, a: { rows: number }, second: string, b: { rows: number }): void {
  if (a.rows === b.rows) return;
  throw new RangeError(`\`${first}\` and \`${second}\` must have the same number of rows, ` +
    `received ${a.rows} and ${b.rows}`);
}

function intact<T extends FixedInput>(argument: string, array: T): T {
  checkIntact(argument, array);
  return array;
}

/** Rows `begin` to `end` - 1 of the same memory. */
export function sliceRows<T extends FixedInput>(array: T, begin: number, end: number): T {
  if (begin < 0 || end > array.rows || begin > end) {
    throw rangeError('rows', `within 0 to ${array.rows}`, [begin, end]);
  }
  const part = { ...array, rows: end - begin, shape: [end - begin, ...array.shape.slice(1)] };
  if ('indptr' in array) return { ...part, indptr: array.indptr.subarray(begin, end + 1) };
  return { ...part, data: array.data.subarray(begin * array.rowLength, end * array.rowLength) };
}

/** A fixed array around memory of quern's own (say, sample weights made from class weights): `[rows, ...rowShape]`. */
export function fixedArray(data: FixedArray['data'], shape: number[]): FixedArray {
  return { data, rowLength: sizeOf(shape.slice(1)), rows: shape[0]!, shape };
}
