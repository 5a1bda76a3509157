/**
 * How far a float32 result may lie from the float64 one, element by element, from the operands: u is the unit roundoff
 * 2^-24, each rounding adds at most u of the magnitude rounded, and a sum of n terms at most n u of the sum of their
 * magnitudes, in whatever order it is taken. Elementary functions are allowed 8 u: the kernels' tests hold them closer.
 */
import type { BufferId, Instruction, InstructionOf, Op, PointwiseFunction } from '../../lib/program/instruction.js';
import { operandsOf } from '../../lib/program/operands.js';
import { derivative, forward, softmax } from './formulas.js';
import { combineIndex, matrix, row, runInstruction, targetRow, type Matrix, type StepState } from './instructions.js';

const u = 2 ** -24;
/** Below this, flushing a denormal or losing its bits is allowed. */
const tiny = 2 ** -120;

type Bounds = Map<BufferId, Float64Array>;
/** `state.memory` holds the operands; outputs hold the exact results, or what was there where it is read as well. */
type Bound<O extends Op> = (instruction: InstructionOf<O>, state: StepState, bounds: Bounds) => void;

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const v of values) total += v;
  return total;
}

function magnitude(values: Float64Array): Float64Array {
  return values.map(Math.abs);
}

/** What f may lose besides 8 u of its value, where its formula cancels: near 0 for exp(x) - 1, in the tail for gelu. */
function cancellation(f: PointwiseFunction, x: number, alpha: number): number {
  if (f === 'elu') return Math.abs(alpha);
  if (f === 'selu') return 1.76;
  return f === 'gelu' || f === 'geluTanh' ? Math.abs(x) : 0;
}

/** The bound of f at x when x itself is off by up to `delta`. */
function functionBound(f: PointwiseFunction, x: number, alpha: number, delta = 0): number {
  const y = forward[f](x, alpha);
  const spread = Math.max(Math.abs(forward[f](x + delta, alpha) - y), Math.abs(forward[f](x - delta, alpha) - y));
  return 8 * u * (Math.abs(y) + cancellation(f, x, alpha)) + spread + tiny;
}

/** The sizes within the formula of f' that are rounded: what cancels, and x² before it becomes an exponent. */
function slopeTerms(f: PointwiseFunction, saved: number, alpha: number): number {
  switch (f) {
    case 'gelu': case 'geluTanh': case 'silu': return 1 + Math.abs(saved);
    case 'tanh': case 'sigmoid': return saved * saved;
    case 'elu': case 'selu': return Math.abs(saved) + cancellation(f, saved, alpha);
    case 'erf': return derivative.erf(saved, 0) * saved * saved;
    default: return 0;
  }
}

function slopeBound(f: PointwiseFunction, saved: number, alpha: number): number {
  return 16 * u * (Math.abs(derivative[f](saved, alpha)) + slopeTerms(f, saved, alpha));
}

/** Relative errors of a softmax row: the rounding of x - max grows with it, and the sum takes them all in. */
function softmaxBound(z: Float64Array): Float64Array {
  const p = softmax(z);
  const top = Math.max(...z);
  const common = sum(p.map((v, j) => v * (top - z[j]!))) + z.length + 16;
  return p.map((v, j) => u * v * (top - z[j]! + common) + tiny);
}

const gemm: Bound<'gemm'> = (g, { memory }, bounds) => {
  const [a, b, out] = [matrix(memory, g.a), matrix(memory, g.b), matrix(memory, g.out)];
  const bias = g.bias === undefined ? undefined : memory.get(g.bias).data;
  const before = out.data.slice();
  const saved = g.saved === undefined ? undefined : memory.get(g.saved).data;
  const depth = g.transposeA ? a.rows : a.cols;
  if (g.columnSums !== undefined) bounds.set(g.columnSums, columnSumBounds(b));
  bounds.set(g.out, before.map((old, index) => {
    const [i, j] = [Math.floor(index / out.cols), index % out.cols];
    let total = (bias?.[j] ?? 0) + (g.accumulate ? old : 0);
    let size = Math.abs(bias?.[j] ?? 0) + (g.accumulate ? Math.abs(old) : 0);
    for (let k = 0; k < depth; k++) {
      const term = a.data[g.transposeA ? k * a.cols + i : i * a.cols + k]!
        * b.data[g.transposeB ? j * b.cols + k : k * b.cols + j]!;
      total += term;
      size += Math.abs(term);
    }
    const delta = (depth + 2) * u * size;
    if (!saved) return functionBound(g.function, total, g.alpha, delta);
    const slope = Math.abs(derivative[g.function](saved[index]!, g.alpha));
    const inexact = slopeBound(g.function, saved[index]!, g.alpha);
    return delta * (slope + inexact) + Math.abs(total) * inexact + tiny;
  }));
};

/** Sums over rows, each of which adds a rounding of what was summed so far. */
function columnSumBounds(b: Matrix): Float64Array {
  const bounds = new Float64Array(b.cols).fill(tiny);
  b.data.forEach((v, i) => { bounds[i % b.cols]! += b.rows * u * Math.abs(v); });
  return bounds;
}

const pointwiseGradient: Bound<'pointwiseGradient'> = (p, { memory }, bounds) => {
  const saved = memory.get(p.saved).data;
  const dy = memory.get(p.dy).data;
  const out = matrix(memory, p.out);
  const each = dy.map((d, i) => Math.abs(d) * slopeBound(p.function, saved[i]!, p.alpha) + tiny);
  bounds.set(p.out, each);
  if (p.columnSums === undefined) return;
  const sums = new Float64Array(out.cols);
  dy.forEach((d, i) => {
    sums[i % out.cols]! += each[i]! + out.rows * u * Math.abs(d * derivative[p.function](saved[i]!, p.alpha));
  });
  bounds.set(p.columnSums, sums);
};

const combine: Bound<'combine'> = (c, { memory }, bounds) => {
  const a = memory.get(c.a).data;
  const b = matrix(memory, c.b);
  const out = matrix(memory, c.out);
  const exact = c.function === 'maximum' || c.function === 'minimum';
  bounds.set(c.out, a.map((x, i) => {
    const y = b.data[combineIndex(b.data.length, b.cols, a.length, out.cols, i)]!;
    const size = c.function === 'multiply' ? x * y : c.function === 'divide' ? x / y : Math.abs(x) + Math.abs(y);
    return exact ? 0 : 2 * u * Math.abs(size) + tiny;
  }));
};

const reduce: Bound<'reduce'> = (r, { memory }, bounds) => {
  const x = matrix(memory, r.x);
  const out = memory.get(r.out).data;
  const terms = r.overRows ? x.rows : x.cols;
  bounds.set(r.out, out.map((_, i) => {
    if (r.function === 'max') return 0;
    const size = sum(r.overRows ? magnitude(x.data).filter((_, k) => k % x.cols === i) : magnitude(row(x, i)));
    return (terms + 2) * u * (r.function === 'mean' ? size / terms : size) + tiny;
  }));
};

const softmaxGradient: Bound<'softmaxGradient'> = (s, { memory }, bounds) => {
  const [y, dy] = [matrix(memory, s.y), matrix(memory, s.dy)];
  bounds.set(s.out, y.data.map((v, index) => {
    const i = Math.floor(index / y.cols);
    const dot = sum(row(y, i).map((w, j) => Math.abs(w * row(dy, i)[j]!)));
    return u * Math.abs(v) * (2 * Math.abs(dy.data[index]!) + (y.cols + 4) * dot) + tiny;
  }));
};

/** Fills the bounds of a loss row by row: of its value, and of dvalue / dprediction. */
function lossBounds(l: InstructionOf<'loss' | 'softmaxCrossentropy' | 'sigmoidCrossentropy'>, prediction: BufferId,
                    { memory }: StepState, bounds: Bounds,
                    ofRow: (p: Float64Array, t: Float64Array) => { value: number; gradient: Float64Array }): void {
  const p = matrix(memory, prediction);
  const values = new Float64Array(p.rows);
  const gradient = new Float64Array(p.data.length);
  const scale = l.scale === undefined ? undefined : memory.get(l.scale).data;
  for (let i = 0; i < p.rows; i++) {
    const target = targetRow(memory, l.target, i, p.cols);
    // Smoothing moves t by up to s / n, which is no more than 1.
    const size = l.labelSmoothing === 0 ? target : target.map((t) => Math.abs(t) + l.labelSmoothing);
    const bound = ofRow(row(p, i), size);
    values[i] = bound.value + tiny;
    gradient.set(bound.gradient.map((g) => Math.abs(scale?.[i] ?? 0) * g + tiny), i * p.cols);
  }
  bounds.set(l.values, values);
  if (l.gradient !== undefined) bounds.set(l.gradient, gradient);
}

const softmaxCrossentropy: Bound<'softmaxCrossentropy'> = (l, state, bounds) => {
  const z = matrix(state.memory, l.logits);
  if (l.probabilities !== undefined) {
    bounds.set(l.probabilities, Float64Array.from(
      Array.from({ length: z.rows }, (_, i) => [...softmaxBound(row(z, i))]).flat()));
  }
  lossBounds(l, l.logits, state, bounds, (logits, t) => {
    const n = logits.length;
    const total = sum(magnitude(t));
    const largest = Math.max(...magnitude(logits));
    const p = softmax(logits);
    return {
      value: u * (n + 16) * total * (1 + 2 * largest + Math.log(n)),
      gradient: softmaxBound(logits).map((b, j) => total * b + u * ((n + 4) * total * p[j]! + 4 * Math.abs(t[j]!))),
    };
  });
};

const sigmoidCrossentropy: Bound<'sigmoidCrossentropy'> = (l, state, bounds) => {
  if (l.probabilities !== undefined) {
    bounds.set(l.probabilities, state.memory.get(l.logits).data.map((z) => functionBound('sigmoid', z, 0)));
  }
  lossBounds(l, l.logits, state, bounds, (logits, t) => {
    const n = logits.length;
    return {
      value: u * (n + 16) * sum(logits.map((z, j) => Math.abs(z) * (1 + Math.abs(t[j]!)) + 1)) / n,
      gradient: logits.map((_, j) => 12 * u * (1 + Math.abs(t[j]!)) / n),
    };
  });
};

type RowBound = (p: Float64Array, t: Float64Array) => { value: number; gradient: Float64Array };

/** Predictions of cross-entropies lie well inside the clip's range, see `Pool.probability`. */
const plainLosses: Record<InstructionOf<'loss'>['function'], RowBound> = {
  meanSquaredError: (p, t) => ({
    value: u * (p.length + 8) * sum(p.map((v, j) => (v - t[j]!) ** 2)) / p.length,
    gradient: p.map((v, j) => 8 * u * Math.abs(v - t[j]!) / p.length),
  }),
  meanAbsoluteError: (p, t) => ({
    value: u * (p.length + 8) * sum(p.map((v, j) => Math.abs(v - t[j]!))) / p.length,
    gradient: p.map(() => 4 * u / p.length),
  }),
  categoricalCrossentropy: (p, t) => {
    const total = sum(p);
    const dq = p.map((v, j) => Math.abs(t[j]!) * total / v);
    const pull = sum(dq.map((d, j) => d * p[j]!)) / total ** 2;
    const size = p.map((v, j) => Math.abs(t[j]!) * (2 + Math.abs(Math.log(v / total))));
    return {
      value: u * (p.length + 16) * sum(size),
      gradient: dq.map((d) => u * (2 * p.length + 24) * (d / total + pull)),
    };
  },
  sparseCategoricalCrossentropy: (p, t) => {
    const total = sum(p);
    const q = p[t.indexOf(1)]!;
    return {
      value: u * (p.length + 16) * (1 + Math.abs(Math.log(total)) + Math.abs(Math.log(q))),
      gradient: p.map((v) => u * (p.length + 16) * (1 / total + 1 / v)),
    };
  },
  binaryCrossentropy: (p, t) => {
    const size = p.map((q, j) => (1 + Math.abs(t[j]!)) * (1 - Math.log(q) - Math.log(1 - q)));
    return {
      value: u * (p.length + 16) * sum(size) / p.length,
      gradient: p.map((q, j) => 16 * u * (1 + Math.abs(t[j]!)) * (1 / q + 1 / (1 - q)) / p.length),
    };
  },
};

const lossScale: Bound<'lossScale'> = (l, { memory }, bounds) => {
  const out = memory.get(l.out).data;
  bounds.set(l.out, out.map((v) => (out.length + 4) * u * Math.abs(v)));
};

const accuracy: Bound<'accuracy'> = (a, { memory }, bounds) => {
  bounds.set(a.values, memory.get(a.values).data.map(() => (a.kind === 'binary' ? 2 * u : 0)));
};

/** Bounds from the result alone: `roundings` u of it. */
function relative(out: BufferId, state: StepState, bounds: Bounds, roundings: number): void {
  bounds.set(out, state.memory.get(out).data.map((v) => roundings * u * Math.abs(v) + tiny));
}

const sgd: Bound<'sgd'> = (s, { memory }, bounds) => {
  const [rate, momentum] = memory.get(s.scalars).data as unknown as [number, number];
  const g = memory.get(s.gradients).data;
  const m = s.momentum === undefined ? undefined : memory.get(s.momentum).data;
  const velocity = g.map((v, i) => Math.abs(rate * v) + Math.abs(momentum * (m?.[i] ?? 0)));
  const w = memory.get(s.parameters).data;
  bounds.set(s.parameters, w.map((x, i) => 8 * u * (Math.abs(x) + 2 * velocity[i]!) + tiny));
  if (s.momentum !== undefined) bounds.set(s.momentum, velocity.map((v) => 4 * u * v + tiny));
};

/** m and v are off by their own roundings, and w by what these do to the step. */
const adam: Bound<'adam'> = (a, { memory }, bounds) => {
  const [alpha, beta1, beta2, epsilon] = memory.get(a.scalars).data as unknown as [number, number, number, number];
  const get = (id: BufferId): Float64Array => memory.get(id).data;
  const [w, g, m, v] = [get(a.parameters), get(a.gradients), get(a.m), get(a.v)];
  const mBound = m.map((x, i) => 4 * u * (Math.abs(x) + Math.abs(g[i]!)) + tiny);
  const vBound = v.map((x, i) => 6 * u * (x + g[i]! ** 2) + tiny);
  bounds.set(a.m, mBound);
  bounds.set(a.v, vBound);
  if (a.vhat !== undefined) bounds.set(a.vhat, vBound);
  bounds.set(a.parameters, w.map((x, i) => {
    const newM = m[i]! + (g[i]! - m[i]!) * (1 - beta1);
    const newV = Math.max(v[i]! + (g[i]! ** 2 - v[i]!) * (1 - beta2), a.vhat === undefined ? 0 : get(a.vhat)[i]!);
    const root = Math.sqrt(newV) + epsilon;
    const step = Math.abs(alpha * newM / root);
    const rootBound = newV > 0 ? vBound[i]! / (2 * Math.sqrt(newV)) : Math.sqrt(vBound[i]!);
    return 8 * u * (Math.abs(x) + step) + Math.abs(alpha) * mBound[i]! / root + step * rootBound / root + tiny;
  }));
};

const byOp: { [O in Op]: Bound<O> } = {
  gemm, pointwiseGradient, combine, reduce, softmaxGradient, softmaxCrossentropy, sigmoidCrossentropy, lossScale,
  accuracy, sgd, adam,
  pointwise: (p, { memory }, bounds) =>
    void bounds.set(p.out, memory.get(p.x).data.map((x) => functionBound(p.function, x, p.alpha))),
  broadcast: (b, state, bounds) => relative(b.out, state, bounds, 2),
  softmax: (s, { memory }, bounds) => {
    const x = matrix(memory, s.x);
    bounds.set(s.out, Float64Array.from(Array.from({ length: x.rows }, (_, i) => [...softmaxBound(row(x, i))]).flat()));
  },
  loss: (l, state, bounds) => lossBounds(l, l.prediction, state, bounds, plainLosses[l.function]),
  accumulate: () => undefined,
  // The rate is a float32 as well, and 1 - rate keeps the rounding of the rate.
  dropout: (d, state, bounds) => relative(d.out, state, bounds, 4 / (1 - d.rate)),
  affine: (a, { memory }, bounds) => void bounds.set(a.out, memory.get(a.x).data.map((x) =>
    4 * u * (Math.abs(x * a.scale) + Math.abs(a.offset)) + tiny)),
};

/** Runs one instruction and says how far from its results a float32 run may be. */
export function runWithBounds(instruction: Instruction, state: StepState): Bounds {
  const bounds: Bounds = new Map();
  const bound = (): void => (byOp[instruction.op] as (i: Instruction, s: StepState, b: Bounds) => void)(
    instruction, state, bounds);
  const readsItsOutput = operandsOf(instruction).some(({ reads, writes }) => reads && writes);
  if (readsItsOutput) bound();
  runInstruction(instruction, state);
  if (!readsItsOutput) bound();
  return bounds;
}
