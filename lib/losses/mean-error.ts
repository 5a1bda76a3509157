import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { Loss, readLossOptions, type LossOptions } from './loss.js';

/** The mean over the last axis of (prediction - target)². */
export class MeanSquaredError extends Loss {
  static override readonly className: string = 'MeanSquaredError';

  constructor(options: LossOptions = {}) {
    super(readLossOptions('MeanSquaredError', options));
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    return builder.lossFunction('meanSquaredError', target, prediction);
  }
}

/** The mean over the last axis of |prediction - target|; its gradient is 0 where they are equal. */
export class MeanAbsoluteError extends Loss {
  static override readonly className: string = 'MeanAbsoluteError';

  constructor(options: LossOptions = {}) {
    super(readLossOptions('MeanAbsoluteError', options));
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    return builder.lossFunction('meanAbsoluteError', target, prediction);
  }
}
