/** What `compile` is given, as objects. */
import { readCallOptions } from '../config.js';
import { rangeError, typeError } from '../errors.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';
import { checkPrecision, type Precision } from '../precision.js';

export interface CompileOptions {
  /** How training changes the weights: a name, an instance or a config. One instance serves one model. */
  optimizer: optimizers.OptimizerIdentifier;
  /** What training minimizes. Without it the model can only predict. */
  loss?: losses.LossIdentifier;
  /** Watched while training and evaluating, without regard to sample weights. */
  metrics?: readonly metrics.MetricIdentifier[];
  /** The same, weighted by sample and class weights. */
  weightedMetrics?: readonly metrics.MetricIdentifier[];
  /**
   * How exactly matrix products are computed, in training, evaluation and prediction alike; sums are always float32.
   * The names are PyTorch's. Beside the rounding of the sum, each product x * y is off by at most
   * - `'highest'`: 2^-24 of |x * y|, one rounding of a float32: plain multiply-adds, or six products of bfloat16 parts
   *   on a processor with AMX;
   * - `'high'`: 2^-15, three products of bfloat16 parts; computed as `'highest'` where they would not be faster, which
   *   is everywhere without AMX;
   * - `'medium'`: 2^-7, on average far less, x and y being rounded to bfloat16 (8 bits): with AMX or AVX-512-BF16, for
   *   matrices large enough for it to pay; else computed as `'highest'`.
   *
   * Where bfloat16 is used, numbers under 2^-102 lose bits and those under 2^-126 count as 0; NaN and Infinity come out
   * as with `'highest'`. The same seed gives the same bits on any number of threads with each of them.
   * Default 'highest'.
   */
  precision?: Precision;
}

const known = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'precision'];
/** jitCompile and autoScaleLoss say how Keras runs a model, and change no result of one that runs natively. */
const notYet = {
  lossWeights: null, runEagerly: false, stepsPerExecution: 1, jitCompile: ['auto', true, false],
  autoScaleLoss: [true, false], sampleWeightMode: null, targetTensors: null, pssEvaluationShards: 0,
};

export interface Compiled {
  optimizer: optimizers.Optimizer;
  loss: losses.Loss | undefined;
  metrics: metrics.Metric[];
  weightedMetrics: metrics.Metric[];
  precision: Precision;
}

export function readCompileOptions(given: CompileOptions): Compiled {
  const options = readCallOptions('compile', given, known, notYet);
  const { optimizer, loss } = options;
  if (optimizer === undefined) {
    throw typeError('optimizer', `an optimizer or one of the names ${optimizers.names.join(', ')}`, given.optimizer);
  }
  return {
    optimizer: optimizers.get(optimizer),
    loss: loss === undefined ? undefined : losses.get(loss),
    metrics: readMetrics('metrics', options.metrics ?? []),
    weightedMetrics: readMetrics('weightedMetrics', options.weightedMetrics ?? []),
    precision: checkPrecision(options.precision ?? 'highest'),
  };
}

function readMetrics(argument: string, identifiers: readonly metrics.MetricIdentifier[]): metrics.Metric[] {
  if (!Array.isArray(identifiers)) throw typeError(argument, 'an array of metrics', identifiers);
  return identifiers.map((identifier: metrics.MetricIdentifier, i) => {
    const metric = metrics.get(identifier, `${argument}[${i}]`);
    if (!metric.name.startsWith('val_')) return metric;
    throw rangeError(`${argument}[${i}].name`, 'a name that does not start with val_, as results of validation do',
      metric.name);
  });
}
