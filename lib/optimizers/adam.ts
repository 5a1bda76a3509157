import type { Config } from '../config.js';
import { checkBoolean, checkNumber } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import { Optimizer, readOptimizerOptions, type OptimizerOptions, type ParameterRange } from './optimizer.js';

export interface AdamOptions extends OptimizerOptions {
  /** Share of the old mean of gradients that a step keeps. Default 0.9. */
  beta1?: number;
  /** Share of the old mean of squared gradients. Default 0.999. */
  beta2?: number;
  /** Added to the root of the mean of squares, before its bias is corrected. Default 1e-7. */
  epsilon?: number;
  /** Divide by the largest mean of squares so far. Default false. */
  amsgrad?: boolean;
}

/**
 * Adam: steps along the running mean of gradients, divided by the root of their running mean square, both corrected for
 * starting at 0. The default rate is 0.001.
 *
 * @example
 * model.compile({ optimizer: new Adam({ learningRate: 0.003 }), loss: 'categorical_crossentropy' });
 */
export class Adam extends Optimizer {
  static override readonly className: string = 'Adam';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  override readonly slotGroups: readonly (readonly string[])[];
  override readonly scalarCount = 5;

  constructor(options: AdamOptions = {}) {
    const read = readOptimizerOptions('Adam', options, ['beta1', 'beta2', 'epsilon', 'amsgrad']);
    super(read, 0.001);
    this.beta1 = checkNumber('beta1', read.beta1 ?? 0.9, 0, 1);
    this.beta2 = checkNumber('beta2', read.beta2 ?? 0.999, 0, 1);
    this.epsilon = checkNumber('epsilon', read.epsilon ?? 1e-7, 0);
    this.amsgrad = checkBoolean('amsgrad', read.amsgrad ?? false);
    this.slotGroups = this.amsgrad ? [['momentum', 'velocity'], ['velocity_hat']] : [['momentum', 'velocity']];
  }

  override scalars(iteration: number): number[] {
    const rate = this.learningRateAt(iteration);
    const step = iteration + 1;
    const alpha = (rate * Math.sqrt(1 - this.beta2 ** step)) / (1 - this.beta1 ** step);
    return [alpha, this.beta1, this.beta2, this.epsilon, (this.weightDecay ?? 0) * rate];
  }

  override lower(builder: ProgramBuilder, ranges: readonly ParameterRange[]): void {
    const scalars = builder.scalars(this.scalarCount).id;
    for (const { first, count } of ranges) {
      builder.emit({
        op: 'adam',
        parameters: builder.parameterRange(first, count).id,
        gradients: builder.gradientRange(first, count).id,
        m: builder.slotRange(0, first, count).id,
        v: builder.slotRange(1, first, count).id,
        ...(this.amsgrad ? { vhat: builder.slotRange(2, first, count).id } : {}),
        scalars,
        weightDecay: this.weightDecay !== null,
      });
    }
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon, amsgrad: this.amsgrad,
    };
  }
}
