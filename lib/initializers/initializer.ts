import { checkConfig, readOptions, type Config, type UnsupportedOptions } from '../config.js';
import { checkInteger } from '../errors.js';
import { drawSeed, RandomSequence, uniformValues } from '../random.js';

/**
 * Makes the initial values of a weight. A subclass says what they are for a shape.
 *
 * @example
 * class Diagonal extends Initializer {
 *   static override readonly className: string = 'Diagonal';
 *   override generate(shape: readonly number[]): Float32Array {
 *     const [rows = 1, cols = 1] = shape;
 *     return Float32Array.from({ length: rows * cols }, (_, i) => (i % (cols + 1) === 0 ? 0.5 : 0));
 *   }
 * }
 */
export abstract class Initializer {
  static readonly className: string = 'Initializer';

  /** Values of an array of this shape, row by row. */
  abstract generate(shape: readonly number[]): Float32Array;

  getConfig(): Config {
    return {};
  }

  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }
}

export interface SeedOptions {
  /** The same seed gives the same values at every call. Default null: drawn when the initializer is made. */
  seed?: number | null;
}

/** An initializer that draws at random, always the same values for a shape. */
export abstract class RandomInitializer extends Initializer {
  readonly seed: number | null;
  readonly #drawnSeed: number;

  constructor(seed: number | null | undefined) {
    super();
    this.seed = seed === undefined || seed === null ? null : checkInteger('seed', seed);
    this.#drawnSeed = this.seed ?? drawSeed();
  }

  protected sequence(): RandomSequence {
    return new RandomSequence(this.#drawnSeed);
  }

  /** An array of this shape with values uniform in [low, low + width). */
  protected uniform(shape: readonly number[], low: number, width: number): Float32Array {
    return uniformValues(this.#drawnSeed, elements(shape), low, width);
  }
}

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Options of an initializer, keys checked and camelCased. */
export function initializerOptions<T extends object>(where: string, options: T, known: readonly string[],
                                                     notYet: UnsupportedOptions = {}): T {
  return readOptions(where, options, known, { dtype: 'float32', ...notYet });
}
