/** What each instruction does, in float64 and plain loops: the second writing of `lib/program/instruction.ts`. */
import type {
  Accumulate, Accuracy, Affine, Broadcast, BufferId, Combine, CombineFunction, Dropout, Gemm, Instruction,
  InstructionOf, Loss, LossScale, Op, Pointwise, PointwiseGradient, Reduce, SigmoidCrossentropy, Softmax,
  SoftmaxCrossentropy, SoftmaxGradient,
} from '../../lib/program/instruction.js';
import { derivative, forward, sigmoid, softmax } from './formulas.js';
import { loss, oneHot, sigmoidCrossentropy, smooth, softmaxCrossentropy, type LossOfRow } from './losses.js';
import type { Memory } from './memory.js';
import { adam, sgd } from './optimizers.js';
import { keeps } from './random.js';

/** What a step is about besides its memory. */
export interface StepState {
  memory: Memory;
  /** Total and count of each accumulator. */
  accumulators: Float64Array;
  key: [number, number];
  step: number;
}

type Executor<O extends Op> = (instruction: InstructionOf<O>, state: StepState) => void;

export interface Matrix { data: Float64Array; rows: number; cols: number }

/** A buffer with all axes but the last merged. */
export function matrix(memory: Memory, id: BufferId): Matrix {
  const { data, shape } = memory.get(id);
  const cols = shape.at(-1) ?? 1;
  return { data, cols, rows: cols === 0 ? shape.slice(0, -1).reduce((a, b) => a * b, 1) : data.length / cols };
}

export function row(m: Matrix, i: number): Float64Array {
  return m.data.subarray(i * m.cols, (i + 1) * m.cols);
}

function optional(memory: Memory, id: BufferId | undefined): Float64Array | undefined {
  return id === undefined ? undefined : memory.get(id).data;
}

function gemm(g: Gemm, { memory }: StepState): void {
  const a = matrix(memory, g.a);
  const b = matrix(memory, g.b);
  const out = matrix(memory, g.out);
  const bias = optional(memory, g.bias);
  const saved = optional(memory, g.saved);
  const depth = g.transposeA ? a.rows : a.cols;
  for (let i = 0; i < out.rows; i++) {
    for (let j = 0; j < out.cols; j++) {
      let sum = bias ? bias[j]! : 0;
      for (let k = 0; k < depth; k++) {
        sum += a.data[g.transposeA ? k * a.cols + i : i * a.cols + k]!
          * b.data[g.transposeB ? j * b.cols + k : k * b.cols + j]!;
      }
      if (g.accumulate) sum += out.data[i * out.cols + j]!;
      out.data[i * out.cols + j] = saved ? sum * derivative[g.function](saved[i * out.cols + j]!, g.alpha)
        : forward[g.function](sum, g.alpha);
    }
  }
  const sums = optional(memory, g.columnSums);
  sums?.fill(0);
  if (sums) for (let k = 0; k < depth; k++) row(b, k).forEach((v, j) => { sums[j]! += v; });
}

function pointwise(p: Pointwise, { memory }: StepState): void {
  memory.get(p.out).data.set(memory.get(p.x).data.map((x) => forward[p.function](x, p.alpha)));
}

function pointwiseGradient(p: PointwiseGradient, { memory }: StepState): void {
  const saved = memory.get(p.saved).data;
  const out = matrix(memory, p.out);
  out.data.set(memory.get(p.dy).data.map((dy, i) => dy * derivative[p.function](saved[i]!, p.alpha)));
  const sums = optional(memory, p.columnSums);
  sums?.fill(0);
  if (sums) for (let i = 0; i < out.rows; i++) row(out, i).forEach((v, j) => { sums[j]! += v; });
}

export const combineFormulas: Record<CombineFunction, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
};

/** Which element of b meets element i of out: its own, the one of its column, or the one of its row. */
export function combineIndex(bLength: number, bCols: number, outLength: number, outCols: number, i: number): number {
  if (bLength === outLength) return i;
  return bLength === outCols && bCols === outCols ? i % outCols : Math.floor(i / outCols);
}

function combine(c: Combine, { memory }: StepState): void {
  const b = matrix(memory, c.b);
  const out = matrix(memory, c.out);
  const formula = combineFormulas[c.function];
  out.data.set(memory.get(c.a).data.map((a, i) =>
    formula(a, b.data[combineIndex(b.data.length, b.cols, out.data.length, out.cols, i)]!)));
}

function reduceValues(values: Float64Array, name: Reduce['function']): number {
  if (name === 'max') return values.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = values.reduce((a, b) => a + b, 0);
  return name === 'mean' ? sum / values.length : sum;
}

function reduce(r: Reduce, { memory }: StepState): void {
  const x = matrix(memory, r.x);
  const column = (j: number): Float64Array => Float64Array.from({ length: x.rows }, (_, i) => x.data[i * x.cols + j]!);
  memory.get(r.out).data.forEach((_, i, out) => {
    out[i] = reduceValues(r.overRows ? column(i) : row(x, i), r.function);
  });
}

function broadcast(b: Broadcast, { memory }: StepState): void {
  const x = memory.get(b.x).data;
  const out = matrix(memory, b.out);
  for (let i = 0; i < out.rows; i++) row(out, i).fill(b.scale * x[i]!);
}

function softmaxRows(s: Softmax, { memory }: StepState): void {
  const x = matrix(memory, s.x);
  const out = matrix(memory, s.out);
  for (let i = 0; i < x.rows; i++) row(out, i).set(softmax(row(x, i)));
}

function softmaxGradient(s: SoftmaxGradient, { memory }: StepState): void {
  const y = matrix(memory, s.y);
  const dy = matrix(memory, s.dy);
  const out = matrix(memory, s.out);
  for (let i = 0; i < y.rows; i++) {
    const dot = row(y, i).reduce((sum, v, j) => sum + v * row(dy, i)[j]!, 0);
    row(out, i).set(row(y, i).map((v, j) => v * (row(dy, i)[j]! - dot)));
  }
}

type LossInstruction = SoftmaxCrossentropy | SigmoidCrossentropy | Loss;

/** Row i of a dense target as it is, of an integer target one-hot. */
export function targetRow(memory: Memory, id: BufferId, i: number, cols: number): Float64Array {
  const target = memory.get(id).data;
  return memory.isInteger(id) ? oneHot(target[i]!, cols) : target.subarray(i * cols, (i + 1) * cols);
}

function losses(l: LossInstruction, prediction: BufferId, { memory }: StepState,
                formula: (p: Float64Array, t: Float64Array) => LossOfRow): void {
  const p = matrix(memory, prediction);
  const values = memory.get(l.values).data;
  const scale = optional(memory, l.scale);
  const gradient = l.gradient === undefined ? undefined : matrix(memory, l.gradient);
  for (let i = 0; i < p.rows; i++) {
    const ofRow = formula(Float64Array.from(row(p, i)), targetRow(memory, l.target, i, p.cols));
    values[i] = ofRow.value;
    if (gradient) row(gradient, i).set(ofRow.gradient.map((g) => g * scale![i]!));
  }
}

function softmaxLoss(l: SoftmaxCrossentropy, state: StepState): void {
  const z = matrix(state.memory, l.logits);
  if (l.probabilities !== undefined) {
    const out = matrix(state.memory, l.probabilities);
    for (let i = 0; i < z.rows; i++) row(out, i).set(softmax(row(z, i)));
  }
  losses(l, l.logits, state, (p, t) => softmaxCrossentropy(p, smooth(t, l.labelSmoothing, p.length)));
}

function sigmoidLoss(l: SigmoidCrossentropy, state: StepState): void {
  if (l.probabilities !== undefined) {
    state.memory.get(l.probabilities).data.set(state.memory.get(l.logits).data.map(sigmoid));
  }
  losses(l, l.logits, state, (p, t) => sigmoidCrossentropy(p, smooth(t, l.labelSmoothing, 2)));
}

function plainLoss(l: Loss, state: StepState): void {
  losses(l, l.prediction, state, (p, t) => loss(l.function, p, t, l.labelSmoothing));
}

function lossScale(l: LossScale, { memory }: StepState): void {
  const out = memory.get(l.out).data;
  const weights = optional(memory, l.weights);
  const each = out.map((_, i) => (weights ? weights[Math.floor(i * weights.length / out.length)]! : 1));
  const sum = each.reduce((a, b) => a + b, 0);
  const divisor = { sum: 1, sumOverBatchSize: out.length, meanWithSampleWeight: sum }[l.reduction];
  out.set(each.map((w) => (divisor === 0 ? 0 : w / divisor)));
}

function firstLargest(values: Float64Array): number {
  return values.indexOf(values.reduce((a, b) => Math.max(a, b), -Infinity));
}

function accuracy(a: Accuracy, { memory }: StepState): void {
  const p = matrix(memory, a.prediction);
  const target = memory.get(a.target).data;
  memory.get(a.values).data.forEach((_, i, values) => {
    const t = target.subarray(i * p.cols, (i + 1) * p.cols);
    if (a.kind === 'sparse') values[i] = Number(firstLargest(row(p, i)) === target[i]);
    else if (a.kind === 'categorical') values[i] = Number(firstLargest(row(p, i)) === firstLargest(t));
    else values[i] = reduceValues(row(p, i).map((v, j) => Number(Number(v > a.threshold) === t[j])), 'mean');
  });
}

function accumulate(a: Accumulate, { memory, accumulators }: StepState): void {
  const values = memory.get(a.values).data;
  const weights = optional(memory, a.weights);
  let total = 0;
  let count = 0;
  values.forEach((v, i) => {
    const w = weights ? weights[Math.floor(i * weights.length / values.length)]! : 1;
    total += w * v;
    count += w;
  });
  accumulators[2 * a.into]! += a.asLoss ? memory.rows * total : total;
  accumulators[2 * a.into + 1]! += a.asLoss ? memory.rows : count;
}

function dropout(d: Dropout, { memory, key, step }: StepState): void {
  memory.get(d.out).data.set(memory.get(d.x).data.map((x, i) =>
    (keeps(i, d.rate, step, d.stream, key) ? x / (1 - d.rate) : 0)));
}

function affine(a: Affine, { memory }: StepState): void {
  memory.get(a.out).data.set(memory.get(a.x).data.map((x) => x * a.scale + a.offset));
}

function sgdStep(s: InstructionOf<'sgd'>, { memory }: StepState): void {
  const [learningRate, momentum, decay] = memory.get(s.scalars).data as unknown as [number, number, number];
  sgd(memory.get(s.parameters).data, memory.get(s.gradients).data, optional(memory, s.momentum),
    { learningRate, momentum, decay: s.weightDecay ? decay : 0, nesterov: s.nesterov });
}

function adamStep(a: InstructionOf<'adam'>, { memory }: StepState): void {
  const [alpha, beta1, beta2, epsilon, decay] =
    memory.get(a.scalars).data as unknown as [number, number, number, number, number];
  adam(memory.get(a.parameters).data, memory.get(a.gradients).data, memory.get(a.m).data, memory.get(a.v).data,
    optional(memory, a.vhat), { alpha, beta1, beta2, epsilon, decay: a.weightDecay ? decay : 0 });
}

const executors: { [O in Op]: Executor<O> } = {
  gemm, pointwise, pointwiseGradient, combine, reduce, broadcast, softmax: softmaxRows, softmaxGradient,
  softmaxCrossentropy: softmaxLoss, sigmoidCrossentropy: sigmoidLoss, loss: plainLoss, lossScale, accuracy, accumulate,
  dropout, affine, sgd: sgdStep, adam: adamStep,
};

/** Runs one instruction on memory that is already filled. */
export function runInstruction(instruction: Instruction, state: StepState): void {
  (executors[instruction.op] as (i: Instruction, s: StepState) => void)(instruction, state);
}
