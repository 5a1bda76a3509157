/** Losses: Keras's, by class, by name and from configs. */
import { Registry, type ConfigurableClass, type SerializedObject } from '../config.js';
import { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from './crossentropy.js';
import { Loss } from './loss.js';
import { MeanAbsoluteError, MeanSquaredError } from './mean-error.js';

export { Loss, type LossOptions, type LossReduction, type TargetSpec } from './loss.js';
export {
  BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy, type CrossentropyOptions,
  type SparseCrossentropyOptions,
} from './crossentropy.js';
export { MeanAbsoluteError, MeanSquaredError } from './mean-error.js';

/** Names Keras knows, also accepted in camelCase. */
export type LossName =
  | 'mean_squared_error' | 'meanSquaredError' | 'mse' | 'mean_absolute_error' | 'meanAbsoluteError' | 'mae'
  | 'categorical_crossentropy' | 'categoricalCrossentropy' | 'sparse_categorical_crossentropy'
  | 'sparseCategoricalCrossentropy' | 'binary_crossentropy' | 'binaryCrossentropy' | 'bce';

/** A loss by name, as an instance, or as Keras serializes it. */
export type LossIdentifier = LossName | Loss | SerializedObject;

const registry = new Registry<Loss>('loss', 'keras.losses', (value) => value instanceof Loss);
registry.register(MeanSquaredError, 'mse');
registry.register(MeanAbsoluteError, 'mae');
registry.register(CategoricalCrossentropy);
registry.register(SparseCategoricalCrossentropy);
registry.register(BinaryCrossentropy, 'bce');

/** Names of all losses, in Keras's spelling. */
export const names = registry.names;
export const serialize = registry.serialize.bind(registry);
export const deserialize = registry.deserialize.bind(registry);

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: ConfigurableClass<Loss>, ...aliases: string[]): () => void {
  return registry.register(member, ...aliases);
}

/**
 * The loss of a name, config or instance.
 * @throws TypeError for a bare function: quern trains natively, so a loss of your own is a subclass of Loss
 */
export function get(identifier: LossIdentifier, argument = 'loss'): Loss {
  if (typeof identifier === 'function') {
    throw new TypeError(`\`${argument}\` cannot be a JavaScript function, because training runs natively and never `
      + 'calls back; extend losses.Loss and say in lower(builder, target, prediction) what is computed');
  }
  return registry.get(identifier, argument);
}
