/** Targets: dense ones as floats, labels as integers; with sentences for those who have one where the other is due. */
import type { DType } from '../program/spec.js';
import type { FixedArray } from './arrays.js';
import { checkNotEmpty, copy, countRows, readInPlace, sameRowShape, toFloats, withoutBatchAxis } from './inputs.js';
import { flatten, widen } from './nested.js';
import { sliceLength, type SlicedWork } from './slices.js';
import { describeSource, type Source } from './source.js';
import { dtypeOf, isResizable, showShape, sizeOf } from './typed-array.js';

/** What a loss wants of its target; as a program's `target` buffer. */
export interface TargetSpec {
  dtype: DType;
  /** A leading `null` for the batch axis may be given or left out. */
  shape: readonly (number | null)[];
  /** Labels are integers from 0 to `classes` - 1; for dtype i32. */
  classes?: number;
}

export function* convertToTarget(argument: string, value: unknown, spec: TargetSpec,
                                 expectedRows?: number): SlicedWork<FixedArray> {
  const source = describeSource(argument, value);
  checkNotEmpty(argument, source);
  const rowShape = withoutBatchAxis(spec.shape);
  if (spec.dtype === 'i32') {
    refuseOneHot(argument, source, rowShape, spec.classes, expectedRows);
    const rows = countRows(argument, source, rowShape);
    return yield* toLabels(argument, source, [rows, ...rowShape], spec.classes);
  }
  refuseLabels(argument, source, rowShape, expectedRows);
  const rows = countRows(argument, source, rowShape);
  return yield* toFloats(argument, source, [rows, ...rowShape]);
}

/** Labels in place when they are bytes or 32-bit integers, else as 32-bit integers; every one is checked. */
function* toLabels(argument: string, source: Source, shape: number[], classes?: number): SlicedWork<FixedArray> {
  const data = yield* readLabels(argument, source, classes, sizeOf(shape.slice(1)));
  const result = { data, rowLength: sizeOf(shape.slice(1)), rows: shape[0]!, shape };
  return source.kind === 'typed' && data.buffer === source.data.buffer ? { ...result, source: source.data } : result;
}

/**
 * The labels of a source: its own memory when that holds bytes or 32-bit integers and cannot be resized.
 * @param classes RangeError for a label that is no integer from 0 to `classes` - 1.
 * @param rowLength Labels in a row, for the row in the error.
 */
export function* readLabels(argument: string, source: Source, classes?: number,
                            rowLength = 1): SlicedWork<Uint8Array | Int32Array> {
  const inPlace = source.kind === 'typed' ? readInPlace(source.data) : undefined;
  if (source.kind === 'typed' && inPlace && !(inPlace instanceof Float32Array)) {
    const labels = isResizable(source.data) ? yield* copy(argument, inPlace) : inPlace;
    yield* checkLabels(argument, labels, rowLength, classes);
    return labels;
  }
  const values = new Float64Array(source.kind === 'typed' ? source.data.length : sizeOf(source.shape));
  if (source.kind === 'nested') yield* flatten(argument, source.values, source.nesting, values);
  else yield* widen(argument, source.data, values);
  yield* checkLabels(argument, values, rowLength, classes);
  return Int32Array.from(values);
}

function* checkLabels(argument: string, labels: Uint8Array | Int32Array | Float64Array, rowLength: number,
                      classes = 2 ** 31): SlicedWork<void> {
  for (let begin = 0; begin < labels.length; begin += sliceLength) {
    const end = Math.min(labels.length, begin + sliceLength);
    for (let i = begin; i < end; i++) {
      const label = labels[i]!;
      if (Number.isInteger(label) && label >= 0 && label < classes) continue;
      throw new RangeError(`\`${argument}\` must hold integer labels from 0 to ${classes - 1}, ` +
        `received ${label} in row ${Math.floor(i / rowLength)}`);
    }
    yield;
  }
}

/** Where labels are due: targets with an axis of classes belong to the dense loss. */
function refuseOneHot(argument: string, source: Source, rowShape: readonly number[], classes: number | undefined,
                      expectedRows: number | undefined): void {
  if (classes === undefined || classes < 2) return;
  const labelShape = rowShape.at(-1) === 1 ? rowShape.slice(0, -1) : rowShape;
  const oneHot = [...labelShape, classes];
  const { shape } = source;
  const found = shape ? shape.length > 1 && equal(shape.slice(1), oneHot)
    : source.kind === 'typed' && expectedRows !== undefined && source.data.length === expectedRows * sizeOf(oneHot);
  if (!found) return;
  throw new RangeError(`\`${argument}\` must be integer labels of shape ${showShape([null, ...labelShape])} for a ` +
    `sparse loss, received one value a class (${describeShape(source)}); use the loss 'categorical_crossentropy' ` +
    'for one-hot targets');
}

/** Where one value a class is due: integer labels belong to the sparse loss. */
function refuseLabels(argument: string, source: Source, rowShape: readonly number[],
                      expectedRows: number | undefined): void {
  const classes = rowShape.at(-1) ?? 1;
  if (classes < 2) return;
  const labelShape = rowShape.slice(0, -1);
  const { shape } = source;
  const found = shape ? shape.length > 0 && sameRowShape(shape.slice(1), labelShape)
    : source.kind === 'typed' && expectedRows !== undefined && source.data.length === expectedRows * sizeOf(labelShape);
  if (!found) return;
  throw new RangeError(`\`${argument}\` must have shape ${showShape([null, ...rowShape])}, received ` +
    `${describeShape(source)}; for integer labels use the loss 'sparse_categorical_crossentropy', or make them ` +
    `one-hot with toCategorical(${argument}, ${classes})`);
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function describeShape(source: Source): string {
  if (source.kind === 'typed' && !source.shape) return `a ${dtypeOf(source.data)} array of ${source.data.length}`;
  return `shape ${showShape(source.shape ?? [])}`;
}
