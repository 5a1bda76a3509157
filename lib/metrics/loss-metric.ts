/** Losses watched as metrics: the mean over all elements of what the loss of the same name computes. */
import type { Config } from '../config.js';
import {
  BinaryCrossentropy as BinaryLoss, CategoricalCrossentropy as CategoricalLoss,
  SparseCategoricalCrossentropy as SparseLoss, type CrossentropyOptions, type SparseCrossentropyOptions,
} from '../losses/crossentropy.js';
import type { Loss } from '../losses/loss.js';
import { MeanAbsoluteError as AbsoluteLoss, MeanSquaredError as SquaredLoss } from '../losses/mean-error.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { checkTarget, Metric, readMetricOptions, type MetricOptions } from './metric.js';

/** The mean of a loss over all elements. */
export abstract class LossMetric extends Metric {
  /** What computes the elements' values. */
  protected abstract readonly loss: Loss;

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    checkTarget(this, target, this.loss.targetSpec(prediction.shape).dtype);
    return this.loss.lower(builder, target, prediction);
  }

  override getConfig(): Config {
    const { reduction: _, ignore_class: __, ...config } = this.loss.getConfig();
    return { ...config, ...super.getConfig() };
  }
}

/** The mean of (prediction - target)². */
export class MeanSquaredError extends LossMetric {
  static override readonly className: string = 'MeanSquaredError';
  protected override readonly loss = new SquaredLoss();

  constructor(options: MetricOptions = {}) {
    super(readMetricOptions('MeanSquaredError', options));
  }
}

/** The mean of |prediction - target|. */
export class MeanAbsoluteError extends LossMetric {
  static override readonly className: string = 'MeanAbsoluteError';
  protected override readonly loss = new AbsoluteLoss();

  constructor(options: MetricOptions = {}) {
    super(readMetricOptions('MeanAbsoluteError', options));
  }
}

type WithoutReduction<T> = Omit<T, 'reduction'> & MetricOptions;

/** The mean of -sum(target * log(prediction)); from logits where the loss would be. */
export class CategoricalCrossentropy extends LossMetric {
  static override readonly className: string = 'CategoricalCrossentropy';
  protected override readonly loss: Loss;

  constructor(options: WithoutReduction<CrossentropyOptions> = {}) {
    const own = ['fromLogits', 'labelSmoothing', 'axis'] as const;
    const { name, ...read } = readMetricOptions('CategoricalCrossentropy', options, own);
    super(name === undefined ? {} : { name });
    this.loss = new CategoricalLoss(read);
  }
}

/** The mean of -log(prediction[target]), targets being numbers of classes. */
export class SparseCategoricalCrossentropy extends LossMetric {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  protected override readonly loss: Loss;

  constructor(options: WithoutReduction<SparseCrossentropyOptions> = {}) {
    const { name, ...read } = readMetricOptions('SparseCategoricalCrossentropy', options, ['fromLogits', 'axis']);
    super(name === undefined ? {} : { name });
    this.loss = new SparseLoss(read);
  }
}

/** The mean of -(t log p + (1 - t) log(1 - p)). */
export class BinaryCrossentropy extends LossMetric {
  static override readonly className: string = 'BinaryCrossentropy';
  protected override readonly loss: Loss;

  constructor(options: WithoutReduction<Omit<CrossentropyOptions, 'axis'>> = {}) {
    const { name, ...read } = readMetricOptions('BinaryCrossentropy', options, ['fromLogits', 'labelSmoothing']);
    super(name === undefined ? {} : { name });
    this.loss = new BinaryLoss(read);
  }

  override getConfig(): Config {
    const { axis: _, ...config } = super.getConfig();
    return config;
  }
}
