import { checkConfig, checkName, readOptions, type Config, type UnsupportedOptions } from '../config.js';
import { checkBoolean, checkInteger, rangeError, show, typeError } from '../errors.js';
import type { Initializer } from '../initializers/initializer.js';
import type { ArrayInput } from '../data/arrays.js';
import { writeWeights } from './weights.js';
import { NdArray } from '../nd-array.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { Parameter } from './parameter.js';

/** Options every layer takes. */
export interface LayerOptions {
  /** Default: the class in snake_case, with a number from the second one on. */
  name?: string;
  /** Whether training changes the layer's weights. Default true; read when the model is compiled. */
  trainable?: boolean;
  /** Shape of one row of input, for the first layer of a Sequential. */
  inputShape?: readonly number[];
  /** The same with the batch axis, which is null, in front. */
  batchInputShape?: readonly (number | null)[];
  /** The same for rows that are vectors: their length. */
  inputDim?: number;
  /** Only 'float32', which is the default; or Keras's policy of that name. */
  dtype?: 'float32' | Config;
}

const layerOptions = ['name', 'trainable', 'inputShape', 'batchInputShape', 'inputDim', 'dtype'] as const;

/**
 * A step of a model. A subclass says in `build` which weights it has, in `computeOutputShape` what shape comes out, and
 * in `lower` how it computes; the gradients follow from the builder's operations. Shapes have the batch axis, which
 * is null, in front.
 *
 * @example
 * class Scale extends Layer {
 *   static override readonly className: string = 'Scale';
 *   override build(inputShape: Shape): void {
 *     this.addWeight('factor', [inputShape.at(-1)!], initializers.get('ones'));
 *     super.build(inputShape);
 *   }
 *   override lower(builder: ProgramBuilder, x: Value): Value {
 *     return builder.multiply(x, builder.parameter(this.weights[0]!));
 *   }
 * }
 */
export abstract class Layer {
  /** The class's name in configs. */
  static readonly className: string = 'Layer';

  readonly name: string;
  /** Shape of the input as far as the options say, batch axis in front. */
  readonly batchInputShape: Shape | undefined;
  #trainable: boolean;
  #weights: Parameter[] = [];
  readonly #neverTrained = new Set<Parameter>();
  #builtShapes: readonly Shape[] | undefined;

  constructor(options: LayerOptions = {}) {
    const { className } = this.constructor as typeof Layer;
    const read = readLayerOptions(className, options);
    this.name = checkName(read.name, className);
    this.#trainable = checkBoolean('trainable', read.trainable ?? true);
    checkDtype(read.dtype);
    this.batchInputShape = readInputShape(read);
  }

  /** Emits the instructions that compute the output from the inputs. */
  abstract lower(builder: ProgramBuilder, ...inputs: Value[]): Value;

  /** Makes the weights for inputs of these shapes. An override ends with `super.build(…)`. */
  build(...inputShapes: Shape[]): void {
    this.#builtShapes = inputShapes;
  }

  /** Shape of the output for inputs of these shapes. Default: the first input's. */
  computeOutputShape(...inputShapes: Shape[]): Shape {
    return inputShapes[0]!;
  }

  get built(): boolean {
    return this.#builtShapes !== undefined;
  }

  /** Shapes the layer was built for. */
  get builtShapes(): readonly Shape[] | undefined {
    return this.#builtShapes;
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  /** Freezes or frees the layer; takes effect when the model is compiled again. */
  set trainable(value: boolean) {
    this.#trainable = checkBoolean('trainable', value);
    for (const weight of this.#weights) weight.trainable = value && !this.#neverTrained.has(weight);
  }

  /** All weights, in Keras's order. */
  get weights(): readonly Parameter[] {
    return this.#weights;
  }

  get trainableWeights(): readonly Parameter[] {
    return this.#weights.filter(({ trainable }) => trainable);
  }

  get nonTrainableWeights(): readonly Parameter[] {
    return this.#weights.filter(({ trainable }) => !trainable);
  }

  /** Number of elements of all weights. */
  countParams(): number {
    if (!this.built) throw new Error(`layer "${this.name}" has no weights yet: build the model first`);
    return this.#weights.reduce((sum, { size }) => sum + size, 0);
  }

  /** Copies of the weights, in Keras's order. */
  getWeights(): NdArray[] {
    return this.#weights.map((weight) => new NdArray(weight.read(), [...weight.shape]));
  }

  /** Replaces all weights. Nothing is changed when one has another shape than it should. */
  setWeights(arrays: readonly ArrayInput[]): void {
    writeWeights(this.#weights, arrays);
  }

  getConfig(): Config {
    return {
      name: this.name, trainable: this.#trainable,
      dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
    };
  }

  /** The layer that `getConfig` described. A class with required arguments overrides it. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }

  /** Makes a weight; call it in `build`. One that is not `trainable` stays so whatever the layer is. */
  protected addWeight(name: string, shape: readonly number[], initializer: Initializer, trainable = true): Parameter {
    const weight = new Parameter({
      layer: this.name, name, shape, initializer, trainable: trainable && this.#trainable,
    });
    this.#weights.push(weight);
    if (!trainable) this.#neverTrained.add(weight);
    return weight;
  }
}

/** A layer's options with camelCase keys; `own` are those beyond the common ones. */
export function readLayerOptions<T extends LayerOptions>(where: string, options: T,
                                                         own: readonly (keyof T & string)[] = [],
                                                         notYet: UnsupportedOptions = {}): T {
  return readOptions(where, options, [...own, ...layerOptions], {
    activityRegularizer: null, quantizationConfig: null, quantizationMode: null, autocast: true, ...notYet,
  });
}

/** A shape with the batch axis in front, from what the user wrote; sizes must be positive integers. */
export function checkRowShape(argument: string, shape: unknown): number[] {
  if (!Array.isArray(shape)) throw typeError(argument, 'an array of sizes, one an axis', shape);
  if (shape.length === 0) throw rangeError(argument, 'at least one size', shape);
  return shape.map((axis, i) => checkInteger(`${argument}[${i}]`, axis, 1));
}

function readInputShape({ inputShape, batchInputShape, inputDim }: LayerOptions): Shape | undefined {
  const isGiven = <T>(option: T | null | undefined): option is T => option !== undefined && option !== null;
  const given = [inputShape, batchInputShape, inputDim].filter(isGiven);
  if (given.length > 1) throw new TypeError('give only one of `inputShape`, `batchInputShape` and `inputDim`');
  if (isGiven(inputDim)) return [null, checkInteger('inputDim', inputDim, 1)];
  if (isGiven(inputShape)) return [null, ...checkRowShape('inputShape', inputShape)];
  return isGiven(batchInputShape) ? checkBatchShape('batchInputShape', batchInputShape) : undefined;
}

/** A shape whose first axis is the batch, which stays open. */
export function checkBatchShape(argument: string, shape: unknown): Shape {
  if (!Array.isArray(shape)) throw typeError(argument, 'an array of sizes with the batch axis in front', shape);
  if (shape[0] !== null) {
    throw new RangeError(`\`${argument}\` must start with null (any number of rows), received ${show(shape)}`);
  }
  return [null, ...checkRowShape(argument, shape.slice(1))];
}

/** Only float32, by name or as Keras's policy. */
export function checkDtype(dtype: unknown): void {
  const isPolicy = typeof dtype === 'object' && dtype !== null;
  const name = isPolicy ? (dtype as { config?: { name?: unknown } }).config?.name : dtype;
  if (name === undefined || name === null || name === 'float32') return;
  throw new TypeError(`\`dtype\` must be 'float32'; quern does not support ${show(name)} yet`);
}
