import { checkConfig, type Config } from '../config.js';
import { checkInteger, checkNumber } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

export interface DropoutOptions extends LayerOptions {
  /**
   * Layers with equal seeds drop the same elements of equally large inputs; without one every layer has a mask of its
   * own. Masks also depend on fit's `seed`. Default null.
   */
  seed?: number | null;
}

/**
 * While training, sets each value to 0 with probability `rate` and divides the others by 1 - rate. Does nothing in
 * evaluation and prediction.
 *
 * @example
 * model.add(new Dropout(0.5));
 */
export class Dropout extends Layer {
  static override readonly className: string = 'Dropout';
  readonly rate: number;
  readonly seed: number | null;

  /** @param rate the share of values that is dropped, from 0 to 1 */
  constructor(rate: number, options: DropoutOptions = {}) {
    const read = readLayerOptions('Dropout', options, ['seed'], { noiseShape: null });
    super(read);
    this.rate = checkNumber('rate', rate, 0, 1);
    this.seed = read.seed === undefined || read.seed === null ? null : checkInteger('seed', read.seed);
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    if (!builder.training || this.rate === 0) return x;
    return builder.dropout(x, this.rate, builder.randomStream(this.seed));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: null };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { rate, ...options } = checkConfig('config', config);
    return new this(rate as never, options as never);
  }
}
