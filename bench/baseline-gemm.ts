/** Matrix products in plain TypeScript: inner loops run along rows, zeros of A are skipped. */
import type { Product } from './products.js';

/** c = op(a) op(b); c is m by n. */
export function baselineGemm({ m, n, k, transpose }: Product, a: Float32Array, b: Float32Array, c: Float32Array): void {
  const [aRow, aColumn] = transpose[0] === 't' ? [1, m] : [k, 1];
  if (transpose[1] === 't') return multiplyTransposedB(m, n, k, aRow, aColumn, a, b, c);
  c.fill(0);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const value = a[i * aRow + p * aColumn]!;
      if (value === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j]! += value * b[p * n + j]!;
    }
  }
}

/** B is n by k as it lies, so that rows of it are multiplied with rows of A. */
function multiplyTransposedB(m: number, n: number, k: number, aRow: number, aColumn: number, a: Float32Array,
                             b: Float32Array, c: Float32Array): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * aRow + p * aColumn]! * b[j * k + p]!;
      c[i * n + j] = sum;
    }
  }
}
