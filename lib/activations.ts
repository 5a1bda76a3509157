/**
 * Activation functions: a table of names, each with the pointwise function of the core that computes it.
 * Softmax, which is not pointwise, and sigmoid remember their logits for the cross-entropies.
 */
import { isSerialized, Registry, toSnakeCase, type Config } from './config.js';
import { show } from './errors.js';
import type { ProgramBuilder } from './program/builder.js';
import type { PointwiseFunction } from './program/instruction.js';
import type { Value } from './program/value.js';

/** A function of a layer's output. Any object with a name and `lower` can be one. */
export interface Activation {
  /** As Keras spells it. */
  readonly name: string;
  lower(builder: ProgramBuilder, x: Value): Value;
}

/** Names Keras knows, also accepted in camelCase. */
export type ActivationName =
  | 'linear' | 'relu' | 'sigmoid' | 'tanh' | 'softmax' | 'elu' | 'selu' | 'leaky_relu' | 'leakyRelu' | 'gelu' | 'silu'
  | 'swish' | 'softplus' | 'exponential';

/** An activation by name, as an object, or as Keras serializes it; null is linear. */
export type ActivationIdentifier =
  ActivationName | Activation | { class_name: string; config?: Config | string } | null;

class NamedActivation implements Activation {
  static readonly className: string = 'Activation';

  constructor(readonly name: string, readonly lower: Activation['lower']) {}

  getConfig(): Config {
    return {};
  }
}

function pointwise(name: string, f: PointwiseFunction, alpha?: number): Activation {
  return new NamedActivation(name, (builder, x) => builder.pointwise(f, x, alpha));
}

/** x. */
export const linear: Activation = new NamedActivation('linear', (_, x) => x);
/** max(x, 0). */
export const relu = pointwise('relu', 'relu');
/** 1 / (1 + exp(-x)). */
export const sigmoid: Activation = new NamedActivation('sigmoid', (builder, x) => builder.sigmoid(x));
export const tanh = pointwise('tanh', 'tanh');
/** exp(x) divided by its sum over the last axis. */
export const softmax: Activation = new NamedActivation('softmax', (builder, x) => builder.softmax(x));
/** x above 0, exp(x) - 1 below. */
export const elu = pointwise('elu', 'elu', 1);
/** elu with the constants that keep mean 0 and variance 1. */
export const selu = pointwise('selu', 'selu');
/** x above 0, 0.2 x below. */
export const leakyRelu = pointwise('leaky_relu', 'leakyRelu', 0.2);
/** x times the normal distribution function of x, with erf. */
export const gelu = pointwise('gelu', 'gelu');
/** x sigmoid(x). */
export const silu = pointwise('silu', 'silu');
/** log(1 + exp(x)). */
export const softplus = pointwise('softplus', 'softplus');
/** exp(x). */
export const exponential = pointwise('exponential', 'exponential');

const registry = new Registry<Activation & { getConfig(): Config }>('activation', 'keras.activations', isActivation);
for (const activation of [
  linear, relu, sigmoid, tanh, softmax, elu, selu, leakyRelu, gelu, silu, softplus, exponential,
]) {
  registry.alias(() => activation as NamedActivation, activation.name);
}
registry.alias(() => silu as NamedActivation, 'swish');

/** Names of all activations, in Keras's spelling. */
export const names = registry.names;

/** The activation of a name or config; null and undefined are linear. */
export function get(identifier: ActivationIdentifier | undefined, argument = 'activation'): Activation {
  if (identifier === null || identifier === undefined) return linear;
  return registry.get(isSerialized(identifier) ? nameOf(identifier, argument) : identifier, argument);
}

/** Makes an activation of yours known by its name, to `get`. @returns a function that takes that back */
export function register(activation: Activation): () => void {
  return registry.alias(() => activation as NamedActivation, activation.name);
}

/** The name Keras writes into a config. */
export function serialize(activation: Activation): string {
  return activation.name;
}

export function deserialize(identifier: ActivationIdentifier): Activation {
  return get(identifier);
}

function isActivation(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Activation).lower === 'function'
    && typeof (value as Activation).name === 'string';
}

/** Keras writes a function as { class_name: 'function', config: its name }; the name may also be the class_name. */
function nameOf(identifier: { class_name: string; config?: unknown }, argument: string): unknown {
  const { class_name: name, config } = identifier;
  if (name === 'function') return config;
  const hasOptions = typeof config === 'object' && config !== null && Object.keys(config).length > 0;
  if (!hasOptions && name === toSnakeCase(name)) return name;
  throw new TypeError(`\`${argument}\` must be the name of a function without options; `
    + `a layer as an activation (${show(name)}) is not supported yet`);
}
