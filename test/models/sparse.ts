/** Matrices with many zeros, dense and in CSR form. */
import { NdArray, type CsrMatrix } from '../../lib/index.js';
import { numbers } from './blobs.js';

export const columns = 40;

/** About one element in eight is not zero; rows 0, 5, 10, … are empty, and so are columns 0, 9, 18, … */
export function withZeros(rows: number, seed = 3): NdArray<Float32Array> {
  const next = numbers(seed);
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [value, kept] = [2 * next() - 1, next() < 0.125];
    return kept && Math.floor(i / columns) % 5 > 0 && (i % columns) % 9 > 0 ? value : 0;
  });
  return new NdArray(data, [rows, columns]);
}

export interface FittingCsr extends CsrMatrix {
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** What is not zero, in the types that need no conversion. */
export function csrOf({ data, shape: [rows, width] }: NdArray): FittingCsr {
  const indptr = [0], indices = [], values = [];
  for (let i = 0; i < rows! * width!; i++) {
    if (data[i] !== 0) {
      indices.push(i % width!);
      values.push(Number(data[i]));
    }
    if (i % width! === width! - 1) indptr.push(indices.length);
  }
  return {
    indptr: Int32Array.from(indptr), indices: Int32Array.from(indices), values: Float32Array.from(values),
    shape: [rows!, width!],
  };
}
