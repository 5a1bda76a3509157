/** Whether memory of the user's is still there. */
import type { FixedInput } from './arrays.js';

/** TypeError when memory of the user's was transferred away or shrunk since it was checked. */
export function checkIntact(argument: string, array: FixedInput): void {
  if (hasItsMemory(array)) return;
  throw new TypeError(`\`${argument}\` was transferred (detached) or resized while the model was reading it`);
}

function hasItsMemory(array: FixedInput): boolean {
  if (!('indptr' in array)) return array.data.length >= array.rows * array.rowLength;
  const { indptr, indices, values, rows, length } = array;
  return indptr.length > rows && indices.length === length && values.length === length;
}
