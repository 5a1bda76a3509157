import type { Config } from '../config.js';
import { checkNumber } from '../errors.js';
import { elements, initializerOptions, RandomInitializer, type SeedOptions } from './initializer.js';

export interface RandomUniformOptions extends SeedOptions {
  /** Default -0.05. */
  minval?: number;
  /** Default 0.05. */
  maxval?: number;
}

/** Uniform between `minval` and `maxval`. */
export class RandomUniform extends RandomInitializer {
  static override readonly className: string = 'RandomUniform';
  readonly minval: number;
  readonly maxval: number;

  constructor(options: RandomUniformOptions = {}) {
    const { minval = -0.05, maxval = 0.05, seed } =
      initializerOptions('RandomUniform', options, ['minval', 'maxval', 'seed']);
    super(seed);
    this.minval = checkNumber('minval', minval);
    this.maxval = checkNumber('maxval', maxval);
  }

  override generate(shape: readonly number[]): Float32Array {
    return this.uniform(shape, this.minval, this.maxval - this.minval);
  }

  override getConfig(): Config {
    return { minval: this.minval, maxval: this.maxval, seed: this.seed };
  }
}

export interface RandomNormalOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation. Default 0.05. */
  stddev?: number;
}

/** Normal with `mean` and `stddev`. */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = 'RandomNormal';
  readonly mean: number;
  readonly stddev: number;

  constructor(options: RandomNormalOptions = {}) {
    const { mean = 0, stddev = 0.05, seed } =
      initializerOptions(new.target.className, options, ['mean', 'stddev', 'seed']);
    super(seed);
    this.mean = checkNumber('mean', mean);
    this.stddev = checkNumber('stddev', stddev, 0);
  }

  override generate(shape: readonly number[]): Float32Array {
    const random = this.sequence();
    return new Float32Array(elements(shape)).map(() => this.mean + this.stddev * random.normal());
  }

  override getConfig(): Config {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed };
  }
}

/** As RandomNormal, values beyond two standard deviations drawn again. */
export class TruncatedNormal extends RandomNormal {
  static override readonly className: string = 'TruncatedNormal';

  override generate(shape: readonly number[]): Float32Array {
    const random = this.sequence();
    return new Float32Array(elements(shape)).map(() => this.mean + this.stddev * random.truncatedNormal());
  }
}
