/** Metrics: Keras's, by class, by name and from configs. */
import { Registry, type ConfigurableClass, type SerializedObject } from '../config.js';
import { AutomaticAccuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import {
  BinaryCrossentropy, CategoricalCrossentropy, MeanAbsoluteError, MeanSquaredError, SparseCategoricalCrossentropy,
} from './loss-metric.js';
import { Metric } from './metric.js';

export { Metric, type MetricOptions } from './metric.js';
export {
  AutomaticAccuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, type BinaryAccuracyOptions,
} from './accuracy.js';
export {
  BinaryCrossentropy, CategoricalCrossentropy, LossMetric, MeanAbsoluteError, MeanSquaredError,
  SparseCategoricalCrossentropy,
} from './loss-metric.js';

/** Names Keras knows, also accepted in camelCase. */
export type MetricName =
  | 'accuracy' | 'acc' | 'binary_accuracy' | 'binaryAccuracy' | 'categorical_accuracy' | 'categoricalAccuracy'
  | 'sparse_categorical_accuracy' | 'sparseCategoricalAccuracy' | 'mean_squared_error' | 'meanSquaredError' | 'mse'
  | 'mean_absolute_error' | 'meanAbsoluteError' | 'mae' | 'categorical_crossentropy' | 'categoricalCrossentropy'
  | 'sparse_categorical_crossentropy' | 'sparseCategoricalCrossentropy' | 'binary_crossentropy' | 'binaryCrossentropy'
  | 'bce';

/** A metric by name, as an instance, or as Keras serializes it. */
export type MetricIdentifier = MetricName | Metric | SerializedObject;

/** A class whose options are those of every metric, or more. */
type MetricClass = ConfigurableClass<Metric> & (new (options: MetricOptionsWithName) => Metric);
interface MetricOptionsWithName { name: string }

const registry = new Registry<Metric>('metric', 'keras.metrics', (value) => value instanceof Metric);

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: MetricClass, ...aliases: string[]): () => void {
  const named = aliases.map((alias) => registry.alias((name) => new member({ name }), alias));
  const forget = [registry.register(member), registry.classAlias(member, ...aliases), ...named];
  return () => forget.forEach((undo) => undo());
}

// These are names only: as the name of a class, 'accuracy' is Keras's Accuracy.
registry.register(AutomaticAccuracy);
registry.alias((name) => new AutomaticAccuracy({ name }), 'accuracy', 'acc');
register(BinaryAccuracy);
register(CategoricalAccuracy);
register(SparseCategoricalAccuracy);
register(MeanSquaredError, 'mse');
register(MeanAbsoluteError, 'mae');
register(CategoricalCrossentropy);
register(SparseCategoricalCrossentropy);
register(BinaryCrossentropy, 'bce');

/** Names of all metrics, in Keras's spelling. */
export const names = registry.names;
export const serialize = registry.serialize.bind(registry);
export const deserialize = registry.deserialize.bind(registry);

/**
 * The metric of a name, config or instance. 'accuracy' chooses among the accuracies when the model is compiled, and
 * short names ('acc', 'mse', 'mae', 'bce') are kept as the metric's name, as in Keras.
 * @throws TypeError for a bare function: quern trains natively, so a metric of your own is a subclass of Metric
 */
export function get(identifier: MetricIdentifier, argument = 'metric'): Metric {
  if (typeof identifier === 'function') {
    throw new TypeError(`\`${argument}\` cannot be a JavaScript function, because training runs natively and never `
      + 'calls back; extend metrics.Metric and say in lower(builder, target, prediction) what is computed');
  }
  return registry.get(identifier, argument);
}
