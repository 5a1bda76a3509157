/** Data with zeros in them, of many kinds and densities, each with the layers that come before the products. */
import { Dropout, fashionMnist, mnist, NdArray, Rescaling, type CsrMatrix } from '../lib/index.js';
import type { Layer } from '../lib/layers/layer.js';

export interface SparseCase {
  name: string;
  columns: number;
  before(): Layer[];
  /** Whether it may be that the data cannot be had here. */
  mayBeMissing?: boolean;
  /** Rows of x. */
  load(rows: number): Promise<NdArray | CsrMatrix>;
}

/** In per cent. */
const densities = [1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100];

const pixels = 784;

function rescaling(): Layer[] {
  return [new Rescaling(1 / 255)];
}

function randomBytes(rows: number, density: number): NdArray {
  const bytes = Uint8Array.from({ length: rows * pixels },
    () => Math.random() < density ? 1 + Math.floor(255 * Math.random()) : 0);
  return new NdArray(bytes, [rows, pixels]);
}

function ofDensity(percent: number): SparseCase {
  return { name: `random bytes, ${percent} % not 0`, columns: pixels, before: rescaling,
    load: async (rows) => randomBytes(rows, percent / 100) };
}

async function images(set: typeof mnist, rows: number): Promise<NdArray> {
  const [[x]] = await set.loadData();
  return x.reshape([-1, pixels]).slice(0, rows);
}

/** Each row has a 1 in each of `fields` groups of `values` columns. */
function oneHot(rows: number, fields: number, values: number): NdArray {
  const bytes = new Uint8Array(rows * fields * values);
  for (let group = 0; group < rows * fields; group++) bytes[group * values + Math.floor(Math.random() * values)] = 1;
  return new NdArray(bytes, [rows, fields * values]);
}

/** Counts of words: so many different ones in each row, ascending. */
function bagOfWords(rows: number, words: number, columns: number): CsrMatrix {
  const indices = new Uint32Array(rows * words);
  const stride = Math.floor(columns / words);
  for (let i = 0; i < indices.length; i++) indices[i] = (i % words) * stride + Math.floor(Math.random() * stride);
  const indptr = Uint32Array.from({ length: rows + 1 }, (_, i) => i * words);
  return { indptr, indices, values: new Float32Array(rows * words).fill(1), shape: [rows, columns] };
}

export const sparseCases: readonly SparseCase[] = [
  ...densities.map(ofDensity),
  { name: 'MNIST as bytes', columns: pixels, before: rescaling, load: (rows) => images(mnist, rows) },
  { name: 'MNIST as floats', columns: pixels, before: () => [],
    load: async (rows) => (await images(mnist, rows)).divide(255) },
  { name: 'Fashion-MNIST as bytes', columns: pixels, before: rescaling, mayBeMissing: true,
    load: (rows) => images(fashionMnist, rows) },
  { name: 'dropout of 80 % of dense inputs', columns: pixels, before: () => [new Rescaling(1 / 255), new Dropout(0.8)],
    load: async (rows) => randomBytes(rows, 1) },
  { name: 'one-hot table, 20 of 1000', columns: 1000, before: () => [], load: async (rows) => oneHot(rows, 20, 50) },
  { name: 'bag of words in CSR, 100 of 20000', columns: 20_000, before: () => [],
    load: async (rows) => bagOfWords(rows, 100, 20_000) },
];
