/** The weights a user gives a model or a layer. */
import { shapeOf, toInputSync, type ArrayInput } from '../data/arrays.js';
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

/** The array's elements, when it has the parameter's shape; a bare typed array needs the right length. */
function valuesFor(parameter: Parameter, argument: string, array: ArrayInput): ArrayLike<number> {
  const { path, shape, size } = parameter;
  const expected = `of shape [${shape.join(', ')}] (${path})`;
  const given = shapeOf(argument, array);
  if (given && !(given.length === shape.length && given.every((axis, i) => axis === shape[i]))) {
    throw new RangeError(`\`${argument}\` must be ${expected}, received shape [${given.join(', ')}]`);
  }
  const { data } = toInputSync(argument, array, [null, ...shape.slice(1)]);
  if (data.length !== size) throw rangeError(argument, expected, array);
  return data;
}
