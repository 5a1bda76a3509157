/** What may be passed wherever arrays go in. */
import type { NdArray } from '../nd-array.js';
import type { TypedArray } from './typed-array.js';

/** Nested arrays of numbers, bigints that are safe integers, or booleans; the innermost may be typed arrays. */
export type NestedNumbers = readonly (number | bigint | boolean | TypedArray | NestedNumbers)[];

/** An array of another library: its elements in row-major order, and the sizes of its axes. */
export interface ShapedArray {
  readonly data: TypedArray | readonly (number | bigint | boolean)[];
  readonly shape: readonly number[];
}

/**
 * Data for a model. The first axis counts the samples. A bare typed array holds whole samples one after the other,
 * and the model's own shapes say how long a sample is.
 *
 * Floats of 32 bits and unsigned bytes are read where they lie, without a copy, and so are 32-bit integers; other
 * types are converted. To transfer (detach) or shrink the memory below an array while a model reads it is a
 * programming error, as it is with Node's own `fs.read`; it is noticed and rejects.
 */
export type ArrayInput = NdArray | ShapedArray | TypedArray | NestedNumbers;
