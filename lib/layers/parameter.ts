/** A weight array of a layer: it holds its values until a model takes them into its slab, and reads them there then. */
import type { NativeParameters } from '../native.js';
import type { Initializer } from '../initializers/initializer.js';
import { ModelBusyError, rangeError, show } from '../errors.js';

export interface ParameterOptions {
  /** The layer's name: the first half of `path`. */
  layer: string;
  name: string;
  shape: readonly number[];
  initializer: Initializer;
  trainable?: boolean;
}

export class Parameter {
  readonly name: string;
  /** Layer and name, as Keras writes it: `dense/kernel`. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Whether an optimizer changes it; read when a model is compiled. */
  trainable: boolean;
  #values: Float32Array | undefined;
  #store: NativeParameters | undefined;
  #index = -1;

  constructor({ layer, name, shape, initializer, trainable = true }: ParameterOptions) {
    this.name = name;
    this.path = `${layer}/${name}`;
    this.shape = [...shape];
    this.initializer = initializer;
    this.trainable = trainable;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, axis) => product * axis, 1);
  }

  /** Its place in the slab of the model that adopted it; -1 before. */
  get index(): number {
    return this.#index;
  }

  /** Whether its values live in this slab. */
  isIn(store: NativeParameters): boolean {
    return this.#store === store;
  }

  /** The slab it lies in, once a model has adopted it. */
  get store(): NativeParameters | undefined {
    return this.#store;
  }

  /** A copy of the values; the first read makes the initial ones. */
  read(): Float32Array {
    if (!this.#store) return this.#initial().slice();
    const values = new Float32Array(this.size);
    this.#store.read(this.#index, -1, values);
    return values;
  }

  /** Replaces all values. RangeError when their number is not `size`. */
  write(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      const shape = `[${this.shape.join(', ')}]`;
      throw new RangeError(`\`${this.path}\` has ${this.size} values in shape ${shape}, received ${show(values)}`);
    }
    const copy = Float32Array.from(values);
    if (this.#store) writeTo(this.#store, this, -1, copy);
    else this.#values = copy;
  }

  /** Moves the values into place `index` of a model's slab, where they live from then on. */
  adopt(store: NativeParameters, index: number): void {
    store.write(index, -1, this.#store ? this.read() : this.#initial());
    this.#store = store;
    this.#index = index;
    this.#values = undefined;
  }

  /** Takes the values back out of the slab, for a model that is being rebuilt. */
  release(): void {
    if (!this.#store) return;
    this.#values = this.read();
    this.#store = undefined;
    this.#index = -1;
  }

  #initial(): Float32Array {
    if (this.#values) return this.#values;
    const values = this.initializer.generate(this.shape);
    if (!(values instanceof Float32Array) || values.length !== this.size) {
      const expected = `one that generates a Float32Array of ${this.size} values`;
      throw rangeError(`initializer of ${this.path}`, expected, values);
    }
    return (this.#values = values);
  }
}

/**
 * Writes a parameter (slot -1) or an optimizer's slot of it.
 * @throws ModelBusyError while a native job trains the slab
 */
export function writeTo(store: NativeParameters, { index, path }: Parameter, slot: number, values: Float32Array): void {
  try {
    store.write(index, slot, values);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('while a job trains')) throw error;
    throw new ModelBusyError(`\`${path}\` cannot be written while a fit runs on its model`, { cause: error });
  }
}
