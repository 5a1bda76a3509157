import { checkConfig, type Config } from '../config.js';
import { checkNumber } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

export interface RescalingOptions extends LayerOptions {
  /** Added after scaling. Default 0. */
  offset?: number;
}

/**
 * x * scale + offset. As the first layer it costs nothing: rows are scaled while they are gathered, bytes too.
 *
 * @example
 * new Sequential([new Rescaling(1 / 255, { inputShape: [28, 28] }), new Flatten(), new Dense(10)]);
 */
export class Rescaling extends Layer {
  static override readonly className: string = 'Rescaling';
  readonly scale: number;
  readonly offset: number;

  constructor(scale: number, options: RescalingOptions = {}) {
    const read = readLayerOptions('Rescaling', options, ['offset']);
    super(read);
    this.scale = checkNumber('scale', scale);
    this.offset = checkNumber('offset', read.offset ?? 0);
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return builder.affine(x, this.scale, this.offset);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { scale, ...options } = checkConfig('config', config);
    return new this(scale as never, options as never);
  }
}
