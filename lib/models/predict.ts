/** Outputs of the model: in batches natively, or at once. */
import { CallbackList } from '../callbacks/callback-list.js';
import { toInputDataSync, type InputData } from '../data/arrays.js';
import { checkOptions, rangeError, typeError } from '../errors.js';
import type { NativeProgram } from '../native.js';
import { NdArray } from '../nd-array.js';
import { Progress, resolveVerbose } from '../progress.js';
import { resolveThreads } from '../threads.js';
import { inputBatches, stepsOf } from './batches.js';
import { planPredict, type PredictOptions } from './fit-options.js';
import { failureOf, JobRunner, type Batches } from './job-runner.js';
import type { Model } from './model.js';
import { spanOf, type StepRange } from './spans.js';
import type { ModelState } from './state.js';

/** Batches of `predictSync`: large enough for full speed, small enough for little memory, however wide the rows. */
const syncBatch = 1024;
const syncFloats = 1 << 26;
const nothing = new Float64Array(0);

/** See `Model.predict`; with `inOneBatch`, `Model.predictOnBatch`. */
export async function predict(model: Model, state: ModelState, x: InputData, options: PredictOptions,
                              inOneBatch = false): Promise<NdArray<Float32Array>> {
  const what = inOneBatch ? 'predictOnBatch' : 'predict';
  state.requireBuilt(what);
  const plan = planPredict(options);
  const threads = resolveThreads(plan.threads);
  const verbose = resolveVerbose(plan.verbose);
  const callbacks = new CallbackList(plan.callbacks);
  const runner = new JobRunner(plan.signal);
  runner.checkSignal();
  const planned = state.program(what, 'prediction', false);
  const all = await inputBatches(planned.lowered.inputShapes[0]!, x, plan);
  const batchSize = inOneBatch ? all.rows : Math.min(plan.batchSize, all.rows);
  const steps = stepsOf(all, batchSize, plan.steps);
  const batches = { ...all, rows: Math.min(steps * batchSize, all.rows) };
  const result = emptyResult(batches.rows, planned.lowered.outputs[0]!.shape);
  const { checkFinite } = plan;
  const range = { batches, batchSize, firstStep: 0, steps, threads, checkFinite, accumulators: nothing };
  await callbacks.attach(model, { verbose, epochs: 1, steps });
  const progress = new Progress(verbose, steps, batches.rows);
  const run = async (part: StepRange): Promise<void> => {
    const span = { ...spanOf(part), outputs: [result.data] };
    const show = (made: number): void => progress.update(part.firstStep + made, {});
    const { failure } = await runner.run(planned.forRows(batchSize), batches, span, show);
    if (failure) throw failure.reason;
  };
  try {
    await predictSteps(range, callbacks, run);
  } catch (error) {
    progress.abandon();
    throw error;
  }
  progress.finish(steps, {});
  return result;
}

/** One native span, or a span for each batch when a callback wants to hear of batches. */
async function predictSteps(range: StepRange, callbacks: CallbackList,
                            run: (part: StepRange) => Promise<void>): Promise<void> {
  const perBatch = callbacks.hasBatchHooks('Predict');
  await callbacks.stage('onPredictBegin');
  for (let step = 0; step < range.steps; step += perBatch ? 1 : range.steps) {
    if (perBatch) await callbacks.batch('Predict', 'Begin', step);
    await run({ ...range, firstStep: step, steps: perBatch ? 1 : range.steps });
    if (perBatch) await callbacks.batch('Predict', 'End', step);
  }
  await callbacks.stage('onPredictEnd');
}

export interface PredictSyncOptions {
  /** Written and returned; must have exactly as many elements as the result. Default: a new array. */
  out?: Float32Array;
}

/** See `Model.predictSync`. */
export function predictSync(state: ModelState, x: InputData, options: PredictSyncOptions): NdArray<Float32Array> {
  state.requireBuilt('predictSync');
  checkOptions('predictSync', options, ['out']);  // which allocates nothing
  const planned = state.program('predictSync', 'prediction', false);
  const input = toInputDataSync('x', x, planned.lowered.inputShapes[0]!);
  const { rows } = input;
  const result = emptyResult(rows, planned.lowered.outputs[0]!.shape, options.out ?? undefined);
  const batchSize = Math.min(rows, syncBatch, Math.max(1, Math.floor(syncFloats / input.rowLength)));
  const program = planned.forRows(batchSize);
  // Only where it matters: to look at an environment variable takes as long as a tenth of predicting a row.
  const threads = rows < program.helpersFrom ? 1 : resolveThreads();
  if ('indptr' in input) {
    const batches = { inputs: [{ argument: 'x', array: input }], targets: [], rows };
    predictCsr(program, batches, batchSize, threads, result.data);
  } else {
    program.predict(input.data, input.rowLength, rows, batchSize, threads, result.data);
  }
  return result;
}

function predictCsr(program: NativeProgram, batches: Batches, batchSize: number, threads: number,
                    out: Float32Array): void {
  const steps = stepsOf(batches, batchSize);
  const range = { batches, batchSize, firstStep: 0, steps, threads, checkFinite: false, accumulators: nothing };
  const failure = failureOf(program.runSync({ ...spanOf(range), outputs: [out] }), batches);
  if (failure) throw failure.reason;
}

/** An array of `rows` rows, in `out` where that is given and fits. */
function emptyResult(rows: number, shape: readonly (number | null)[], out?: Float32Array): NdArray<Float32Array> {
  const resultShape = [rows, ...(shape.slice(1) as number[])];
  const size = resultShape.reduce((product, axis) => product * axis, 1);
  if (out !== undefined) {
    if (!(out instanceof Float32Array)) throw typeError('out', 'a Float32Array', out);
    if (out.length !== size) throw rangeError('out', `a Float32Array of ${size} elements`, out);
  }
  return new NdArray(out ?? new Float32Array(size), resultShape);
}
