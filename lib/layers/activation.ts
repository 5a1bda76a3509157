import * as activations from '../activations.js';
import { checkConfig, type Config } from '../config.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

/**
 * Applies an activation function.
 *
 * @example
 * model.add(new Activation('relu'));
 */
export class Activation extends Layer {
  static override readonly className: string = 'Activation';
  readonly activation: activations.Activation;

  constructor(activation: activations.ActivationIdentifier, options: LayerOptions = {}) {
    super(readLayerOptions('Activation', options));
    this.activation = activations.get(activation);
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return this.activation.lower(builder, x);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), activation: activations.serialize(this.activation) };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { activation, ...options } = checkConfig('config', config);
    return new this(activation as never, options as never);
  }
}
