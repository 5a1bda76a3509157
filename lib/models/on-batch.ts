/** One batch at a time: the building blocks of training loops of one's own. */
import type { Logs } from '../callbacks/callback.js';
import type { ArrayInput } from '../data/arrays.js';
import { checkBoolean, checkOptions } from '../errors.js';
import { resolveThreads } from '../threads.js';
import { labelledBatches, withClassWeights } from './batches.js';
import { evaluateBatches } from './evaluate.js';
import type { ClassWeight } from './fit-options.js';
import { JobRunner } from './job-runner.js';
import { CallbackList } from '../callbacks/callback-list.js';
import { logsOf } from './spans.js';
import type { ModelState } from './state.js';
import { train } from './training.js';

export interface TestOnBatchOptions {
  /** One weight a row. */
  sampleWeight?: ArrayInput;
  /** 1 to 256. Default: `QUERN_THREADS`, else the physical cores. Never changes results. */
  threads?: number;
  /** Refuses NaN and infinities in the data. Default false. */
  checkFinite?: boolean;
}

export interface TrainOnBatchOptions extends TestOnBatchOptions {
  /** Weighs each row by its class; not together with `sampleWeight`. */
  classWeight?: ClassWeight;
}

const testOptions = ['sampleWeight', 'threads', 'checkFinite'];
const notYet = ['returnDict', 'resetMetrics'];

/** See `Model.trainOnBatch`. */
export async function trainOnBatch(state: ModelState, x: ArrayInput, y: ArrayInput,
                                   options: TrainOnBatchOptions): Promise<Logs> {
  return state.lock.step('trainOnBatch', async () => {
    const { optimizer } = state.requireLoss('trainOnBatch');
    checkOptions('trainOnBatch', options, [...testOptions, 'classWeight'], notYet);
    const settings = planBatch(options);
    if (options.classWeight !== undefined && options.sampleWeight !== undefined) {
      throw new TypeError('`classWeight` and `sampleWeight` must not both be given');
    }
    state.buildFor(x);
    const { lowered } = state.program('training', false);
    const given = await labelledBatches(lowered, x, y, options.sampleWeight);
    const batches = options.classWeight === undefined ? given : await withClassWeights(given, options.classWeight);
    const accumulators = await train(state, new JobRunner(undefined), {
      ...settings, batches, batchSize: batches.rows, firstStep: 0, steps: 1, shuffle: false,
      seed: state.randomness.seed,
      epoch: state.randomness.singleStepEpoch(optimizer.iterations),
      accumulators: new Float64Array(2 * lowered.accumulators.length),
    });
    return logsOf(lowered.accumulators, accumulators);
  });
}

/** See `Model.testOnBatch`. */
export async function testOnBatch(state: ModelState, x: ArrayInput, y: ArrayInput,
                                  options: TestOnBatchOptions): Promise<Logs> {
  state.requireLoss('testOnBatch');
  checkOptions('testOnBatch', options, testOptions, notYet);
  const settings = planBatch(options);
  state.buildFor(x);
  const planned = state.program('evaluation', options.sampleWeight !== undefined);
  const batches = await labelledBatches(planned.lowered, x, y, options.sampleWeight);
  const oneBatch = { ...settings, batchSize: batches.rows, steps: 1 };
  return evaluateBatches(planned, new JobRunner(undefined), batches, oneBatch, new CallbackList([]));
}

function planBatch({ threads, checkFinite = false }: TestOnBatchOptions): { threads: number; checkFinite: boolean } {
  return { threads: resolveThreads(threads), checkFinite: checkBoolean('checkFinite', checkFinite) };
}
