/**
 * The native memory of weights. A model's weights lie in one slab. Models that share layers share a slab: when layers
 * of several come together, all their weights move into one, and each model finds its own there.
 */
import { ModelBusyError } from '../errors.js';
import type { Parameter } from '../layers/parameter.js';
import { native, type NativeParameters } from '../native.js';
import type { Optimizer } from '../optimizers/index.js';
import { parameterAlignment } from '../program/buffers.js';
import type { TrainingLock } from './training-lock.js';

/** A model, as its slab knows it. */
export interface SlabUser {
  readonly slabParameters: readonly Parameter[];
  readonly lock: TrainingLock;
}

/** Stands before the native slab: who writes through it must not do so while one of its models is in training. */
export class Slab implements NativeParameters {
  /** All weights in the slab, of this model and of those it shares layers with. */
  readonly parameters: readonly Parameter[];
  readonly native: NativeParameters;
  /** Floats of the slab, padding included. */
  readonly #size: number;
  readonly #offsets: number[] = [];
  #users: WeakRef<SlabUser>[] = [];
  #owner: { optimizer: Optimizer; variables: readonly Parameter[] } | undefined;

  private constructor(parameters: readonly Parameter[]) {
    const { Parameters } = native();
    this.parameters = parameters;
    this.native = new Parameters(parameters.map(({ path, shape }) => ({ name: path, shape: [...shape] })), 0);
    parameters.forEach((parameter, index) => parameter.adopt(this, index));
    let size = 0;
    for (const parameter of parameters) {
      this.#offsets.push(size);
      size += Math.ceil(parameter.size / parameterAlignment) * parameterAlignment;
    }
    this.#size = size;
  }

  /**
   * The slab all the user's weights lie in; a new one when they lie in none or in several. What other models that are
   * still in use have in those moves along.
   */
  static of(user: SlabUser): Slab {
    const parameters = user.slabParameters;
    const homes = [...new Set(parameters.map(({ store }) => (store instanceof Slab ? store : undefined)))];
    const [home] = homes;
    const slab = home && homes.length === 1 ? home : Slab.#unite(homes.filter((known) => known !== undefined), user);
    slab.#users = [...new Set([...slab.#models(), user])].map((model) => new WeakRef(model));
    return slab;
  }

  /** Whether all these lie here. */
  holds(parameters: readonly Parameter[]): boolean {
    return parameters.every(({ store }) => store === this);
  }

  get version(): number {
    return this.native.version;
  }

  read(index: number, slot: number, out: Float32Array): void {
    this.native.read(index, slot, out);
  }

  /** Throws a ModelBusyError while a fit runs on one of the models, its callbacks excepted. */
  write(index: number, slot: number, values: Float32Array): void {
    for (const { lock } of this.#models()) lock.check('setWeights');
    this.native.write(index, slot, values);
  }

  resetSlots(count: number): void {
    this.native.resetSlots(count);
  }

  /** Copies of the values of some of its parameters, all as they are after the same step. */
  copy(parameters: readonly Parameter[]): Float32Array[] {
    const all = new Float32Array(this.#size);
    this.native.read(-1, -1, all);
    return parameters.map(({ index, size }) => all.slice(this.#offsets[index]!, this.#offsets[index]! + size));
  }

  /** Remembers all values and slots; the result puts them back. */
  remember(slots: number): () => void {
    const saved = Array.from({ length: slots + 1 }, () => new Float32Array(this.#size));
    saved.forEach((values, i) => this.native.read(-1, i - 1, values));
    return () => saved.forEach((values, i) => this.native.write(-1, i - 1, values));
  }

  /** Whether the slots are those of this optimizer: the last one that a model was compiled with. */
  serves(optimizer: Optimizer): boolean {
    return this.#owner?.optimizer === optimizer;
  }

  /** Makes the slots this optimizer's, for `user`; those of another one are lost. */
  bind(optimizer: Optimizer, variables: readonly Parameter[], user: SlabUser): void {
    this.#checkIdle(user);
    if (this.#owner && this.#owner.optimizer !== optimizer) this.resetSlots(0);
    optimizer.bind(this, variables);
    this.#owner = { optimizer, variables };
  }

  /** Weights move together with the slots of the one optimizer that is at work on them. */
  static #unite(homes: readonly Slab[], user: SlabUser): Slab {
    for (const home of homes) home.#checkIdle(user);
    const all = [...new Set([...homes.flatMap((home) => home.#inUse()), ...user.slabParameters])];
    const owners = homes.flatMap((slab) => slab.#owner ?? [])
      .filter(({ variables }) => variables.every((variable) => all.includes(variable)));
    const [owner] = owners;
    const state = owners.length === 1 ? owner!.optimizer.getWeights() : undefined;
    const slab = new Slab(all);
    if (state) {
      slab.bind(owner!.optimizer, owner!.variables, user);
      owner!.optimizer.setWeights(state);
    }
    slab.#users = homes.flatMap((home) => home.#users);
    return slab;
  }

  /** The models that have not been dropped since. */
  #models(): SlabUser[] {
    return this.#users.flatMap((user) => user.deref() ?? []);
  }

  #inUse(): Parameter[] {
    const used = new Set(this.#models().flatMap(({ slabParameters }) => slabParameters));
    return this.parameters.filter((parameter) => used.has(parameter) && parameter.store === this);
  }

  /** Throws a ModelBusyError while another model is in training. */
  #checkIdle(user: SlabUser): void {
    if (this.#models().every((model) => model === user || !model.lock.isBusy)) return;
    throw new ModelBusyError('a model that shares layers with this one is being trained; await it first');
  }
}
