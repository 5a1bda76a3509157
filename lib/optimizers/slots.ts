/** Optimizer slots as a list of arrays in Keras's order, read from and written to the slab of the model. */
import type { ArrayInput } from '../data/arrays.js';
import { typeError } from '../errors.js';
import { writeTo, type Parameter } from '../layers/parameter.js';
import { scalarFor, valuesFor, type WeightPlace } from '../layers/weights.js';
import type { NativeParameters } from '../native.js';
import { NdArray } from '../nd-array.js';

/** A slot of a variable; it is as large as the variable. */
interface SlotOfVariable extends WeightPlace {
  variable: Parameter;
  slot: number;
}

/** Group by group; in a group variable by variable; of a variable slot by slot. */
function inOrder(variables: readonly Parameter[], groups: readonly (readonly string[])[]): SlotOfVariable[] {
  const numbers = groups.flat();
  return groups.flatMap((group) => variables.flatMap((variable) => group.map((name) => (
    { path: `${variable.path}/${name}`, shape: variable.shape, variable, slot: numbers.indexOf(name) }
  ))));
}

/** The slots of an optimizer's variables; none before the slab is there. */
export class Slots {
  readonly #store: NativeParameters | undefined;
  readonly #slots: readonly SlotOfVariable[];

  constructor(store: NativeParameters | undefined, variables: readonly Parameter[],
              groups: readonly (readonly string[])[]) {
    this.#store = store;
    this.#slots = store ? inOrder(variables, groups) : [];
  }

  read(): NdArray[] {
    return this.#slots.map(({ variable, slot }) => {
      const values = new Float32Array(variable.size);
      this.#store!.read(variable.index, slot, values);
      return new NdArray(values, [...variable.shape]);
    });
  }

  /**
   * Splits what `getWeights` of an optimizer gives into `scalars` numbers and the values of the slots. Everything is
   * checked; nothing is written before `write` is called.
   */
  prepare(arrays: readonly (ArrayInput | number)[], scalars: readonly string[]): { numbers: number[]; write(): void } {
    this.#checkCount(arrays, scalars);
    const numbers = scalars.map((name, i) => scalarFor(`weights[${i}] (${name})`, arrays[i]!));
    const values = this.#slots.map((place, i) => {
      const at = scalars.length + i;
      return Float32Array.from(valuesFor(place, `weights[${at}]`, arrays[at] as ArrayInput));
    });
    const write = (): void => this.#slots.forEach(({ variable, slot }, i) => {
      writeTo(this.#store!, variable, slot, values[i]!);
    });
    return { numbers, write };
  }

  #checkCount(arrays: readonly unknown[], scalars: readonly string[]): void {
    if (!Array.isArray(arrays)) throw typeError('weights', 'an array of arrays', arrays);
    const expected = scalars.length + this.#slots.length;
    if (arrays.length === expected) return;
    if (!this.#store && arrays.length > expected) {
      throw new TypeError('the optimizer has no slots yet: compile and build the model first');
    }
    const parts = [...scalars, `${this.#slots.length} slots`].join(', ');
    throw new RangeError(`\`weights\` must be ${expected} arrays (${parts}), received ${arrays.length}`);
  }
}
