/** Learning-rate schedules: Keras's, by class and from configs. */
import { Registry, type ConfigurableClass, type SerializedObject } from '../config.js';
import { InverseTimeDecay } from './inverse-time-decay.js';
import { LearningRateSchedule } from './learning-rate-schedule.js';

export { LearningRateSchedule } from './learning-rate-schedule.js';
export { InverseTimeDecay, type InverseTimeDecayOptions } from './inverse-time-decay.js';

/** A schedule as an instance, or as Keras serializes it. */
export type ScheduleIdentifier = LearningRateSchedule | SerializedObject;

const registry = new Registry<LearningRateSchedule>(
  'learning-rate schedule', 'keras.optimizers.schedules', (value) => value instanceof LearningRateSchedule);
registry.register(InverseTimeDecay as unknown as ConfigurableClass<LearningRateSchedule>);

/** Names of all schedules, in Keras's spelling. */
export const names = registry.names;
export const serialize = registry.serialize.bind(registry);
export const deserialize = registry.deserialize.bind(registry);

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: ConfigurableClass<LearningRateSchedule>, ...aliases: string[]): () => void {
  return registry.register(member, ...aliases);
}

/** The schedule of a config or instance. */
export function get(identifier: ScheduleIdentifier, argument = 'schedule'): LearningRateSchedule {
  return registry.get(identifier, argument);
}
