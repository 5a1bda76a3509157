/** What `compile` is given, as objects. */
import { checkOptions, typeError } from '../errors.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';

export interface CompileOptions {
  /** How training changes the weights: a name, an instance or a config. One instance serves one model. */
  optimizer: optimizers.OptimizerIdentifier;
  /** What training minimizes. Without it the model can only predict. */
  loss?: losses.LossIdentifier;
  /** Watched while training and evaluating, without regard to sample weights. */
  metrics?: readonly metrics.MetricIdentifier[];
  /** The same, weighted by sample and class weights. */
  weightedMetrics?: readonly metrics.MetricIdentifier[];
}

const known = ['optimizer', 'loss', 'metrics', 'weightedMetrics'];
const notYet = ['lossWeights', 'runEagerly', 'stepsPerExecution', 'jitCompile', 'autoScaleLoss'];

export interface Compiled {
  optimizer: optimizers.Optimizer;
  loss: losses.Loss | undefined;
  metrics: metrics.Metric[];
  weightedMetrics: metrics.Metric[];
}

export function readCompileOptions(options: CompileOptions): Compiled {
  checkOptions('compile', options, known, notYet);
  if (options.optimizer === undefined || options.optimizer === null) {
    throw typeError('optimizer', `an optimizer or one of the names ${optimizers.names.join(', ')}`, options.optimizer);
  }
  return {
    optimizer: optimizers.get(options.optimizer),
    loss: options.loss === undefined || options.loss === null ? undefined : losses.get(options.loss),
    metrics: readMetrics('metrics', options.metrics ?? []),
    weightedMetrics: readMetrics('weightedMetrics', options.weightedMetrics ?? []),
  };
}

function readMetrics(argument: string, identifiers: readonly metrics.MetricIdentifier[]): metrics.Metric[] {
  if (!Array.isArray(identifiers)) throw typeError(argument, 'an array of metrics', identifiers);
  return identifiers.map((identifier: metrics.MetricIdentifier, i) => metrics.get(identifier, `${argument}[${i}]`));
}
