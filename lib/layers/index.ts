/** Layers: Keras's, by class and from configs. */
import { Registry, type Config, type ConfigurableClass, type SerializedObject } from '../config.js';
import { Activation } from './activation.js';
import { Dense } from './dense.js';
import { Dropout } from './dropout.js';
import { Flatten } from './flatten.js';
import { InputLayer } from './input.js';
import { Layer } from './layer.js';
import { Rescaling } from './rescaling.js';
import { Reshape } from './reshape.js';
import { Softmax } from './softmax.js';

export { Activation } from './activation.js';
export { Dense, type DenseOptions } from './dense.js';
export { Dropout, type DropoutOptions } from './dropout.js';
export { Flatten, type FlattenOptions } from './flatten.js';
export { Input, InputLayer, SymbolicTensor, type InputOptions } from './input.js';
export { Layer, type LayerOptions } from './layer.js';
export { Parameter } from './parameter.js';
export { Rescaling, type RescalingOptions } from './rescaling.js';
export { Reshape } from './reshape.js';
export { Softmax, type SoftmaxOptions } from './softmax.js';

/** Layers that can be made without arguments. */
export type LayerName = 'flatten' | 'Flatten' | 'softmax' | 'Softmax';

/** A layer by name, as an instance, or as Keras serializes it. */
export type LayerIdentifier = LayerName | Layer | SerializedObject;

const registry = new Registry<Layer>('layer', 'keras.layers', (value) => value instanceof Layer);

/** A layer class, whatever its constructor takes. */
interface LayerClass {
  readonly className: string;
  readonly prototype: Layer;
  fromConfig(config: Config): Layer;
}

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: LayerClass): () => void {
  return registry.register(member as ConfigurableClass<Layer>);
}

for (const member of [InputLayer, Dense, Activation, Softmax, Flatten, Reshape, Dropout, Rescaling]) {
  register(member as unknown as LayerClass);
}

/** Names of all layers, in Keras's spelling. */
export const names = registry.names;
export const deserialize = registry.deserialize.bind(registry);

/** Keras's form of a layer, with the shape it was built for. */
export function serialize(layer: Layer): ReturnType<typeof registry.serialize> & { build_config?: Config } {
  const [inputShape] = layer.builtShapes ?? [];
  const built = inputShape && !(layer instanceof InputLayer) ? { build_config: { input_shape: [...inputShape] } } : {};
  return { ...registry.serialize(layer), ...built };
}

/** The layer of a name, config or instance. */
export function get(identifier: LayerIdentifier, argument = 'layer'): Layer {
  return registry.get(identifier, argument);
}
