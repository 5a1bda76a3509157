/**
 * The cross-entropies. When the prediction comes straight from a softmax or sigmoid, or is said to be logits, the loss
 * is computed from the logits, unclipped; otherwise probabilities are normalised and clipped at 1e-7. As Keras does on
 * TensorFlow.
 */
import type { Config } from '../config.js';
import { checkBoolean, rangeError } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import {
  checkLabelSmoothing, checkLastAxis, Loss, readLossOptions, type LossOptions, type TargetSpec,
} from './loss.js';

export interface SparseCrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities. Default false. */
  fromLogits?: boolean;
  /** Only -1, which is the default. */
  axis?: number;
}

export interface CrossentropyOptions extends SparseCrossentropyOptions {
  /** From 0 to 1: how far targets are moved towards equal ones. Default 0. */
  labelSmoothing?: number;
}

/** What a prediction was made from, if that is known, or itself if it is logits. */
function logitsOf(prediction: Value, fromLogits: boolean): Value | undefined {
  return prediction.logits?.value ?? (fromLogits ? prediction : undefined);
}

/**
 * -sum(target * log(prediction)) over the last axis, for targets that are probabilities or one-hot.
 *
 * @example
 * model.compile({ optimizer: 'sgd', loss: new losses.CategoricalCrossentropy({ labelSmoothing: 0.1 }) });
 */
export class CategoricalCrossentropy extends Loss {
  static override readonly className: string = 'CategoricalCrossentropy';
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: CrossentropyOptions = {}) {
    const read = readLossOptions('CategoricalCrossentropy', options, ['fromLogits', 'labelSmoothing', 'axis']);
    super(read);
    this.fromLogits = checkBoolean('fromLogits', read.fromLogits ?? false);
    this.labelSmoothing = checkLabelSmoothing(read.labelSmoothing);
    checkLastAxis(read.axis);
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    const logits = logitsOf(prediction, this.fromLogits);
    return logits
      ? builder.logitsCrossentropy('softmax', target, logits, this.labelSmoothing)
      : builder.lossFunction('categoricalCrossentropy', target, prediction, this.labelSmoothing);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, label_smoothing: this.labelSmoothing, axis: -1 };
  }
}

/** The categorical cross-entropy for targets that are the numbers of the classes. */
export class SparseCategoricalCrossentropy extends Loss {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  readonly fromLogits: boolean;

  constructor(options: SparseCrossentropyOptions = {}) {
    const own = ['fromLogits', 'axis'] as const;
    const read = readLossOptions('SparseCategoricalCrossentropy', options, own, { ignoreClass: null });
    super(read);
    this.fromLogits = checkBoolean('fromLogits', read.fromLogits ?? false);
    checkLastAxis(read.axis);
  }

  override targetSpec(predictionShape: Shape): TargetSpec {
    const classes = predictionShape.at(-1);
    if (typeof classes !== 'number') throw rangeError('prediction', 'of a known number of classes', predictionShape);
    return { dtype: 'i32', shape: predictionShape.slice(0, -1), classes };
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    const logits = logitsOf(prediction, this.fromLogits);
    return logits
      ? builder.logitsCrossentropy('softmax', target, logits)
      : builder.lossFunction('sparseCategoricalCrossentropy', target, prediction);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, ignore_class: null, axis: -1 };
  }
}

/** -(t log p + (1 - t) log(1 - p)), the mean of it over the last axis. */
export class BinaryCrossentropy extends Loss {
  static override readonly className: string = 'BinaryCrossentropy';
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: CrossentropyOptions = {}) {
    const read = readLossOptions('BinaryCrossentropy', options, ['fromLogits', 'labelSmoothing', 'axis']);
    super(read);
    this.fromLogits = checkBoolean('fromLogits', read.fromLogits ?? false);
    this.labelSmoothing = checkLabelSmoothing(read.labelSmoothing);
    checkLastAxis(read.axis);
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    const logits = logitsOf(prediction, this.fromLogits);
    return logits
      ? builder.logitsCrossentropy('sigmoid', target, logits, this.labelSmoothing)
      : builder.lossFunction('binaryCrossentropy', target, prediction, this.labelSmoothing);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, label_smoothing: this.labelSmoothing, axis: -1 };
  }
}
