/** Kernels in plain TypeScript, under the names of the cases. */
import { cols, elements, rows } from './suites/one-instruction.js';

/** Functions of one element. */
export const plainFunctions: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0), sigmoid: (x) => 1 / (1 + Math.exp(-x)), tanh: Math.tanh, exponential: Math.exp,
  log: Math.log, sqrt: Math.sqrt, silu: (x) => x / (1 + Math.exp(-x)),
};

/** Instructions over matrices of rows by cols. */
const wave = Float32Array.from({ length: elements }, (_, i) => Math.sin(i));
const result = new Float32Array(elements);
const velocity = new Float32Array(elements);

export const plainInstructions: Readonly<Record<string, () => void>> = {
  'combine add': () => { for (let i = 0; i < elements; i++) result[i] = wave[i]! + wave[i]!; },
  'affine': () => { for (let i = 0; i < elements; i++) result[i] = 2 * wave[i]! + 1; },
  'reduce sum of rows': () => {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += wave[i * cols + j]!;
      result[i] = sum;
    }
  },
  'reduce sum of columns': () => {
    result.fill(0, 0, cols);
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) result[j]! += wave[i * cols + j]!;
  },
  'softmax': () => {
    for (let begin = 0; begin < elements; begin += cols) {
      let largest = -Infinity;
      for (let j = 0; j < cols; j++) largest = Math.max(largest, wave[begin + j]!);
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += result[begin + j] = Math.exp(wave[begin + j]! - largest);
      for (let j = 0; j < cols; j++) result[begin + j]! /= sum;
    }
  },
  'sgd': () => { for (let i = 0; i < elements; i++) result[i]! -= 1e-3 * wave[i]!; },
  'sgd nesterov': () => {
    for (let i = 0; i < elements; i++) {
      const step = 1e-3 * wave[i]!;
      velocity[i] = 0.9 * velocity[i]! - step;
      result[i]! += 0.9 * velocity[i]! - step;
    }
  },
};
