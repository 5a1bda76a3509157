import { type Config } from '../config.js';
import { checkBoolean, checkNumber } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import {
  Optimizer, readLearningRate, readOptimizerOptions, type OptimizerOptions, type ParameterRange,
} from './optimizer.js';

export interface SGDOptions extends OptimizerOptions {
  /** From 0 to 1. Default 0. */
  momentum?: number;
  /** Look ahead along the momentum. Default false. */
  nesterov?: boolean;
  /** The older name of `learningRate`. */
  lr?: OptimizerOptions['learningRate'];
  /** The rate of a step is learningRate / (1 + decay * steps taken). Default 0; not with a schedule. */
  decay?: number;
}

/**
 * Stochastic gradient descent: w -= rate * g; with momentum m = momentum * m - rate * g and w += m, or with nesterov
 * w += momentum * m - rate * g. The default rate is 0.01.
 *
 * @example
 * model.compile({ optimizer: new SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true }), loss: 'mse' });
 */
export class SGD extends Optimizer {
  static override readonly className: string = 'SGD';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly decay: number;
  override readonly slotGroups: readonly (readonly string[])[];
  override readonly scalarCount = 3;

  constructor(options: SGDOptions = {}) {
    const read = readOptimizerOptions('SGD', options, ['momentum', 'nesterov', 'lr', 'decay']);
    super(withRate(read), 0.01);
    this.momentum = checkNumber('momentum', read.momentum ?? 0, 0, 1);
    this.nesterov = checkBoolean('nesterov', read.nesterov ?? false);
    this.decay = checkNumber('decay', read.decay ?? 0, 0);
    if (isGiven(read.decay) && this.schedule) {
      throw new TypeError('SGD was given `decay` together with a schedule as `learningRate`; choose one');
    }
    this.slotGroups = this.momentum > 0 ? [['momentum']] : [];
  }

  /** The older name of `learningRate`. */
  get lr(): number {
    return this.learningRate;
  }

  set lr(value: number) {
    this.learningRate = value;
  }

  override learningRateAt(iteration: number): number {
    return super.learningRateAt(iteration) / (1 + this.decay * iteration);
  }

  override scalars(iteration: number): number[] {
    const rate = this.learningRateAt(iteration);
    return [rate, this.momentum, (this.weightDecay ?? 0) * rate];
  }

  override lower(builder: ProgramBuilder, ranges: readonly ParameterRange[]): void {
    const scalars = builder.scalars(this.scalarCount).id;
    for (const { first, count } of ranges) {
      builder.emit({
        op: 'sgd',
        parameters: builder.parameterRange(first, count).id,
        gradients: builder.gradientRange(first, count).id,
        ...(this.momentum > 0 ? { momentum: builder.slotRange(0, first, count).id } : {}),
        scalars,
        nesterov: this.nesterov,
        weightDecay: this.weightDecay !== null,
      });
    }
  }

  override getConfig(): Config {
    const decay = this.decay > 0 ? { decay: this.decay } : {};
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov, ...decay };
  }
}

/** The options with `lr` under its newer name. */
function withRate(read: SGDOptions): SGDOptions {
  if (!isGiven(read.lr)) return read;
  if (isGiven(read.learningRate)) {
    throw new TypeError('SGD was given both `lr` and `learningRate`, which mean the same');
  }
  read.learningRate = readLearningRate('lr', read.lr);
  return read;
}

function isGiven<T>(option: T | null | undefined): option is T {
  return option !== undefined && option !== null;
}
