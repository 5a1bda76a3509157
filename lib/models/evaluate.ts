/** Loss and metrics over data, without training. */
import type { Logs } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { Progress, resolveVerbose } from '../progress.js';
import { resolveThreads } from '../threads.js';
import { labelledBatches, stepsOf } from './batches.js';
import { planEvaluate, type EvaluateOptions } from './fit-options.js';
import { JobRunner, type Batches } from './job-runner.js';
import type { Model } from './model.js';
import type { PlannedProgram } from './programs.js';
import type { ModelState } from './state.js';
import { logsOf, spanOf } from './spans.js';

/** See `Model.evaluate`. */
export async function evaluate(model: Model, state: ModelState, x: InputData, y: ArrayInput,
                               options: EvaluateOptions): Promise<Logs> {
  state.requireLoss('evaluate');
  const plan = planEvaluate(options);
  const threads = resolveThreads(plan.threads);
  const verbose = resolveVerbose(plan.verbose);
  const callbacks = new CallbackList(plan.callbacks);
  const runner = new JobRunner(plan.signal);
  runner.checkSignal();
  const spec = state.dataSpec('evaluate', 'evaluation', x);
  const batches = await labelledBatches(spec, x, y, plan);
  const planned = state.programFor(spec, 'evaluate', 'evaluation', batches.weights !== undefined);
  const steps = stepsOf(batches, plan.batchSize, plan.steps);
  await callbacks.attach(model, { verbose, epochs: 1, steps });
  const progress = new Progress(verbose, steps, Math.min(steps * plan.batchSize, batches.rows));
  try {
    const logs = await evaluateBatches(planned, runner, batches, { ...plan, threads }, callbacks, progress);
    progress.finish(steps, logs);
    return logs;
  } catch (error) {
    progress.abandon();
    throw error;
  }
}

export interface EvaluateSettings {
  batchSize: number;
  steps: number | undefined;
  threads: number;
  checkFinite: boolean;
}

/** The pass itself: evaluate's own, and validation's in fit. */
export async function evaluateBatches(planned: PlannedProgram, runner: JobRunner, batches: Batches,
                                      settings: EvaluateSettings, callbacks: CallbackList,
                                      progress?: Progress): Promise<Logs> {
  const names = planned.lowered.accumulators;
  const batchSize = Math.min(settings.batchSize, batches.rows);
  const program = planned.forRows(batchSize);
  const steps = stepsOf(batches, batchSize, settings.steps);
  const spanSteps = callbacks.hasBatchHooks('Test') ? 1 : steps;
  let accumulators: Float64Array = new Float64Array(2 * names.length);
  await callbacks.stage('onTestBegin');
  for (let done = 0; done < steps; done += spanSteps) {
    if (spanSteps === 1) await callbacks.batch('Test', 'Begin', done);
    const range = { ...settings, batches, batchSize, firstStep: done, steps: spanSteps, accumulators };
    const outcome = await runner.run(program, batches, spanOf(range), (made, totals) => {
      if (progress?.isDue) progress.update(done + made, logsOf(names, totals));
    });
    if (outcome.failure) throw outcome.failure.reason;
    ({ accumulators } = outcome);
    if (spanSteps === 1) await callbacks.batch('Test', 'End', done, logsOf(names, accumulators));
  }
  const logs = logsOf(names, accumulators);
  await callbacks.stage('onTestEnd', logs);
  return logs;
}
