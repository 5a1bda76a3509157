/**
 * The native memory of weights. A model's weights lie in one slab. Models that share layers share a slab: when layers
 * of several come together, all their weights move into one, and each model finds its own there.
 */
import { ModelBusyError } from '../errors.js';
import type { Parameter } from '../layers/parameter.js';
import { native, type NativeParameters } from '../native.js';
import type { Optimizer } from '../optimizers/index.js';
import { parameterAlignment } from '../program/buffers.js';

/** A model, as its slab knows it. */
export interface SlabUser {
  readonly slabParameters: readonly Parameter[];
}

export class Slab {
  /** All weights in the slab, of this model and of those it shares layers with. */
  readonly parameters: readonly Parameter[];
  readonly native: NativeParameters;
  /** Floats of the slab, padding included. */
  readonly #size: number;
  readonly #offsets: number[] = [];
  readonly #users = new Set<WeakRef<SlabUser>>();
  #owner: { optimizer: Optimizer; variables: readonly Parameter[] } | undefined;
  #jobs = 0;

  private constructor(parameters: readonly Parameter[]) {
    const { Parameters } = native();
    this.parameters = parameters;
    this.native = new Parameters(parameters.map(({ path, shape }) => ({ name: path, shape: [...shape] })), 0);
    parameters.forEach((parameter, index) => parameter.adopt(this.native, index));
    let size = 0;
    for (const parameter of parameters) {
      this.#offsets.push(size);
      size += Math.ceil(parameter.size / parameterAlignment) * parameterAlignment;
    }
    this.#size = size;
    slabs.set(this.native, this);
  }

  /**
   * The slab all the user's weights lie in; a new one when they lie in none or in several. What other models that are
   * still in use have in those moves along.
   */
  static of(user: SlabUser): Slab {
    const parameters = user.slabParameters;
    const homes = [...new Set(parameters.map(({ store }) => (store ? slabs.get(store) : undefined)))];
    const [home] = homes;
    const slab = home && homes.length === 1 ? home : Slab.#unite(homes.filter((known) => known !== undefined), parameters);
    slab.#users.add(new WeakRef(user));
    return slab;
  }

  /** Whether all these lie here. */
  holds(parameters: readonly Parameter[]): boolean {
    return parameters.every(({ store }) => store === this.native);
  }

  /** Copies of the values of some of its parameters, all as they are after the same step. */
  read(parameters: readonly Parameter[]): Float32Array[] {
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

  /** Makes the slots this optimizer's; those of another one are lost. */
  bind(optimizer: Optimizer, variables: readonly Parameter[]): void {
    if (this.#owner && this.#owner.optimizer !== optimizer) this.native.resetSlots(0);
    this.#owner = { optimizer, variables };
    optimizer.bind(this.native, variables);
  }

  /** Keeps the weights where they are while a job trains them. */
  async training<T>(run: () => Promise<T>): Promise<T> {
    this.#jobs++;
    try {
      return await run();
    } finally {
      this.#jobs--;
    }
  }

  /** Weights move together with the slots of the one optimizer that is at work on them. */
  static #unite(homes: readonly Slab[], parameters: readonly Parameter[]): Slab {
    if (homes.some((slab) => slab.#jobs > 0)) {
      throw new ModelBusyError('a model that shares layers with this one is being trained; await it first');
    }
    const all = [...new Set([...homes.flatMap((home) => home.#inUse()), ...parameters])];
    const owners = homes.flatMap((slab) => slab.#owner ?? [])
      .filter(({ variables }) => variables.every((variable) => all.includes(variable)));
    const [owner] = owners;
    const state = owners.length === 1 ? owner!.optimizer.getWeights() : undefined;
    const slab = new Slab(all);
    for (const home of homes) for (const user of home.#users) slab.#users.add(user);
    if (!state) return slab;
    slab.bind(owner!.optimizer, owner!.variables);
    owner!.optimizer.setWeights(state);
    return slab;
  }

  /** The weights of models that have not been dropped since. */
  #inUse(): Parameter[] {
    const used = new Set([...this.#users].flatMap((user) => user.deref()?.slabParameters ?? []));
    return this.parameters.filter((parameter) => used.has(parameter) && parameter.store === this.native);
  }
}

const slabs = new WeakMap<NativeParameters, Slab>();
