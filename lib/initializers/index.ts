/** Initial values of weights: Keras's initializers, by class, by name and from configs. */
import { Registry, type Config, type SerializedObject } from '../config.js';
import { Constant, Identity, Ones, Zeros } from './constant.js';
import { Initializer } from './initializer.js';
import { Orthogonal } from './orthogonal.js';
import { RandomNormal, RandomUniform, TruncatedNormal } from './random.js';
import {
  GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, VarianceScaling,
} from './variance-scaling.js';

export { Initializer, RandomInitializer, type SeedOptions } from './initializer.js';
export { Constant, Identity, Ones, Zeros } from './constant.js';
export { Orthogonal, type OrthogonalOptions } from './orthogonal.js';
export {
  RandomNormal, RandomUniform, TruncatedNormal, type RandomNormalOptions, type RandomUniformOptions,
} from './random.js';
export {
  GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, VarianceScaling,
  type VarianceDistribution, type VarianceMode, type VarianceScalingOptions,
} from './variance-scaling.js';

/** Names Keras knows, also accepted in camelCase. */
export type InitializerName =
  | 'zeros' | 'ones' | 'constant' | 'identity' | 'random_uniform' | 'randomUniform' | 'random_normal' | 'randomNormal'
  | 'truncated_normal' | 'truncatedNormal' | 'variance_scaling' | 'varianceScaling' | 'glorot_uniform' | 'glorotUniform'
  | 'glorot_normal' | 'glorotNormal' | 'he_uniform' | 'heUniform' | 'he_normal' | 'heNormal' | 'lecun_uniform'
  | 'lecunUniform' | 'lecun_normal' | 'lecunNormal' | 'orthogonal' | 'zero' | 'one' | 'uniform' | 'normal';

/** An initializer by name, as an instance, or as Keras serializes it. */
export type InitializerIdentifier = InitializerName | Initializer | SerializedObject;

/** An initializer class, whatever its constructor takes. */
interface InitializerClass {
  readonly className: string;
  readonly prototype: Initializer;
  fromConfig(config: Config): Initializer;
}

const registry = new Registry<Initializer>(
  'initializer', 'keras.initializers', (value) => value instanceof Initializer);
for (const member of [
  Zeros, Ones, Constant, Identity, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform,
  GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
]) {
  registry.register(member as unknown as InitializerClass);
}
for (const [name, member] of Object.entries({ zero: Zeros, one: Ones, uniform: RandomUniform, normal: RandomNormal })) {
  registry.alias(() => new member(), name);
  registry.classAlias(member as unknown as InitializerClass, name);
}
registry.classAlias(Orthogonal as unknown as InitializerClass, 'OrthogonalInitializer');
registry.classAlias(Identity as unknown as InitializerClass, 'IdentityInitializer');

/** Names of all initializers, in Keras's spelling. */
export const names = registry.names;
export const serialize = registry.serialize.bind(registry);
export const deserialize = registry.deserialize.bind(registry);

/** Makes a class of yours known by its name, to `get` and `deserialize`. @returns a function that takes that back */
export function register(member: InitializerClass): () => void {
  return registry.register(member);
}

/** The initializer of a name, config or instance. */
export function get(identifier: InitializerIdentifier, argument = 'initializer'): Initializer {
  return registry.get(identifier, argument);
}
