import { checkConfig, type Config } from '../config.js';

/**
 * A learning rate that depends on the number of steps taken, counted from 0 over all fits.
 *
 * @example
 * class Halving extends LearningRateSchedule {
 *   static override readonly className: string = 'Halving';
 *   override at(step: number): number {
 *     return 0.1 * 2 ** -Math.floor(step / 1000);
 *   }
 * }
 */
export abstract class LearningRateSchedule {
  /** The class's name in configs. */
  static readonly className: string = 'LearningRateSchedule';

  /** The rate of step `step`; the first is 0. */
  abstract at(step: number): number;

  getConfig(): Config {
    return {};
  }

  /** The schedule that `getConfig` described. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }
}
