import type { Config } from '../config.js';
import { rangeError } from '../errors.js';
import { sizeOf } from '../program/buffers.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

export interface FlattenOptions extends LayerOptions {
  /** Only 'channels_last', which is the default. */
  dataFormat?: 'channels_last' | 'channelsLast' | null;
}

/** All axes of a row as one; nothing is moved. */
export class Flatten extends Layer {
  static override readonly className: string = 'Flatten';

  constructor(options: FlattenOptions = {}) {
    const read = readLayerOptions('Flatten', options, ['dataFormat']);
    super(read);
    const format = read.dataFormat ?? 'channels_last';
    if (format !== 'channels_last' && format !== 'channelsLast') {
      throw rangeError('dataFormat', "'channels_last' (others are not supported yet)", format);
    }
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return [null, sizeOf(inputShape.slice(1))];
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return builder.view(x, this.computeOutputShape(x.shape));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last' };
  }
}
