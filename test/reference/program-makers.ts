/** One maker an instruction: each appends the instruction, with operands of fitting shapes, to a random program. */
import {
  accuracyKinds, combineFunctions, lossFunctions, pointwiseFunctions, reduceFunctions, reductions,
  type LossFunction, type Op, type PointwiseFunction,
} from '../../lib/program/instruction.js';
import type { Shape } from '../../lib/program/spec.js';
import { forward } from './formulas.js';
import { Pool, sameShape, type Known } from './program-pool.js';

/** Functions whose gradient is unbounded near 0, and which need their operand positive. */
const positiveOnly: readonly PointwiseFunction[] = ['log', 'sqrt', 'reciprocal'];
/** Functions that squeeze anything into [-2, 2]. */
const squeezing: readonly PointwiseFunction[] = ['tanh', 'sigmoid', 'erf'];

function chooseFunction(p: Pool, limit: number, floor = 0): PointwiseFunction {
  if (limit > 100) return p.dice.pick(squeezing);
  return p.dice.pick(pointwiseFunctions.filter((f) =>
    (floor > 0 || !positiveOnly.includes(f)) && (limit <= 8 || f !== 'exponential')));
}

function alphaOf(p: Pool, f: PointwiseFunction): number {
  return f === 'elu' || f === 'leakyRelu' ? p.dice.pick([0.25, 0.5, 1]) : 0;
}

/** The largest |f| over [-limit, limit] (all functions take it at an end, or stay below 2), or over [floor, limit]. */
function limitOf(f: PointwiseFunction, limit: number, floor: number): number {
  const low = positiveOnly.includes(f) ? floor : -limit;
  return Math.max(Math.abs(forward[f](limit, 1)), Math.abs(forward[f](low, 1)), f === 'linear' ? limit : 0.2);
}

function last(shape: Shape): number {
  return shape.at(-1)!;
}

function makeGemm(p: Pool): void {
  const a = p.matrix(1e3);
  const k = last(a.shape);
  const n = p.dice.chance(0.3) ? k : p.size();
  const transposeB = p.dice.chance(0.4);
  const b = p.parameter(transposeB ? [n, k] : [k, n]);
  const bias = p.dice.chance(0.5) ? p.parameter([n]) : undefined;
  const shape = [...a.shape.slice(0, -1), n];
  const before = p.dice.chance(0.5) ? p.find((v) => sameShape(v.shape, shape) && v.limit <= 1e3) : undefined;
  const limit = a.limit * b.limit * k + 1 + (before?.limit ?? 0);
  const f = chooseFunction(p, limit);
  const out = p.out(shape, limitOf(f, limit, 0));
  if (before) p.code.push({ op: 'pointwise', x: before.id, out: out.id, function: 'linear', alpha: 0 });
  p.code.push({ op: 'gemm', a: a.id, b: b.id, ...(bias ? { bias: bias.id } : {}), out: out.id, transposeA: false,
    transposeB, accumulate: before !== undefined, function: f, alpha: alphaOf(p, f) });
}

/** xᵀ · dy: the gradient of a weight, over all rows, sometimes with that of a bias. */
function makeWeightGradient(p: Pool): void {
  const a = p.matrix(1e3);
  const elements = a.shape.slice(0, -1);
  const b = p.find((v) => v.shape.length > 1 && sameShape(v.shape.slice(0, -1), elements) && v.limit <= 1e3)!;
  const out = p.out([last(a.shape), last(b.shape)], 1e9);
  const columnSums = p.dice.chance(0.5) ? { columnSums: p.out([last(b.shape)], 1e9).id } : {};
  p.code.push({ op: 'gemm', a: a.id, b: b.id, out: out.id, ...columnSums, transposeA: true, transposeB: false,
    accumulate: false, function: 'linear', alpha: 0 });
}

/** (dz · wᵀ) * f'(saved): the gradient of a function's input, through the layer behind it. */
function makeInputGradient(p: Pool): void {
  const saved = p.matrix(100);
  const dz = p.find((v) => v.shape.length > 1 && v.limit <= 1e3
    && sameShape(v.shape.slice(0, -1), saved.shape.slice(0, -1)))!;
  const w = p.parameter([last(saved.shape), last(dz.shape)]);
  const f = p.dice.pick(pointwiseFunctions.filter((g) => saved.floor !== undefined || !positiveOnly.includes(g)));
  const out = p.out(saved.shape, w.limit * dz.limit * last(dz.shape) * 1e4);
  p.code.push({ op: 'gemm', a: dz.id, b: w.id, saved: saved.id, out: out.id, transposeA: false, transposeB: true,
    accumulate: false, function: f, alpha: alphaOf(p, f) });
}

function makePointwise(p: Pool): void {
  const x = p.matrix();
  const f = chooseFunction(p, x.limit, x.floor);
  const out = p.out(x.shape, limitOf(f, x.limit, x.floor ?? 0), f === 'sigmoid' && x.limit < 4 ? 0.015 : undefined);
  p.code.push({ op: 'pointwise', x: x.id, out: out.id, function: f, alpha: alphaOf(p, f) });
}

function makePointwiseGradient(p: Pool): void {
  const saved = p.matrix(100);
  const dy = p.like(saved);
  const f = p.dice.pick(pointwiseFunctions.filter((g) => saved.floor !== undefined || !positiveOnly.includes(g)));
  const out = p.out(saved.shape, dy.limit * 1e4);
  const columnSums = p.dice.chance(0.5) ? p.out([last(saved.shape)], 1e9) : undefined;
  p.code.push({ op: 'pointwiseGradient', saved: saved.id, dy: dy.id, out: out.id,
    ...(columnSums ? { columnSums: columnSums.id } : {}), function: f, alpha: alphaOf(p, f) });
}

function makeCombine(p: Pool): void {
  const a = p.matrix(1e3);
  const cols = last(a.shape);
  const isSecond = (v: Known): boolean => v.limit <= 1e3 && (sameShape(v.shape, a.shape)
    || sameShape(v.shape, [cols]) || sameShape(v.shape, [...a.shape.slice(0, -1), 1]));
  const b = p.dice.chance(0.3) ? p.parameter([cols]) : p.find(isSecond)!;
  const f = p.dice.pick(combineFunctions.filter((g) => b.floor !== undefined || g !== 'divide'));
  const limit = f === 'multiply' ? a.limit * b.limit : f === 'divide' ? a.limit / b.floor! : a.limit + b.limit;
  p.code.push({ op: 'combine', a: a.id, b: b.id, out: p.out(a.shape, limit).id, function: f });
}

function makeReduce(p: Pool): void {
  const x = p.matrix();
  const overRows = p.dice.chance(0.5);
  const out = p.out(overRows ? [last(x.shape)] : [...x.shape.slice(0, -1), 1], x.limit * 1e4);
  p.code.push({ op: 'reduce', x: x.id, out: out.id, function: p.dice.pick(reduceFunctions), overRows });
}

function makeBroadcast(p: Pool): void {
  const x = p.find((v) => v.shape[0] === null && v.shape.length > 1 && last(v.shape) === 1);
  if (!x) return makeReduce(p);
  const out = p.out([...x.shape.slice(0, -1), p.size()], x.limit);
  p.code.push({ op: 'broadcast', x: x.id, out: out.id, scale: p.dice.pick([1, 0.25, 0.1]) });
}

function makeSoftmax(p: Pool): void {
  const x = p.matrix(100);
  p.code.push({ op: 'softmax', x: x.id, out: p.out(x.shape, 1).id });
}

function makeSoftmaxGradient(p: Pool): void {
  const y = p.matrix(100);
  const dy = p.like(y);
  const out = p.out(y.shape, 1e3 * y.limit * (1 + y.limit) * dy.limit);
  p.code.push({ op: 'softmaxGradient', y: y.id, dy: dy.id, out: out.id });
}

function makeLossScale(p: Pool, elements?: Shape): Known {
  const shape = elements ?? p.matrix().shape.slice(0, -1);
  const weights = p.find((v) => p.buffers[v.id]!.kind === 'weights');
  const out = p.out(shape, 1);
  p.code.push({ op: 'lossScale', ...(weights && p.dice.chance(0.7) ? { weights: weights.id } : {}), out: out.id,
    reduction: p.dice.pick(reductions) });
  return out;
}

/** The operands that every loss has, with and without a gradient. */
function lossOperands(p: Pool, shape: Shape, integer: boolean) {
  const elements = shape.slice(0, -1);
  const target = p.target(elements, last(shape), integer);
  const withGradient = p.dice.chance(0.7);
  const scale = withGradient ? makeLossScale(p, elements).id : undefined;
  const values = p.out(elements, 1e3).id;
  return { target, values, ...(withGradient ? { scale: scale!, gradient: p.out(shape, 1e3).id } : {}) };
}

function makeLogitsLoss(p: Pool, op: 'softmaxCrossentropy' | 'sigmoidCrossentropy'): void {
  const logits = p.matrix(100);
  const integer = op === 'softmaxCrossentropy' && last(logits.shape) > 1 && p.dice.chance(0.5);
  const operands = lossOperands(p, logits.shape, integer);
  const probabilities = p.dice.chance(0.5) ? { probabilities: p.out(logits.shape, 1).id } : {};
  p.code.push({ op, logits: logits.id, ...operands, ...probabilities,
    labelSmoothing: integer ? 0 : p.dice.pick([0, 0.1]) });
}

function makeLoss(p: Pool): void {
  const f: LossFunction = p.dice.pick(lossFunctions);
  const shape = p.matrix(1e3).shape;
  const prediction = f.startsWith('mean') ? p.find((v) => sameShape(v.shape, shape) && v.limit <= 1e3)!
    : p.probability(shape);
  const smooths = f === 'categoricalCrossentropy' || f === 'binaryCrossentropy';
  p.code.push({ op: 'loss', prediction: prediction.id, ...lossOperands(p, shape, f.startsWith('sparse')),
    function: f, labelSmoothing: smooths ? p.dice.pick([0, 0.1]) : 0 });
}

function makeAccuracy(p: Pool): void {
  const prediction = p.matrix();
  const kind = p.dice.pick(accuracyKinds);
  const elements = prediction.shape.slice(0, -1);
  const target = p.target(elements, last(prediction.shape), kind === 'sparse');
  p.code.push({ op: 'accuracy', prediction: prediction.id, target, values: p.out(elements, 1).id, kind,
    threshold: p.dice.pick([0.5, 0.25]) });
}

/** Values of elements, weighted by the element, by the row, or not at all. */
function makeAccumulate(p: Pool): void {
  const values = p.find((v) => v.shape[0] === null && last(v.shape) !== 1) ?? p.matrix();
  const elements = values.shape.length > 1 ? makeReduced(p, values) : values;
  const rowWeights = p.find((v) => p.buffers[v.id]!.kind === 'weights');
  const weights = p.dice.pick([undefined, rowWeights, makeLossScale(p, elements.shape)]);
  const asLoss = weights !== undefined && weights !== rowWeights && p.dice.chance(0.5);
  p.code.push({ op: 'accumulate', values: elements.id, ...(weights ? { weights: weights.id } : {}),
    into: p.accumulators++, asLoss });
}

/** The mean over the last axis, as a value an element. */
function makeReduced(p: Pool, values: Known): Known {
  const elements = values.shape.slice(0, -1);
  const out = p.scratch([...elements, 1]);
  p.code.push({ op: 'reduce', x: values.id, out, function: 'mean', overRows: false });
  const view = p.add({ kind: 'view', name: 'v', dtype: 'f32', shape: elements, of: out });
  return p.learn(view, elements, values.limit);
}

function makeDropout(p: Pool): void {
  const x = p.matrix();
  p.code.push({ op: 'dropout', x: x.id, out: p.out(x.shape, x.limit * 10).id, rate: p.dice.pick([0.1, 0.5, 0.9]),
    stream: p.dice.below(5) });
}

function makeAffine(p: Pool): void {
  const x = p.matrix();
  const [scale, offset] = p.dice.pick([[0.5, 0], [-1.5, 0.3], [1 / 255, -1]] as const);
  const out = p.out(x.shape, Math.abs(scale) * x.limit + Math.abs(offset));
  p.code.push({ op: 'affine', x: x.id, out: out.id, scale, offset });
}

/** All but the optimizers, which close a program. */
type MakerName = Exclude<Op, 'sgd' | 'adam'> | 'weightGradient' | 'inputGradient' | 'view';
export const makers: Record<MakerName, (p: Pool) => void> = {
  gemm: makeGemm, weightGradient: makeWeightGradient, inputGradient: makeInputGradient,
  view: (p) => void p.view(p.matrix()), pointwise: makePointwise, pointwiseGradient: makePointwiseGradient, combine: makeCombine, reduce: makeReduce, broadcast: makeBroadcast,
  softmax: makeSoftmax, softmaxGradient: makeSoftmaxGradient,
  softmaxCrossentropy: (p) => makeLogitsLoss(p, 'softmaxCrossentropy'),
  sigmoidCrossentropy: (p) => makeLogitsLoss(p, 'sigmoidCrossentropy'), loss: makeLoss,
  lossScale: (p) => void makeLossScale(p), accuracy: makeAccuracy, accumulate: makeAccumulate, dropout: makeDropout,
  affine: makeAffine,
};
