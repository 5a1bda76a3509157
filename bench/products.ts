/** Matrix products by their sizes: op(A) is m by k, op(B) k by n. */

/** Whether A, then B, is read transposed (t) or as it lies (n), as in the names of BLAS. */
export const transpositions = ['nn', 'tn', 'nt', 'tt'] as const;
export type Transposition = (typeof transpositions)[number];

export interface Product {
  m: number;
  n: number;
  k: number;
  transpose: Transposition;
  /** What it is in the seed model. */
  about?: string;
}

/** Sides of the shapes that `--grid` measures. */
export const grid = [1, 3, 8, 10, 16, 31, 64, 100, 128, 256, 784, 1000] as const;

/** The products of the seed model at batch 128, one row of it, and squares. */
export const usualProducts: readonly Product[] = [
  { m: 128, n: 128, k: 784, transpose: 'nn', about: 'forward 1' },
  { m: 128, n: 128, k: 128, transpose: 'nn', about: 'forward 2' },
  { m: 128, n: 10, k: 128, transpose: 'nn', about: 'forward 3' },
  { m: 784, n: 128, k: 128, transpose: 'tn', about: 'weight gradient 1' },
  { m: 128, n: 128, k: 128, transpose: 'tn', about: 'weight gradient 2' },
  { m: 128, n: 10, k: 128, transpose: 'tn', about: 'weight gradient 3' },
  { m: 128, n: 128, k: 128, transpose: 'nt', about: 'input gradient 2' },
  { m: 128, n: 128, k: 10, transpose: 'nt', about: 'input gradient 3' },
  { m: 128, n: 784, k: 128, transpose: 'nn' },
  { m: 1, n: 128, k: 784, transpose: 'nn', about: 'one row' },
  ...[256, 512, 1024, 2048].map((side): Product => ({ m: side, n: side, k: side, transpose: 'nn' })),
];

export function productName({ m, n, k, transpose, about }: Product): string {
  return `${m}x${n}x${k}:${transpose}${about ? ` ${about}` : ''}`;
}
