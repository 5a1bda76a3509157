/**
 * The instruction set: everything a program can ask of the native core, one interface an instruction.
 *
 * Mirrors `native/program/instruction.h` name for name and field for field; `test/contract.test.ts` compares the two.
 * An operand is the index of a buffer of the program (`BufferId`). Buffers have any rank and their first axis is
 * usually `rows`; where an instruction speaks of a matrix, all axes but the last are merged:
 * `[rows, 7, 5]` is a matrix of `rows * 7` by `5`. "Elements" below are the rows of that matrix.
 */

/** Index into `ProgramSpec.buffers`. */
export type BufferId = number;

/**
 * Elementary functions of one variable. `pointwiseSaves` says whether the gradient reads the output or the input.
 * `alpha` is the slope of leakyRelu for x < 0 and the scale of elu; the others ignore it.
 */
export const pointwiseFunctions = [
  'linear', 'relu', 'sigmoid', 'tanh', 'elu', 'selu', 'leakyRelu', 'gelu', 'geluTanh', 'silu', 'softplus',
  'exponential', 'log', 'erf', 'square', 'sqrt', 'abs', 'negate', 'reciprocal',
] as const;
export type PointwiseFunction = (typeof pointwiseFunctions)[number];

/** What `pointwiseGradient` must be given as `saved`: the function's output y, or its input x. */
export const pointwiseSaves: Record<PointwiseFunction, 'output' | 'input'> = {
  linear: 'output', relu: 'output', sigmoid: 'output', tanh: 'output', elu: 'output', selu: 'output',
  leakyRelu: 'output', gelu: 'input', geluTanh: 'input', silu: 'input', softplus: 'input', exponential: 'output',
  log: 'input', erf: 'input', square: 'input', sqrt: 'output', abs: 'input', negate: 'output', reciprocal: 'output',
};

export const combineFunctions = ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'] as const;
export type CombineFunction = (typeof combineFunctions)[number];

export const reduceFunctions = ['sum', 'mean', 'max'] as const;
export type ReduceFunction = (typeof reduceFunctions)[number];

/** Losses on plain predictions; the two that are computed from logits are instructions of their own. */
export const lossFunctions = [
  'meanSquaredError', 'meanAbsoluteError', 'categoricalCrossentropy', 'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
] as const;
export type LossFunction = (typeof lossFunctions)[number];

export const accuracyKinds = ['binary', 'categorical', 'sparse'] as const;
export type AccuracyKind = (typeof accuracyKinds)[number];

export const reductions = ['sumOverBatchSize', 'sum', 'meanWithSampleWeight'] as const;
export type Reduction = (typeof reductions)[number];

/**
 * out = function(op(a) · op(b) + bias [+ out]); op transposes the merged matrix. a is m×k, b is k×n, out m×n, bias n.
 * With `saved`, which has the shape of out, out = (op(a) · op(b)) * function'(saved): the gradient of a function in the
 * same pass; there is no bias then and nothing is added. columnSums[j] = sum over p of b[p, j], in ascending order of p
 * (the gradient of a bias, beside that of the weights); b is not transposed then.
 */
export interface Gemm {
  op: 'gemm';
  a: BufferId;
  b: BufferId;
  bias?: BufferId;
  saved?: BufferId;
  out: BufferId;
  columnSums?: BufferId;
  transposeA: boolean;
  transposeB: boolean;
  /** Adds the old contents of `out` before the function. */
  accumulate: boolean;
  function: PointwiseFunction;
  alpha: number;
}

/** out = function(x), element by element; out may be x. */
export interface Pointwise {
  op: 'pointwise';
  x: BufferId;
  out: BufferId;
  function: PointwiseFunction;
  alpha: number;
}

/**
 * out = dy * function'(saved), and columnSums[j] = sum over rows of out[., j] (the gradient of a bias).
 * With `linear`, out is a copy of dy; out may be dy.
 */
export interface PointwiseGradient {
  op: 'pointwiseGradient';
  saved: BufferId;
  dy: BufferId;
  out: BufferId;
  columnSums?: BufferId;
  function: PointwiseFunction;
  alpha: number;
}

/**
 * out = a ∘ b. Either a has the shape of out; b has it too, or b is a vector as long as the last axis (repeated over
 * elements), or b's last axis is 1 and its others are those of out (repeated along the last axis).
 */
export interface Combine {
  op: 'combine';
  a: BufferId;
  b: BufferId;
  out: BufferId;
  function: CombineFunction;
}

/** Over the last axis (out has last axis 1), or over all elements (`overRows`; out is a vector of the last axis). */
export interface Reduce {
  op: 'reduce';
  x: BufferId;
  out: BufferId;
  function: ReduceFunction;
  overRows: boolean;
}

/** out[i, j] = scale * x[i, 0]; the gradient of a sum (scale 1) or mean (1 / n) over the last axis. */
export interface Broadcast {
  op: 'broadcast';
  x: BufferId;
  out: BufferId;
  scale: number;
}

/** Softmax over the last axis, with the row's maximum subtracted first. */
export interface Softmax {
  op: 'softmax';
  x: BufferId;
  out: BufferId;
}

/** out = y * (dy - sum(dy * y)), over the last axis, where y is the softmax. */
export interface SoftmaxGradient {
  op: 'softmaxGradient';
  y: BufferId;
  dy: BufferId;
  out: BufferId;
}

/**
 * From logits z, per element: values = sum(t) * logsumexp(z) - sum(t * z), t = target * (1 - s) + s / n for a dense
 * target (f32, shape of logits), or the one-hot row of an integer target (i32, last axis dropped or 1).
 * probabilities = softmax(z). gradient = scale * (sum(t) * softmax(z) - t), scale one factor per element.
 */
export interface SoftmaxCrossentropy {
  op: 'softmaxCrossentropy';
  logits: BufferId;
  target: BufferId;
  /** Required with `gradient`. */
  scale?: BufferId;
  values: BufferId;
  probabilities?: BufferId;
  gradient?: BufferId;
  labelSmoothing: number;
}

/**
 * From logits z: values = mean over the last axis of max(z, 0) - z * t + log1p(exp(-|z|)), t = target * (1 - s) + s / 2.
 * gradient = scale * (sigmoid(z) - t) / n. probabilities = sigmoid(z).
 */
export interface SigmoidCrossentropy {
  op: 'sigmoidCrossentropy';
  logits: BufferId;
  target: BufferId;
  scale?: BufferId;
  values: BufferId;
  probabilities?: BufferId;
  gradient?: BufferId;
  labelSmoothing: number;
}

/**
 * values = the loss of each element from plain predictions p, as Keras defines it (epsilon 1e-7):
 * meanSquaredError, meanAbsoluteError: mean over the last axis of (p - t)², |p - t| (gradient 0 at p = t);
 * categoricalCrossentropy: q = p / sum(p), clipped to [ε, 1 - ε], -sum(t log q);
 * sparseCategoricalCrossentropy: q = clip(p), -log(q[t] / sum(q));
 * binaryCrossentropy: q = clip(p), mean over the last axis of -(t log q + (1 - t) log(1 - q)).
 * The gradient of a clip is 0 outside its range. gradient = scale * dvalues/dprediction.
 */
export interface Loss {
  op: 'loss';
  prediction: BufferId;
  target: BufferId;
  scale?: BufferId;
  values: BufferId;
  gradient?: BufferId;
  function: LossFunction;
  labelSmoothing: number;
}

/**
 * The factor of each element's loss in the batch's loss, w being the element's weight (1 without `weights`) and N the
 * number of elements: w / N (sumOverBatchSize), w (sum), w / sum(w) (meanWithSampleWeight; 0 where sum(w) is 0).
 * `weights` has one value a row; a row of several elements passes its weight to each.
 */
export interface LossScale {
  op: 'lossScale';
  weights?: BufferId;
  out: BufferId;
  reduction: Reduction;
}

/**
 * values = 1 where the prediction is right, else 0. categorical: the first largest of the prediction is the first
 * largest of the dense target; sparse: it is the integer target; binary: mean over the last axis of
 * (p > threshold) = (t != 0 as given: equality of t with 0 or 1).
 */
export interface Accuracy {
  op: 'accuracy';
  prediction: BufferId;
  target: BufferId;
  values: BufferId;
  kind: AccuracyKind;
  threshold: number;
}

/**
 * Adds to accumulator `into` (a pair of doubles, total and count), in order of elements.
 * asLoss: total += rows * sum(weights * values), count += rows, weights being what lossScale wrote.
 * else:   total += sum(weights * values), count += sum(weights); weights may be per row, missing ones are 1.
 */
export interface Accumulate {
  op: 'accumulate';
  values: BufferId;
  weights?: BufferId;
  into: number;
  asLoss: boolean;
}

/**
 * out = x * mask / (1 - rate): an element is kept with probability 1 - rate. The mask is a pure function of
 * (seed, epoch, step, stream, index of the element in the batch), so the gradient is the same instruction on dy.
 */
export interface Dropout {
  op: 'dropout';
  x: BufferId;
  out: BufferId;
  rate: number;
  stream: number;
}

/** out = x * scale + offset (two roundings); out may be x. */
export interface Affine {
  op: 'affine';
  x: BufferId;
  out: BufferId;
  scale: number;
  offset: number;
}

/**
 * SGD as Keras does it, over a range of parameters; scalars = [learningRate, momentum, weightDecay * learningRate].
 * w -= w * decay (when weightDecay). Without `momentum`: w -= lr * g. With it: m = momentum * m - lr * g;
 * w += m, or with nesterov w += momentum * m - lr * g, m being the new one.
 */
export interface Sgd {
  op: 'sgd';
  parameters: BufferId;
  gradients: BufferId;
  momentum?: BufferId;
  scalars: BufferId;
  nesterov: boolean;
  weightDecay: boolean;
}

/**
 * Adam as Keras does it; scalars = [alpha, beta1, beta2, epsilon, weightDecay * learningRate] with
 * alpha = learningRate * sqrt(1 - beta2^t) / (1 - beta1^t), t = iterations + 1.
 * w -= w * decay (when weightDecay); m += (g - m) * (1 - beta1); v += (g² - v) * (1 - beta2);
 * with vhat: vhat = max(vhat, v), used for v; w -= alpha * m / (sqrt(v) + epsilon).
 */
export interface Adam {
  op: 'adam';
  parameters: BufferId;
  gradients: BufferId;
  m: BufferId;
  v: BufferId;
  vhat?: BufferId;
  scalars: BufferId;
  weightDecay: boolean;
}

export type Instruction =
  | Gemm | Pointwise | PointwiseGradient | Combine | Reduce | Broadcast | Softmax | SoftmaxGradient
  | SoftmaxCrossentropy | SigmoidCrossentropy | Loss | LossScale | Accuracy | Accumulate | Dropout | Affine | Sgd | Adam;

export type Op = Instruction['op'];
export type InstructionOf<O extends Op> = Extract<Instruction, { op: O }>;
