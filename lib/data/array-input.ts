/** What may be passed wherever arrays go in. */
import type { NdArray } from '../nd-array.js';
import type { TypedArray } from './typed-array.js';

/** Nested arrays of numbers, bigints that are safe integers, or booleans; the innermost may be typed arrays. */
export type NestedNumbers = readonly (number | bigint | boolean | TypedArray | NestedNumbers)[];

/** Numbers one after the other. */
export type NumberList = TypedArray | readonly (number | bigint | boolean)[];

/** An array of another library: its elements in row-major order, and the sizes of its axes. */
export interface ShapedArray {
  readonly data: NumberList;
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

/**
 * A matrix in compressed sparse row form, as scipy's `csr_matrix`: row `i` holds `values[j]` in column `indices[j]` for
 * j from `indptr[i]` to `indptr[i + 1]` - 1, and 0 in all other columns. What scipy calls `data` is named `values`.
 *
 * It may be the inputs of a model whose rows are flat, and gives the same results, bit for bit, as the matrix with its
 * zeros; but at most the batch at hand is ever in memory with its zeros. Not even that is where it goes into `Dense`
 * layers alone (`Rescaling` without an offset may stand before them), at most a tenth of it is given, and `precision`
 * does not let bfloat16 be multiplied: a bag of words may have millions of columns then, and the time of a step goes
 * with the values in it. What is not given is not multiplied there, so that a weight, or a gradient, that is NaN or
 * infinite does not show where it would be multiplied by 0. `SGD` without momentum and weight decay changes only the
 * weights of columns that occur in the batch; all other rules change all weights in every step, as they do in Keras.
 *
 * `indptr` may begin above 0 and end before the last of `indices`, so rows `a` to `b` - 1 are
 * `{ ...matrix, indptr: indptr.subarray(a, b + 1), shape: [b - a, columns] }`. A row may have its columns in any order,
 * and a column more than once: its values are added up, as scipy does. Such a matrix is copied; one whose rows ascend
 * is read where it lies if `indptr` and `indices` are Int32Arrays or Uint32Arrays and `values` a Float32Array, as are
 * other arrays (see `ArrayInput`), and other types are converted. There may be 2^32 - 1 values.
 */
export interface CsrMatrix {
  readonly indptr: NumberList;
  readonly indices: NumberList;
  readonly values: NumberList;
  /** `[rows, columns]`. */
  readonly shape: readonly number[];
}

/** What a model takes as x. */
export type InputData = ArrayInput | CsrMatrix;
