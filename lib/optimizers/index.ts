/** Optimizers: Keras's, by class, by name and from configs. */
import { Registry, type ConfigurableClass, type SerializedObject } from '../config.js';
import { Adam } from './adam.js';
import { Optimizer } from './optimizer.js';
import { SGD } from './sgd.js';

export { Optimizer, type OptimizerOptions, type ParameterRange } from './optimizer.js';
export { Adam, type AdamOptions } from './adam.js';
export { SGD, type SGDOptions } from './sgd.js';

export type OptimizerName = 'sgd' | 'SGD' | 'adam' | 'Adam';

/** An optimizer by name, as an instance, or as Keras serializes it. */
export type OptimizerIdentifier = OptimizerName | Optimizer | SerializedObject;

const registry = new Registry<Optimizer>('optimizer', 'keras.optimizers', (value) => value instanceof Optimizer);
registry.register(SGD);
registry.register(Adam);

/** Names of all optimizers, in Keras's spelling. */
export const names = registry.names;
export const serialize = registry.serialize.bind(registry);
export const deserialize = registry.deserialize.bind(registry);

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: ConfigurableClass<Optimizer>, ...aliases: string[]): () => void {
  return registry.register(member, ...aliases);
}

/** The optimizer of a name, config or instance. */
export function get(identifier: OptimizerIdentifier, argument = 'optimizer'): Optimizer {
  return registry.get(identifier, argument);
}
