/** The loop over epochs: spans of training, validation, callbacks, progress. */
import type { Logs } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import { History } from '../callbacks/history.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { checkInteger } from '../errors.js';
import { Progress, resolveVerbose } from '../progress.js';
import type { Lowered } from '../program/lower.js';
import { resolveThreads } from '../threads.js';
import { fitBatches, stepsOf, type FitData } from './batches.js';
import { evaluateBatches } from './evaluate.js';
import { planFit, validatesAfter, type FitOptions, type FitPlan } from './fit-options.js';
import { JobRunner } from './job-runner.js';
import type { Model } from './model.js';
import type { PlannedProgram } from './programs.js';
import type { EpochPlace } from './randomness.js';
import { logsOf } from './spans.js';
import type { ModelState } from './state.js';
import { train, type TrainingRange } from './training.js';

/** Trains the model; see `Model.fit`. */
export async function fit(model: Model, state: ModelState, x: InputData, y: ArrayInput,
                          options: FitOptions): Promise<History> {
  return state.lock.fit(async () => {
    state.requireLoss('fit');
    const plan = planFit(options);
    const settings = { threads: resolveThreads(plan.threads), verbose: resolveVerbose(plan.verbose) };
    const history = plan.callbacks.find((callback) => callback instanceof History) ?? new History();
    const callbacks = new CallbackList([...new Set([...plan.callbacks, history])], (call) => state.lock.callback(call));
    const runner = new JobRunner(plan.signal);
    runner.checkSignal();
    model.stopTraining = false;
    const data = await fitBatches(state.dataSpec('fit', 'training', x), x, y, plan);
    await new FitRun(model, state, { ...plan, ...settings }, data, callbacks, runner).all();
    return history;
  });
}

class FitRun {
  readonly #batchSize: number;
  /** Batches of a pass over the data, and of an epoch, which may be a part of a pass. */
  readonly #stepsPerPass: number;
  readonly #stepsPerEpoch: number;
  #lowered: Lowered | undefined;

  constructor(private readonly model: Model, private readonly state: ModelState,
              private readonly plan: FitPlan & { threads: number; verbose: 0 | 1 | 2 },
              private readonly data: FitData, private readonly callbacks: CallbackList,
              private readonly runner: JobRunner) {
    this.#batchSize = Math.min(plan.batchSize, data.training.rows);
    this.#stepsPerPass = stepsOf(data.training, this.#batchSize);
    this.#stepsPerEpoch = checkInteger('stepsPerEpoch', plan.steps ?? this.#stepsPerPass, 1, this.#stepsPerPass);
  }

  async all(): Promise<void> {
    const { model, state, plan, callbacks } = this;
    const { optimizer } = state.requireLoss('fit');
    this.#planned('training');
    state.randomness.reconcile(optimizer.iterations, this.#stepsPerPass, this.#stepsPerEpoch);
    await callbacks.attach(model, { verbose: plan.verbose, epochs: plan.epochs, steps: this.#stepsPerEpoch });
    await callbacks.stage('onTrainBegin');
    let logs: Logs = {};
    for (let epoch = plan.initialEpoch; epoch < plan.epochs && !model.stopTraining; epoch++) {
      logs = await this.#epoch(epoch);
    }
    await callbacks.stage('onTrainEnd', logs);
  }

  async #epoch(epoch: number): Promise<Logs> {
    const { state, plan, callbacks } = this;
    await callbacks.epoch('onEpochBegin', epoch);
    const place = state.randomness.place(this.#stepsPerPass, this.#stepsPerEpoch);
    const rows = Math.min(place.steps * this.#batchSize, this.data.training.rows);
    const progress = new Progress(plan.verbose, place.steps, rows);
    if (plan.epochs > 1) progress.title(`Epoch ${epoch + 1}/${plan.epochs}`);
    try {
      const { done, logs } = await this.#train(place, progress);
      progress.stopClock(done, logs);
      state.randomness.epochFinished();
      if (validatesAfter(epoch, plan.validationFreq)) Object.assign(logs, await this.#validate());
      progress.finish(done, logs);
      await callbacks.epoch('onEpochEnd', epoch, logs);
      return logs;
    } catch (error) {
      progress.abandon();
      throw error;
    }
  }

  /** One native span, or a span for each batch when a callback wants to hear of batches. */
  async #train(place: EpochPlace, progress: Progress): Promise<{ done: number; logs: Logs }> {
    const { callbacks, model } = this;
    const { steps } = place;
    const perBatch = callbacks.hasBatchHooks('Train');
    let { names, accumulators } = this.#fresh();
    let done = 0;
    const show = (finished: number, totals: Float64Array): void => {
      if (progress.isDue) progress.update(finished, logsOf(names, totals));
    };
    while (done < steps && !(done > 0 && model.stopTraining)) {
      if (perBatch) await callbacks.batch('Train', 'Begin', done);
      if (this.#isRecompiled()) ({ names, accumulators } = this.#fresh());
      const before = done;
      const firstStep = place.firstStep + done;
      const range = { ...this.#range(place), firstStep, steps: perBatch ? 1 : steps, accumulators };
      accumulators = await train(this.state, this.runner, range, (made, totals) => show(before + made, totals));
      done += range.steps;
      if (!perBatch) break;
      show(done, accumulators);
      await callbacks.batch('Train', 'End', done - 1, logsOf(names, accumulators));
    }
    return { done, logs: logsOf(names, accumulators) };
  }

  #range({ epoch }: EpochPlace): Omit<TrainingRange, 'firstStep' | 'steps' | 'accumulators'> {
    const { plan, state, data } = this;
    return {
      batches: data.training,
      batchSize: this.#batchSize,
      shuffle: plan.shuffle,
      seed: plan.seed ?? state.randomness.seed,
      epoch,
      threads: plan.threads,
      checkFinite: plan.checkFinite,
    };
  }

  /** Names of the results, and zeros to add to. */
  #fresh(): { names: readonly string[]; accumulators: Float64Array } {
    this.#lowered = this.#planned('training').lowered;
    const { accumulators } = this.#lowered;
    return { names: accumulators, accumulators: new Float64Array(2 * accumulators.length) };
  }

  #isRecompiled(): boolean {
    return this.#planned('training').lowered !== this.#lowered;
  }

  /** Asked for anew after callbacks, which may have made the model another one. */
  #planned(mode: 'training' | 'evaluation'): PlannedProgram {
    const { training, validation, spec } = this.data;
    const { weights } = mode === 'training' ? training : validation!;
    return this.state.programFor(spec, 'fit', mode, weights !== undefined);
  }

  async #validate(): Promise<Logs> {
    const { plan, callbacks } = this;
    const { validation } = this.data;
    if (!validation) return {};
    const planned = this.#planned('evaluation');
    const settings = { ...plan, batchSize: plan.validationBatchSize, steps: plan.validationSteps };
    const logs = await evaluateBatches(planned, this.runner, validation, settings, callbacks);
    return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));
  }
}
