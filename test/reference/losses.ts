/** Value and gradient of the loss of one element (one row of `cols` numbers), in float64. */
import type { LossFunction } from '../../lib/program/instruction.js';
import { logSumExp, sigmoid, softmax, softplus } from './formulas.js';

const epsilon = 1e-7;

export interface LossOfRow {
  value: number;
  /** dvalue / dprediction. */
  gradient: Float64Array;
}

function clip(p: number): number {
  return Math.min(Math.max(p, epsilon), 1 - epsilon);
}

/** 1 inside the range of the clip, ends included, else 0. */
function clipGradient(p: number): number {
  return p >= epsilon && p <= 1 - epsilon ? 1 : 0;
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

/** t * (1 - s) + s / parts. */
export function smooth(target: Float64Array, labelSmoothing: number, parts: number): Float64Array {
  return target.map((t) => t * (1 - labelSmoothing) + labelSmoothing / parts);
}

export function oneHot(label: number, cols: number): Float64Array {
  const row = new Float64Array(cols);
  row[label] = 1;
  return row;
}

/** sum(t) * logsumexp(z) - sum(t z); gradient sum(t) * softmax(z) - t. */
export function softmaxCrossentropy(z: Float64Array, t: Float64Array): LossOfRow {
  const total = sum(t);
  const p = softmax(z);
  const dot = z.reduce((acc, v, j) => acc + (t[j] === 0 ? 0 : t[j]! * v), 0);
  return { value: total * logSumExp(z) - dot, gradient: p.map((v, j) => total * v - t[j]!) };
}

/** mean of softplus(z) - z t, which is max(z, 0) - z t + log1p(exp(-|z|)); gradient (sigmoid(z) - t) / n. */
export function sigmoidCrossentropy(z: Float64Array, t: Float64Array): LossOfRow {
  const n = z.length;
  return {
    value: sum(z.map((v, j) => softplus(v) - v * t[j]!)) / n,
    gradient: z.map((v, j) => (sigmoid(v) - t[j]!) / n),
  };
}

type Formula = (p: Float64Array, t: Float64Array) => LossOfRow;

/** The plain losses from prediction p and (smoothed or one-hot) target t. */
const formulas: Record<LossFunction, Formula> = {
  meanSquaredError: (p, t) => ({
    value: sum(p.map((v, j) => (v - t[j]!) ** 2)) / p.length,
    gradient: p.map((v, j) => 2 * (v - t[j]!) / p.length),
  }),
  meanAbsoluteError: (p, t) => ({
    value: sum(p.map((v, j) => Math.abs(v - t[j]!))) / p.length,
    gradient: p.map((v, j) => Math.sign(v - t[j]!) / p.length),
  }),
  categoricalCrossentropy: (p, t) => {
    const total = sum(p);
    const q = p.map((v) => clip(v / total));
    const dq = q.map((v, j) => -t[j]! / v * clipGradient(p[j]! / total));
    const pull = sum(dq.map((d, j) => d * p[j]!)) / (total * total);
    return { value: -sum(q.map((v, j) => t[j]! * Math.log(v))), gradient: dq.map((d) => d / total - pull) };
  },
  sparseCategoricalCrossentropy: (p, t) => {
    const q = p.map(clip);
    const total = sum(q);
    const label = t.indexOf(1);
    return {
      value: Math.log(total) - Math.log(q[label]!),
      gradient: p.map((v, j) => clipGradient(v) * (1 / total - (j === label ? 1 / q[j]! : 0))),
    };
  },
  binaryCrossentropy: (p, t) => {
    const n = p.length;
    const q = p.map(clip);
    return {
      value: -sum(q.map((v, j) => t[j]! * Math.log(v) + (1 - t[j]!) * Math.log1p(-v))) / n,
      gradient: q.map((v, j) => clipGradient(p[j]!) * ((1 - t[j]!) / (1 - v) - t[j]! / v) / n),
    };
  },
};

export function loss(name: LossFunction, prediction: Float64Array, target: Float64Array,
                     labelSmoothing: number): LossOfRow {
  const parts = name === 'binaryCrossentropy' ? 2 : prediction.length;
  const smoothed = labelSmoothing === 0 ? target : smooth(target, labelSmoothing, parts);
  return formulas[name](prediction, smoothed);
}
