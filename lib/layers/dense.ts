import * as activations from '../activations.js';
import { checkConfig, type Config } from '../config.js';
import { checkBoolean, checkInteger, rangeError } from '../errors.js';
import * as initializers from '../initializers/index.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';
import type { Parameter } from './parameter.js';

export interface DenseOptions extends LayerOptions {
  /** Applied to the sums. Default null: none. */
  activation?: activations.ActivationIdentifier;
  /** Whether a bias is added. Default true. */
  useBias?: boolean;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: initializers.InitializerIdentifier;
  /** Default 'zeros'. */
  biasInitializer?: initializers.InitializerIdentifier;
}

const notYet = {
  kernelRegularizer: null, biasRegularizer: null, kernelConstraint: null, biasConstraint: null, loraRank: null,
  loraAlpha: null,
};

/**
 * activation(x · kernel + bias) over the last axis of x; all axes before it are kept.
 * `kernel` is (inputs, units), `bias` is (units).
 *
 * @example
 * model.add(new Dense(128, { activation: 'relu', inputShape: [784] }));
 */
export class Dense extends Layer {
  static override readonly className: string = 'Dense';

  readonly units: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  #kernel: Parameter | undefined;
  #bias: Parameter | undefined;

  /** @param units the length of the output's last axis, an integer >= 1 */
  constructor(units: number, options: DenseOptions = {}) {
    const own = ['activation', 'useBias', 'kernelInitializer', 'biasInitializer'] as const;
    const read = readLayerOptions('Dense', options, own, notYet);
    super(read);
    this.units = checkInteger('units', units, 1);
    this.activation = activations.get(read.activation);
    this.useBias = checkBoolean('useBias', read.useBias ?? true);
    this.kernelInitializer = initializers.get(read.kernelInitializer ?? 'glorot_uniform', 'kernelInitializer');
    this.biasInitializer = initializers.get(read.biasInitializer ?? 'zeros', 'biasInitializer');
  }

  /** (inputs, units); undefined before the layer is built. */
  get kernel(): Parameter | undefined {
    return this.#kernel;
  }

  /** (units); undefined before the layer is built and without a bias. */
  get bias(): Parameter | undefined {
    return this.#bias;
  }

  override build(inputShape: Shape): void {
    const inputs = lastAxis(inputShape);
    this.#kernel = this.addWeight('kernel', [inputs, this.units], this.kernelInitializer);
    if (this.useBias) this.#bias = this.addWeight('bias', [this.units], this.biasInitializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const inputs = this.#kernel?.shape[0] ?? lastAxis(inputShape);
    if (lastAxis(inputShape) !== inputs) {
      throw rangeError(`input of layer "${this.name}"`, `of ${inputs} values in the last axis`, inputShape);
    }
    return [...inputShape.slice(0, -1), this.units];
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    const bias = this.#bias && builder.parameter(this.#bias);
    return this.activation.lower(builder, builder.matmul(x, builder.parameter(this.#kernel!), bias));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: activations.serialize(this.activation),
      use_bias: this.useBias,
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      bias_initializer: initializers.serialize(this.biasInitializer),
      kernel_regularizer: null,
      bias_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
      quantization_config: null,
    };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { units, ...options } = checkConfig('config', config);
    return new this(units as never, options as never);
  }
}

function lastAxis(shape: Shape): number {
  const size = shape.at(-1);
  if (shape.length < 2 || size === null || size === undefined) {
    throw rangeError('inputShape', 'an input of at least one axis beside the rows', shape);
  }
  return size;
}
