import { checkConfig, isSerialized, readOptions, type Config, type SerializedObject } from '../config.js';
import { rangeError, typeError } from '../errors.js';
import * as layerTypes from '../layers/index.js';
import { Layer } from '../layers/layer.js';
import { InputLayer, SymbolicTensor } from '../layers/input.js';
import type { Graph } from '../program/lower.js';
import { sameShape, type Shape } from '../program/spec.js';
import { show } from './graph.js';
import { Model } from './model.js';
import { readRandomnessConfig } from './randomness.js';

export interface SequentialOptions {
  /** Default: 'sequential', with a number from the second one on. */
  name?: string;
}

/** What a Sequential is made of: layers, and what `Input` returns in the first place. */
export type SequentialPart = Layer | SymbolicTensor;

/**
 * Layers one after the other. It is built as soon as the shape of its input is known: from an `Input` in the first
 * place, the first layer's `inputShape`, `build`, or the data of the first fit.
 *
 * @example
 * const model = new Sequential([
 *   new Dense(128, { activation: 'relu', inputShape: [784] }),
 *   new Dense(10, { activation: 'softmax' }),
 * ]);
 * model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
 * await model.fit(x, labels, { epochs: 5 });
 */
export class Sequential extends Model {
  /** The class's name in configs. */
  static readonly className: string = 'Sequential';
  #input: InputLayer | undefined;
  #layers: Layer[] = [];

  constructor(layers: readonly SequentialPart[] = [], options: SequentialOptions = {}) {
    const { name } = readOptions('Sequential', options, ['name'], { trainable: true });
    super(name, Sequential.className);
    if (!Array.isArray(layers)) throw typeError('layers', 'an array of layers', layers);
    for (const layer of layers as readonly SequentialPart[]) this.add(layer);
  }

  override get layers(): readonly Layer[] {
    return [...this.#layers];
  }

  /** Appends a layer; returns the model. */
  add(layer: SequentialPart): this {
    this.internals.lock.check('add');
    const part = layer instanceof SymbolicTensor ? layer.layer : layer;
    if (!(part instanceof Layer)) throw typeError('layer', 'a layer, or Input(…) in the first place', layer);
    if (part instanceof InputLayer) this.#setInput(part);
    else this.#append(part);
    return this;
  }

  /** Removes the last layer and returns it. RangeError when there is none. */
  pop(): Layer {
    this.internals.lock.check('pop');
    const last = this.#layers.pop();
    if (!last) throw new RangeError('`pop` needs a model with layers, this has none');
    this.internals.rebuild();
    return last;
  }

  override getConfig(): Config {
    const shape = this.#inputShape();
    return {
      name: this.name,
      trainable: true,
      dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
      layers: [...(this.#input ? [this.#input] : []), ...this.#layers].map((layer) => layerTypes.serialize(layer)),
      ...(shape ? { build_input_shape: [...shape] } : {}),
      randomness: this.internals.randomness.getConfig(),
    };
  }

  /** The model that `getConfig` described, with new weights. Training goes on in it as it would have in the other. */
  static fromConfig(config: Config): Sequential {
    const { name, layers, buildInputShape, randomness } = readOptions<SequentialConfig>(
      'Sequential.fromConfig', checkConfig('config', config),
      ['name', 'layers', 'buildInputShape', 'randomness', 'trainable', 'dtype']);
    if (!Array.isArray(layers)) throw typeError('config.layers', 'an array of serialized layers', layers);
    const parts = layers.map((layer, i) => layerTypes.deserialize(checkSerialized(layer, i)));
    const model = new Sequential(parts, name === undefined ? {} : { name });
    if (!model.built && buildInputShape && parts.length > 0) model.build(buildInputShape);
    if (randomness !== undefined) model.internals.randomness.restore(readRandomnessConfig(randomness));
    return model;
  }

  protected override describe(inputShape?: Shape): Graph | undefined {
    const known = this.#inputShape();
    const shape = inputShape ?? known;
    if (!shape || this.#layers.length === 0) return undefined;
    if (known && !sameShape(known, shape)) throw rangeError('inputShape', show(known), shape);
    return {
      inputs: [{ name: 'x', shape }],
      nodes: this.#layers.map((layer, i) => ({ layer, inputs: [i] })),
      outputs: [this.#layers.length],
    };
  }

  /** As the layers say; else that of `build` or the first data, as long as there are layers built for it. */
  #inputShape(): Shape | undefined {
    return this.#input?.batchShape ?? this.#layers[0]?.batchInputShape ?? this.internals.inputShape;
  }

  #setInput(input: InputLayer): void {
    if (this.#input || this.#layers.length > 0) {
      throw new TypeError('an Input must stand first in a Sequential, and only there');
    }
    this.#input = input;
  }

  #append(layer: Layer): void {
    if (this.#layers.some(({ name }) => name === layer.name)) {
      throw new TypeError(`a Sequential's layers must have different names, received "${layer.name}" twice`);
    }
    this.#layers.push(layer);
    try {
      this.internals.rebuild();
    } catch (error) {
      this.#layers.pop();
      throw error;
    }
  }
}

interface SequentialConfig {
  name?: string;
  layers?: SerializedObject[];
  buildInputShape?: Shape | null;
  randomness?: unknown;
}

function checkSerialized(layer: unknown, index: number): SerializedObject {
  if (!isSerialized(layer)) throw typeError(`config.layers[${index}]`, 'an object { class_name, config }', layer);
  return layer;
}
