import type { Config } from '../config.js';
import { rangeError } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

export interface SoftmaxOptions extends LayerOptions {
  /** Only -1, the last axis, which is the default. */
  axis?: number;
}

/** exp(x) divided by its sum over the last axis. */
export class Softmax extends Layer {
  static override readonly className: string = 'Softmax';

  constructor(options: SoftmaxOptions = {}) {
    const read = readLayerOptions('Softmax', options, ['axis']);
    super(read);
    const { axis = -1 } = read;
    if (axis !== -1) throw rangeError('axis', '-1 (other axes are not supported yet)', axis);
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return builder.softmax(x);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: -1 };
  }
}
