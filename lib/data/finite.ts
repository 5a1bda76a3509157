/** Numbers that are not finite, looked for before anything is computed with them. */
import type { FixedCsr, FixedInput } from './arrays.js';
import { finishInSlices, sliceLength, type SlicedWork } from './slices.js';

/**
 * RangeError that names row and column when the array holds NaN or an infinity. Works in slices, so that the event loop
 * keeps its turn; integers need no look.
 */
export async function checkFinite(argument: string, array: FixedInput): Promise<void> {
  if ('indptr' in array) await finishInSlices(lookThroughCsr(argument, array));
  else if (array.data instanceof Float32Array) await finishInSlices(lookThrough(argument, array.data, array.rowLength));
}

/** `checkFinite` as work that may be interrupted. */
export function* lookThrough(argument: string, data: Float32Array, rowLength: number): SlicedWork<void> {
  for (let begin = 0; begin < data.length; begin += sliceLength) {
    const end = Math.min(data.length, begin + sliceLength);
    for (let i = begin; i < end; i++) {
      const value = data[i]!;
      if (!Number.isFinite(value)) throw notFinite(argument, value, Math.floor(i / rowLength), i % rowLength);
    }
    yield;
  }
}

function* lookThroughCsr(argument: string, { indptr, indices, values }: FixedCsr): SlicedWork<void> {
  for (let begin = indptr[0]!; begin < indptr.at(-1)!; begin += sliceLength) {
    const end = Math.min(indptr.at(-1)!, begin + sliceLength);
    for (let i = begin; i < end; i++) {
      if (Number.isFinite(values[i])) continue;
      throw notFinite(argument, values[i]!, indptr.findIndex((here) => here > i) - 1, indices[i]!);
    }
    yield;
  }
}

export function notFinite(argument: string, value: number, row: number, column: number): RangeError {
  return new RangeError(`\`${argument}\` must hold finite numbers, received ${value} in row ${row}, column ${column}`);
}
