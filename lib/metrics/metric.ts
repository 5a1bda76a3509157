import { checkConfig, readOptions, toSnakeCase, type Config, type UnsupportedOptions } from '../config.js';
import { typeError } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';

export interface MetricOptions {
  /** Name in the logs. Default: the class in snake_case. */
  name?: string;
  /** Only 'float32', which is the default. */
  dtype?: 'float32' | null;
}

/**
 * A number that is watched while training: the mean of a value over all elements since the epoch began. An element is
 * everything along the last axis of the prediction. A subclass says in `lower` what the value of an element is.
 *
 * @example
 * class MeanPrediction extends Metric {
 *   static override readonly className: string = 'MeanPrediction';
 *   override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
 *     return builder.mean(prediction);
 *   }
 * }
 */
export abstract class Metric {
  /** The class's name in configs. */
  static readonly className: string = 'Metric';

  readonly name: string;

  constructor(options: MetricOptions = {}) {
    const { className } = this.constructor as typeof Metric;
    const { name } = readMetricOptions(className, options);
    if (name !== undefined && name !== null && (typeof name !== 'string' || name === '')) {
      throw typeError('name', 'a string that is not empty', name);
    }
    this.name = name ?? toSnakeCase(className);
  }

  /** Emits the value of each element: shape of the prediction without its last axis, or with 1 there. */
  abstract lower(builder: ProgramBuilder, target: Value, prediction: Value): Value;

  getConfig(): Config {
    return { name: this.name, dtype: 'float32' };
  }

  /** The metric that `getConfig` described. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }
}

/** A metric's options with camelCase keys; `own` are those beyond the common ones. */
export function readMetricOptions<T extends MetricOptions>(where: string, options: T,
                                                           own: readonly (keyof T & string)[] = [],
                                                           notYet: UnsupportedOptions = {}): T {
  return readOptions(where, options, ['name', ...own], { dtype: 'float32', ...notYet });
}

/** TypeError unless the metric is given the kind of target it compares with. */
export function checkTarget(metric: Metric, target: Value, dtype: Value['dtype']): void {
  if (target.dtype === dtype) return;
  const names = { i32: 'the numbers of classes', f32: 'dense targets' };
  throw new TypeError(`metric "${metric.name}" compares with ${names[dtype]}, `
    + `but the loss with ${names[target.dtype]}`);
}
