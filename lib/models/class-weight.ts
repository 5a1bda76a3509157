/** Class weights as weights of samples, as Keras makes them. */
import { fixedArray, type FixedArray } from '../data/arrays.js';
import { finishInSlices, sliceLength, type SlicedWork } from '../data/slices.js';
import { checkNumber, rangeError, typeError } from '../errors.js';
import type { ClassWeight } from './fit-options.js';

/**
 * One weight a row: that of its class, 1 where the class has none. The class is the label itself, or the place of the
 * largest value of a one-hot row.
 */
export async function weighClasses(classWeight: ClassWeight, targets: FixedArray): Promise<FixedArray> {
  return finishInSlices(weigh(readClassWeight(classWeight), targets));
}

function* weigh(weights: ReadonlyMap<number, number>, targets: FixedArray): SlicedWork<FixedArray> {
  const out = new Float32Array(targets.rows);
  const step = Math.max(1, Math.floor(sliceLength / targets.rowLength));
  for (let begin = 0; begin < targets.rows; begin += step) {
    const end = Math.min(targets.rows, begin + step);
    for (let row = begin; row < end; row++) out[row] = weights.get(classOf(targets, row)) ?? 1;
    yield;
  }
  return fixedArray(out, [targets.rows]);
}

/** TypeError or RangeError unless it maps class numbers to finite weights >= 0. */
function readClassWeight(classWeight: ClassWeight): Map<number, number> {
  if (classWeight === null || typeof classWeight !== 'object') {
    throw typeError('classWeight', 'an object or Map from class numbers to weights', classWeight);
  }
  const entries = classWeight instanceof Map ? [...classWeight] : Object.entries(classWeight);
  return new Map(entries.map(([key, weight]) => {
    const label = Number(key);
    if (!Number.isInteger(label) || label < 0) throw rangeError('classWeight', 'keyed by class numbers >= 0', key);
    return [label, checkNumber(`classWeight[${label}]`, weight, 0)];
  }));
}

function classOf({ data, rowLength }: FixedArray, row: number): number {
  const begin = row * rowLength;
  if (rowLength === 1) return Math.round(data[begin]!);
  let best = 0;
  for (let i = 1; i < rowLength; i++) if (data[begin + i]! > data[begin + best]!) best = i;
  return best;
}
