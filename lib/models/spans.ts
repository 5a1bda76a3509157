/** Spans of steps as the native core takes them, and their results as logs. */
import type { Logs } from '../callbacks/callback.js';
import type { NativeInput, SpanSpec } from '../native.js';
import type { Batches } from './job-runner.js';

/** Which steps of a pass over `batches` to run. */
export interface StepRange {
  batches: Batches;
  /** At most the rows there are. */
  batchSize: number;
  firstStep: number;
  steps: number;
  threads: number;
  checkFinite: boolean;
  /** Totals and counts to add to: two numbers for each of the program's accumulators. */
  accumulators: Float64Array;
}

/** A span that only looks: forward, rows in order, nothing random. */
export function spanOf({ batches, ...range }: StepRange): SpanSpec<NativeInput> {
  return {
    inputs: batches.inputs.map(({ array }) => array),
    targets: batches.targets.map(({ array }) => array),
    ...(batches.weights ? { weights: batches.weights.array } : {}),
    rows: batches.rows,
    batchSize: range.batchSize,
    firstStep: range.firstStep,
    steps: range.steps,
    threads: range.threads,
    checkFinite: range.checkFinite,
    accumulators: range.accumulators,
    shuffle: false,
    seed: 0,
    epoch: 0,
    segments: { forward: true, backward: false, update: false },
  };
}

/** Means by name: total over count, and 0 where nothing was counted. */
export function logsOf(names: readonly string[], accumulators: Float64Array): Logs {
  return Object.fromEntries(names.map((name, i) => {
    const [total, count] = [accumulators[2 * i]!, accumulators[2 * i + 1]!];
    return [name, count === 0 ? 0 : total / count];
  }));
}
