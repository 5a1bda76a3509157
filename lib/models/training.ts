/** Training steps run natively, with what they change on this side: the optimizer's count, scalars and randomness. */
import type { JobRunner } from './job-runner.js';
import { spanOf, type StepRange } from './spans.js';
import type { ModelState } from './state.js';

/** Which steps of a pass to train, in which order and with which random numbers. */
export interface TrainingRange extends StepRange {
  shuffle: boolean;
  seed: number;
  epoch: number;
  /** Gets the seconds of each instruction added; see `SpanSpec.timings`. */
  timings?: Float64Array;
  /** Gets the FLOPs that each instruction skipped added; see `SpanSpec.skipped`. */
  skipped?: Float64Array;
}

/** Called now and then with the steps done (of this call) and the totals and counts so far. */
export type OnProgress = (steps: number, accumulators: Float64Array) => void;

/** Steps of one native span: few enough for its table of scalars to be written in a blink. */
const maxSpanSteps = 1 << 13;

/**
 * Trains the steps and returns the accumulators after them. When it throws (an abort, bad data), the steps before
 * that have been made and counted.
 */
export async function train(state: ModelState, runner: JobRunner, range: TrainingRange,
                            onProgress?: OnProgress): Promise<Float64Array> {
  let { accumulators } = range;
  for (let done = 0; done < range.steps;) {
    const before = done;
    const steps = Math.min(maxSpanSteps, range.steps - done);
    const span = { ...range, firstStep: range.firstStep + done, steps, accumulators };
    accumulators = await trainSpan(state, runner, span, (made, totals) => onProgress?.(before + made, totals));
    done += steps;
  }
  return accumulators;
}

async function trainSpan(state: ModelState, runner: JobRunner, range: TrainingRange,
                         onProgress: OnProgress): Promise<Float64Array> {
  const { batches, shuffle, seed, epoch, timings, skipped } = range;
  state.checkSlots();
  const { optimizer } = state.requireLoss('fit');
  const planned = state.program('fit', 'training', batches.weights !== undefined);
  const span = {
    ...spanOf(range), shuffle, seed, epoch,
    scalars: scalarsTable(range.steps, planned.lowered.scalarCount, (i) => optimizer.scalars(optimizer.iterations + i)),
    segments: { forward: true, backward: true, update: true },
    ...(timings ? { timings } : {}),
    ...(skipped ? { skipped } : {}),
  };
  const outcome = await runner.run(planned.forRows(range.batchSize), batches, span, onProgress);
  optimizer.iterations += outcome.steps;
  state.randomness.advanced(optimizer.iterations);
  if (outcome.failure) throw outcome.failure.reason;
  return outcome.accumulators;
}

/** One row of the optimizer's scalars a step; empty for a program that updates nothing. */
function scalarsTable(steps: number, columns: number, rowOf: (step: number) => readonly number[]): Float32Array {
  const table = new Float32Array(steps * columns);
  if (columns > 0) for (let step = 0; step < steps; step++) table.set(rowOf(step), step * columns);
  return table;
}
