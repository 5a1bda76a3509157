import { readOptions, type Config } from '../config.js';
import { checkBoolean, checkNumber, rangeError, typeError } from '../errors.js';
import { LearningRateSchedule } from './learning-rate-schedule.js';

export interface InverseTimeDecayOptions {
  /** The rate at step 0. */
  initialLearningRate: number;
  /** Steps after which the rate has been divided by 1 + decayRate; a number > 0. */
  decaySteps: number;
  decayRate: number;
  /** Decay in jumps, every `decaySteps` steps. Default false. */
  staircase?: boolean;
  /** Default 'InverseTimeDecay'. */
  name?: string;
}

/**
 * initialLearningRate / (1 + decayRate * step / decaySteps), the quotient rounded down with `staircase`.
 *
 * @example
 * const learningRate = new schedules.InverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 100, decayRate: 0.5 });
 * const sgd = new SGD({ learningRate });
 */
export class InverseTimeDecay extends LearningRateSchedule {
  static override readonly className: string = 'InverseTimeDecay';
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  readonly name: string;

  constructor(options: InverseTimeDecayOptions) {
    super();
    const read = readOptions('InverseTimeDecay', options,
      ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase', 'name']);
    this.initialLearningRate = checkNumber('initialLearningRate', read.initialLearningRate, 0);
    this.decaySteps = checkNumber('decaySteps', read.decaySteps);
    if (this.decaySteps <= 0) throw rangeError('decaySteps', 'a number > 0', read.decaySteps);
    this.decayRate = checkNumber('decayRate', read.decayRate);
    this.staircase = checkBoolean('staircase', read.staircase ?? false);
    this.name = read.name ?? 'InverseTimeDecay';
    if (typeof this.name !== 'string') throw typeError('name', 'a string', read.name);
  }

  override at(step: number): number {
    const periods = step / this.decaySteps;
    return this.initialLearningRate / (1 + this.decayRate * (this.staircase ? Math.floor(periods) : periods));
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate, decay_steps: this.decaySteps, decay_rate: this.decayRate,
      staircase: this.staircase, name: this.name,
    };
  }
}
