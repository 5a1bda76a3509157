/** One batch at a time: the building blocks of training loops of one's own. */
import type { Logs } from '../callbacks/callback.js';
import { readCallOptions } from '../config.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { checkBoolean } from '../errors.js';
import { resolveThreads } from '../threads.js';
import { labelledBatches, withClassWeights } from './batches.js';
import { evaluateBatches } from './evaluate.js';
import { onlyOneWeight, type ClassWeight } from './fit-options.js';
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
  /** Only true: results always come by name. */
  returnDict?: true;
}

export interface TrainOnBatchOptions extends TestOnBatchOptions {
  /** Weighs each row by its class; not together with `sampleWeight`. */
  classWeight?: ClassWeight;
}

const testOptions = ['sampleWeight', 'threads', 'checkFinite'];
const notYet = { returnDict: true, resetMetrics: true };

/** See `Model.trainOnBatch`. */
export async function trainOnBatch(state: ModelState, x: InputData, y: ArrayInput,
                                   given: TrainOnBatchOptions): Promise<Logs> {
  return state.lock.step('trainOnBatch', async () => {
    const { optimizer } = state.requireLoss('trainOnBatch');
    const options = readCallOptions('trainOnBatch', given, [...testOptions, 'classWeight'], notYet);
    const settings = planBatch(options);
    const { classWeight, sampleWeight } = onlyOneWeight(options);
    const spec = state.dataSpec('trainOnBatch', 'training', x);
    const plain = await labelledBatches(spec, x, y, { ...settings, sampleWeight });
    const batches = classWeight === undefined ? plain : await withClassWeights(plain, classWeight);
    const { lowered } = state.programFor(spec, 'trainOnBatch', 'training', batches.weights !== undefined);
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
export async function testOnBatch(state: ModelState, x: InputData, y: ArrayInput,
                                  given: TestOnBatchOptions): Promise<Logs> {
  state.requireLoss('testOnBatch');
  const options = readCallOptions('testOnBatch', given, testOptions, notYet);
  const settings = planBatch(options);
  const spec = state.dataSpec('testOnBatch', 'evaluation', x);
  const batches = await labelledBatches(spec, x, y, { ...settings, sampleWeight: options.sampleWeight });
  const planned = state.programFor(spec, 'testOnBatch', 'evaluation', batches.weights !== undefined);
  const oneBatch = { ...settings, batchSize: batches.rows, steps: 1 };
  return evaluateBatches(planned, new JobRunner(undefined), batches, oneBatch, new CallbackList([]));
}

function planBatch({ threads, checkFinite = false }: TestOnBatchOptions): { threads: number; checkFinite: boolean } {
  return { threads: resolveThreads(threads), checkFinite: checkBoolean('checkFinite', checkFinite) };
}
