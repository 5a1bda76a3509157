/**
 * The elementary functions in float64, written for being read: y = f(x) and f'(x) from what the instruction saves.
 * At a kink the derivative is the one `pointwiseGradient` promises (0 for relu and abs at 0, alpha for elu).
 */
import type { PointwiseFunction } from '../../lib/program/instruction.js';

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
const twoOverRootPi = 2 / Math.sqrt(Math.PI);
const rootTwoOverPi = Math.sqrt(2 / Math.PI);

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** By its series of positive terms, 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, and 1 - erfc where that is all but 1. */
export function erf(x: number): number {
  if (!(Math.abs(x) <= 3)) return Number.isNaN(x) ? NaN : x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * sum;
}

/** 1 - erf without cancellation: for x > 2 the continued fraction e^(-x²)/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))). */
export function erfc(x: number): number {
  if (!(x > 2)) return 1 - erf(x);
  if (x === Infinity) return 0;
  let tail = x;
  for (let n = 100; n >= 1; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

function geluTanhInner(x: number): number {
  return rootTwoOverPi * (x + 0.044715 * x * x * x);
}

export const forward: Record<PointwiseFunction, (x: number, alpha: number) => number> = {
  linear: (x) => x,
  relu: (x) => (x <= 0 ? 0 : x),
  sigmoid,
  tanh: Math.tanh,
  elu: (x, alpha) => (x <= 0 ? alpha * Math.expm1(x) : x),
  selu: (x) => seluScale * (x <= 0 ? seluAlpha * Math.expm1(x) : x),
  leakyRelu: (x, alpha) => (x <= 0 ? alpha * x : x),
  gelu: (x) => 0.5 * x * erfc(-x / Math.SQRT2),
  geluTanh: (x) => x * sigmoid(2 * geluTanhInner(x)),
  silu: (x) => x * sigmoid(x),
  softplus,
  exponential: Math.exp,
  log: Math.log,
  erf,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  abs: Math.abs,
  negate: (x) => -x,
  reciprocal: (x) => 1 / x,
};

/** f'(x), given y = f(x) where `pointwiseSaves` says 'output', else x. */
export const derivative: Record<PointwiseFunction, (saved: number, alpha: number) => number> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  sigmoid: (y) => y * (1 - y),
  tanh: (y) => 1 - y * y,
  elu: (y, alpha) => (y > 0 ? 1 : y + alpha),
  selu: (y) => (y > 0 ? seluScale : y + seluScale * seluAlpha),
  leakyRelu: (y, alpha) => (y > 0 ? 1 : alpha),
  gelu: (x) => 0.5 * erfc(-x / Math.SQRT2) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
  geluTanh: (x) => {
    const s = sigmoid(2 * geluTanhInner(x));
    return s + x * s * (1 - s) * 2 * rootTwoOverPi * (1 + 3 * 0.044715 * x * x);
  },
  silu: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  softplus: sigmoid,
  exponential: (y) => y,
  log: (x) => 1 / x,
  erf: (x) => twoOverRootPi * Math.exp(-x * x),
  square: (x) => 2 * x,
  sqrt: (y) => 0.5 / y,
  abs: (x) => Math.sign(x),
  negate: () => -1,
  reciprocal: (y) => -y * y,
};

/** Softmax of a row, with the maximum subtracted first. */
export function softmax(z: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(z);
  const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = values.map((v) => Math.exp(v - top));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}

/** log Σ exp(z). */
export function logSumExp(z: ArrayLike<number>): number {
  const values = Float64Array.from(z);
  const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}
