import { checkBoolean, checkInteger, checkNumber, checkOptions, rangeError, typeError } from './errors.js';
import type { ArrayInput } from './data/array-input.js';
import { readLabels } from './data/labels.js';
import { finishAtOnce } from './data/slices.js';
import { describeSource } from './data/source.js';
import { arrayOf } from './data/typed-array.js';
import { native } from './native.js';
import { NdArray, toNdArray } from './nd-array.js';
import { drawSeed } from './random.js';

export interface TrainTestSplitOptions {
  /** The test set's part of the rows, between 0 and 1 (rounded up to whole rows), or their number. Default 0.25. */
  testSize?: number;
  /** Whether rows are drawn at random; otherwise the last ones are the test set. Default true. */
  shuffle?: boolean;
  /** An integer >= 0: the same seed gives the same split. Default: drawn from the stream of `setRandomSeed`. */
  seed?: number;
  /** Integer labels, one a row, whose proportions both parts keep; needs `shuffle`. */
  stratify?: ArrayInput;
}

const optionNames = ['testSize', 'shuffle', 'seed', 'stratify'];

/**
 * Splits arrays of as many rows each into a training and a test part, all in the same way.
 * Elements keep their type; the parts are copies.
 * @returns [xTrain, xTest], or with labels [xTrain, xTest, yTrain, yTest], and so on for sample weights.
 */
export function trainTestSplit(x: ArrayInput, options?: TrainTestSplitOptions): [NdArray, NdArray];
export function trainTestSplit(x: ArrayInput, y: ArrayInput,
  options?: TrainTestSplitOptions): [NdArray, NdArray, NdArray, NdArray];
export function trainTestSplit(x: ArrayInput, y: ArrayInput, sampleWeight: ArrayInput,
  options?: TrainTestSplitOptions): [NdArray, NdArray, NdArray, NdArray, NdArray, NdArray];
export function trainTestSplit(...given: (ArrayInput | TrainTestSplitOptions | undefined)[]): NdArray[] {
  const last = given.at(-1);
  const hasOptions = given.length > 1 && (last === undefined || isOptions(last));
  const options = (hasOptions ? last : undefined) ?? {};
  checkOptions('trainTestSplit', options, optionNames);
  const values = hasOptions ? given.slice(0, -1) : given;
  const names = values.map((_, i) => ['x', 'y', 'sampleWeight'][i] ?? `argument ${i + 1}`);
  const arrays = values.map((value, i) => toNdArray(names[i]!, value as ArrayInput));
  const rows = commonRows(names, arrays);
  const { train, test } = drawRows(rows, options as TrainTestSplitOptions);
  return arrays.flatMap((array) => [takeRows(array, train), takeRows(array, test)]);
}

function isOptions(value: ArrayInput | TrainTestSplitOptions): value is TrainTestSplitOptions {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value) &&
    !('data' in value);
}

function commonRows(names: string[], arrays: NdArray[]): number {
  const rows = arrays[0]?.shape[0];
  if (rows === undefined) throw typeError('x', 'an array with at least one axis', arrays[0]);
  if (rows < 2) throw rangeError('x', 'an array of at least two rows', arrays[0]);
  arrays.forEach((array, i) => {
    if (array.shape[0] === rows) return;
    throw new RangeError(`\`x\` and \`${names[i]}\` must have the same number of rows, ` +
      `received ${rows} and ${array.shape[0]}`);
  });
  return rows;
}

function drawRows(rows: number, options: TrainTestSplitOptions): { train: Uint32Array; test: Uint32Array } {
  const { testSize = 0.25, stratify } = options;
  const shuffle = checkBoolean('shuffle', options.shuffle ?? true);
  const count = countTestRows(rows, testSize);
  if (!shuffle) {
    if (stratify !== undefined) throw new TypeError('`stratify` needs `shuffle`, received shuffle: false');
    const inOrder = Uint32Array.from({ length: rows }, (_, row) => row);
    return { train: inOrder.subarray(0, rows - count), test: inOrder.subarray(rows - count) };
  }
  const order = new Uint32Array(rows);
  native().permutation(rows, checkInteger('seed', options.seed ?? drawSeed()), 0, order);
  if (stratify !== undefined) return splitByLabel(order, count, stratify);
  return { train: order.subarray(count), test: order.subarray(0, count) };
}

function countTestRows(rows: number, testSize: number): number {
  checkNumber('testSize', testSize, 0);
  const count = testSize < 1 ? Math.ceil(testSize * rows) : testSize;
  if (Number.isInteger(count) && count > 0 && count < rows) return count;
  throw rangeError('testSize', `a part between 0 and 1 or a number of rows that leaves both parts some of the ${rows}`,
    testSize);
}

/** Takes from each label's rows its share of the test rows, the shares rounded so that they sum to `count`. */
function splitByLabel(order: Uint32Array, count: number,
                      stratify: ArrayInput): { train: Uint32Array; test: Uint32Array } {
  const labels = finishAtOnce(readLabels('stratify', describeSource('stratify', stratify)));
  if (labels.length !== order.length) {
    throw new RangeError(`\`stratify\` must have one label a row, ${order.length}, received ${labels.length}`);
  }
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const remaining = shares(sizes, count, order.length);
  const isTest = order.map((row) => {
    const left = remaining.get(labels[row]!)!;
    if (left === 0) return 0;
    remaining.set(labels[row]!, left - 1);
    return 1;
  });
  return { train: order.filter((_, i) => isTest[i] === 0), test: order.filter((_, i) => isTest[i] === 1) };
}

/** Largest remainders: whole shares first, what is left to the labels that lost most by rounding. */
function shares(sizes: Map<number, number>, count: number, rows: number): Map<number, number> {
  const exact = [...sizes].map(([label, size]) => ({ label, share: (size * count) / rows }));
  const result = new Map(exact.map(({ label, share }) => [label, Math.floor(share)]));
  let left = count - [...result.values()].reduce((sum, share) => sum + share, 0);
  exact.sort((a, b) => (b.share % 1) - (a.share % 1) || a.label - b.label);
  for (const { label } of exact) {
    if (left-- <= 0) break;
    result.set(label, result.get(label)! + 1);
  }
  return result;
}

function takeRows(array: NdArray, rows: Uint32Array): NdArray {
  const shape = [rows.length, ...array.shape.slice(1)];
  const rowLength = array.size / array.shape[0]!;
  const data = arrayOf(array.dtype, rows.length * rowLength);
  rows.forEach((row, i) => {
    const source = array.data.subarray(row * rowLength, (row + 1) * rowLength);
    data.set(source as never, i * rowLength);
  });
  return new NdArray(data, shape);
}
