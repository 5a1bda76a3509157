/** Optimizer slots as a list of arrays in Keras's order, read from and written to the slab of the model. */
import { rangeError } from '../errors.js';
import { writeTo, type Parameter } from '../layers/parameter.js';
import type { NativeParameters } from '../native.js';
import { NdArray } from '../nd-array.js';

export interface OptimizerArray {
  data: ArrayLike<number | bigint>;
  shape: readonly number[];
}

interface SlotOfVariable {
  name: string;
  variable: Parameter;
  slot: number;
}

/** Group by group; in a group variable by variable; of a variable slot by slot. */
function inOrder(variables: readonly Parameter[], groups: readonly (readonly string[])[]): SlotOfVariable[] {
  const numbers = groups.flat();
  return groups.flatMap((group) => variables.flatMap((variable) => group.map((name) => (
    { name: `${variable.path}/${name}`, variable, slot: numbers.indexOf(name) }
  ))));
}

export function readSlots(store: NativeParameters | undefined, variables: readonly Parameter[],
                          groups: readonly (readonly string[])[]): NdArray[] {
  if (!store) return [];
  return inOrder(variables, groups).map(({ variable, slot }) => {
    const values = new Float32Array(variable.size);
    store.read(variable.index, slot, values);
    return new NdArray(values, [...variable.shape]);
  });
}

/** Checks all arrays before it writes the first. */
export function writeSlots(store: NativeParameters | undefined, variables: readonly Parameter[],
                           groups: readonly (readonly string[])[], arrays: readonly OptimizerArray[]): void {
  const slots = inOrder(variables, groups);
  if (!store && arrays.length > 0) throw new Error('the optimizer has no slots yet: compile and build the model first');
  if (arrays.length !== slots.length) {
    throw new RangeError(`the optimizer has ${slots.length} arrays beside iterations and learning rate, `
      + `received ${arrays.length}`);
  }
  slots.forEach(({ name, variable }, i) => {
    const { shape } = arrays[i]!;
    const same = shape.length === variable.shape.length && shape.every((axis, j) => axis === variable.shape[j]);
    if (!same) throw rangeError(name, `of shape [${variable.shape.join(', ')}]`, arrays[i]);
  });
  slots.forEach(({ variable, slot }, i) => {
    writeTo(store!, variable, slot, Float32Array.from(arrays[i]!.data, Number));
  });
}
