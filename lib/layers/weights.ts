/** The weights a user gives a model, a layer or an optimizer. */
import { shapeOf, toInputSync, type ArrayInput } from '../data/arrays.js';
import { flatten } from '../data/nested.js';
import { finishAtOnce } from '../data/slices.js';
import { describeSource } from '../data/source.js';
import { sizeOf } from '../data/typed-array.js';
import { rangeError, typeError } from '../errors.js';
import type { Parameter } from './parameter.js';

/** Replaces all weights; checks every array before it writes the first. */
export function writeWeights(parameters: readonly Parameter[], arrays: readonly ArrayInput[]): void {
  if (!Array.isArray(arrays)) throw typeError('weights', 'an array of arrays', arrays);
  if (arrays.length !== parameters.length) {
    throw new RangeError(`\`weights\` must be ${parameters.length} arrays, one for each weight, ` +
      `received ${arrays.length}`);
  }
  const values = parameters.map((parameter, i) => valuesFor(parameter, `weights[${i}]`, arrays[i] as ArrayInput));
  parameters.forEach((parameter, i) => parameter.write(values[i]!));
}

/** Where values go: their shape, and what errors call it. */
export interface WeightPlace {
  path: string;
  shape: readonly number[];
}

/** The array's elements, when it has the shape of the place; a bare typed array needs the right length. */
export function valuesFor({ path, shape }: WeightPlace, argument: string, array: ArrayInput): ArrayLike<number> {
  const expected = `of shape [${shape.join(', ')}] (${path})`;
  const given = shapeOf(argument, array);
  if (given && !(given.length === shape.length && given.every((axis, i) => axis === shape[i]))) {
    throw new RangeError(`\`${argument}\` must be ${expected}, received shape [${given.join(', ')}]`);
  }
  const { data } = toInputSync(argument, array, [null, ...shape.slice(1)]);
  if (data.length !== sizeOf(shape)) throw rangeError(argument, expected, array);
  return data;
}

/** The only element of an array, unrounded; a plain number stands for itself. */
export function scalarFor(argument: string, array: ArrayInput | number): number {
  if (typeof array === 'number') return array;
  const source = describeSource(argument, array);
  const size = source.kind === 'typed' ? source.data.length : sizeOf(source.nesting);
  if (size !== 1) throw rangeError(argument, 'an array of one number', array);
  if (source.kind === 'typed') return Number(source.data[0]);
  const value = new Float64Array(1);
  finishAtOnce(flatten(argument, source.values, source.nesting, value));
  return value[0]!;
}
