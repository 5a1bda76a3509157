import { checkConfig, readOptions, toSnakeCase, type Config, type SerializedObject } from '../config.js';
import type { ArrayInput } from '../data/arrays.js';
import { checkInteger, checkNumber, typeError } from '../errors.js';
import type { NativeParameters } from '../native.js';
import { NdArray } from '../nd-array.js';
import type { Parameter } from '../layers/parameter.js';
import type { ProgramBuilder } from '../program/builder.js';
import * as schedules from '../schedules/index.js';
import { Slots } from './slots.js';

export interface OptimizerOptions {
  /** A number >= 0, or a schedule of the steps taken. */
  learningRate?: number | schedules.LearningRateSchedule | SerializedObject;
  /** Every step first shrinks all weights by weightDecay * learningRate of themselves. Default null: not. */
  weightDecay?: number | null;
  /** Default: the class in snake_case. */
  name?: string;
}

/** Parameters `first` to `first + count - 1` of the model. */
export interface ParameterRange {
  first: number;
  count: number;
}

/** Options of Keras's optimizers that quern does not have yet, and the values that leave them off. */
const notYet = {
  clipnorm: null, clipvalue: null, globalClipnorm: null, useEma: false, emaMomentum: 0.99, emaOverwriteFrequency: null,
  lossScaleFactor: null, gradientAccumulationSteps: null, jitCompile: [true, false], isLegacyOptimizer: false,
};

/** The model an optimizer works for; its lock says whether the state may be replaced now. */
export interface OptimizerOwner {
  readonly lock: { check(what: string): void };
}

/** Whose slots a model's slab has at the moment. */
const slotOwners = new WeakMap<NativeParameters, Optimizer>();

/**
 * How a training step changes the weights. A subclass names its slots (arrays like the weights, zero at first), says in
 * `scalars` which numbers a step needs, and in `lower` how a range of weights is updated.
 *
 * @example
 * class SignlessSGD extends Optimizer {
 *   static override readonly className: string = 'SignlessSGD';
 *   override readonly slotGroups = [];
 *   override readonly scalarCount = 3;
 *   override scalars(iteration: number): number[] {
 *     return [this.learningRateAt(iteration), 0, 0];
 *   }
 *   override lower(builder: ProgramBuilder, ranges: readonly ParameterRange[]): void {
 *     const scalars = builder.scalars(this.scalarCount).id;
 *     for (const { first, count } of ranges) {
 *       const parameters = builder.parameterRange(first, count).id;
 *       const gradients = builder.gradientRange(first, count).id;
 *       builder.emit({ op: 'sgd', parameters, gradients, scalars, nesterov: false, weightDecay: false });
 *     }
 *   }
 * }
 */
export abstract class Optimizer {
  /** The class's name in configs. */
  static readonly className: string = 'Optimizer';

  readonly name: string;
  readonly weightDecay: number | null;
  #learningRate: number | schedules.LearningRateSchedule;
  #iterations = 0;
  #owner: OptimizerOwner | undefined;
  #store: NativeParameters | undefined;
  #variables: readonly Parameter[] = [];

  constructor(options: OptimizerOptions = {}, defaultLearningRate = 0.01) {
    const { className } = this.constructor as typeof Optimizer;
    const { name, learningRate, weightDecay } = readOptimizerOptions(className, options);
    if (name !== undefined && name !== null && typeof name !== 'string') throw typeError('name', 'a string', name);
    this.name = name ?? toSnakeCase(className);
    const isDecaying = weightDecay !== undefined && weightDecay !== null;
    this.weightDecay = isDecaying ? checkNumber('weightDecay', weightDecay, 0) : null;
    this.#learningRate = readLearningRate('learningRate', learningRate ?? defaultLearningRate);
  }

  /**
   * Keras's names of the slots, grouped as Keras orders its variables: group by group, in a group variable by variable,
   * of a variable slot by slot. Slots are numbered in the order of the names.
   */
  abstract readonly slotGroups: readonly (readonly string[])[];

  /** Numbers a step needs. */
  abstract readonly scalarCount: number;

  /** The numbers of the step that is `iteration` steps after the first, `scalarCount` of them. */
  abstract scalars(iteration: number): number[];

  /** Emits the update of these ranges of weights from their gradients. */
  abstract lower(builder: ProgramBuilder, ranges: readonly ParameterRange[]): void;

  get slotNames(): readonly string[] {
    return this.slotGroups.flat();
  }

  /** Number of slots. */
  get slots(): number {
    return this.slotNames.length;
  }

  /** Steps taken since the optimizer was made, over all fits. */
  get iterations(): number {
    return this.#iterations;
  }

  set iterations(value: number) {
    this.#iterations = checkInteger('iterations', value);
  }

  /** The base rate; with a schedule, the rate of the step to come. */
  get learningRate(): number {
    return typeof this.#learningRate === 'number' ? this.#learningRate : this.#learningRate.at(this.#iterations);
  }

  /** @throws TypeError when the optimizer was made with a schedule */
  set learningRate(value: number) {
    if (typeof this.#learningRate !== 'number') {
      throw new TypeError('`learningRate` cannot be set: this optimizer was made with a LearningRateSchedule');
    }
    this.#learningRate = checkNumber('learningRate', value, 0);
  }

  /** The schedule, if the optimizer was made with one. */
  get schedule(): schedules.LearningRateSchedule | undefined {
    return typeof this.#learningRate === 'number' ? undefined : this.#learningRate;
  }

  /** The rate of step `iteration`, counted from 0. */
  learningRateAt(iteration: number): number {
    return typeof this.#learningRate === 'number' ? this.#learningRate : this.#learningRate.at(iteration);
  }

  /**
   * Ties the optimizer to the model that is compiled with it.
   * @throws TypeError when it is another model's
   */
  adopt(owner: OptimizerOwner): void {
    if (this.#owner && this.#owner !== owner) {
      throw new TypeError(`this ${this.constructor.name} already belongs to another model: its state is about the `
        + 'weights of that. Make a new one for each model');
    }
    this.#owner = owner;
  }

  /**
   * Takes over the model's slab, once it is built: slots for all its parameters, zeroed unless they are those of the
   * same trainable parameters. `variables` are the trainable parameters in the model's order.
   */
  bind(store: NativeParameters, variables: readonly Parameter[]): void {
    const same = slotOwners.get(store) === this && variables.length === this.#variables.length
      && variables.every((variable, i) => variable === this.#variables[i]);
    if (!same) store.resetSlots(this.slots);
    slotOwners.set(store, this);
    this.#store = store;
    this.#variables = [...variables];
  }

  /**
   * Iterations, the learning rate (unless scheduled), then the slots, in Keras's order. The rate is given as a double:
   * rounded, it would not train on with the same bits.
   */
  getWeights(): NdArray[] {
    const rate = typeof this.#learningRate === 'number' ? [new NdArray(Float64Array.of(this.#learningRate), [])] : [];
    const iterations = new NdArray(Int32Array.of(this.#iterations), []);
    return [iterations, ...rate, ...this.#slots.read()];
  }

  /**
   * Replaces all that `getWeights` gives. Nothing is changed when an array does not fit.
   * @throws ModelBusyError while a fit runs on the model
   */
  setWeights(arrays: readonly (ArrayInput | number)[]): void {
    this.#owner?.lock.check('optimizer.setWeights');
    const scalars = typeof this.#learningRate === 'number' ? ['iterations', 'learning rate'] : ['iterations'];
    const { numbers: [iterations, rate], write } = this.#slots.prepare(arrays, scalars);
    checkInteger('weights[0] (iterations)', iterations);
    if (rate !== undefined) checkNumber('weights[1] (learning rate)', rate, 0);
    write();
    this.#iterations = iterations!;
    if (rate !== undefined) this.#learningRate = rate;
  }

  get #slots(): Slots {
    return new Slots(this.#store, this.#variables, this.slotGroups);
  }

  getConfig(): Config {
    const rate = this.#learningRate;
    return {
      name: this.name, learning_rate: typeof rate === 'number' ? rate : schedules.serialize(rate),
      weight_decay: this.weightDecay, clipnorm: null, global_clipnorm: null, clipvalue: null, use_ema: false,
      ema_momentum: 0.99, ema_overwrite_frequency: null, loss_scale_factor: null, gradient_accumulation_steps: null,
    };
  }

  /** The optimizer that `getConfig` described, with no state. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }
}

/** An optimizer's options with camelCase keys; `own` are those beyond the common ones. */
export function readOptimizerOptions<T extends OptimizerOptions>(where: string, options: T,
                                                                 own: readonly (keyof T & string)[] = []): T {
  return readOptions(where, options, ['learningRate', 'weightDecay', 'name', ...own], notYet);
}

/** A rate as a number or a schedule, from what `argument` was given as. */
export function readLearningRate(argument: string, rate: unknown): number | schedules.LearningRateSchedule {
  if (typeof rate === 'number') return checkNumber(argument, rate, 0);
  if (typeof rate !== 'object' || rate === null) {
    throw typeError(argument, 'a number >= 0 or a LearningRateSchedule', rate);
  }
  return schedules.get(rate as schedules.ScheduleIdentifier, argument);
}
