/** One instruction at a time, but for the pointwise functions and gemm, which have suites of their own. */
import { cpu } from '../../lib/kernels.js';
import { accuracyKinds, combineFunctions, lossFunctions, reduceFunctions } from '../../lib/program/instruction.js';
import { classes, cols, elements, measure, operand, rows, type OneInstruction } from '../one-instruction.js';
import { sample, type Case, type Contender, type Suite } from '../suite.js';

const { x, logits, dense, labels, scalars, w, dw, m, v, scale, values, out, small, column, row, copied } = operand;
const logitsBytes = 4 * rows * classes;

function forward(name: string, bytes: number, instruction: OneInstruction['instruction']): OneInstruction {
  return { name, bytes, instruction, segment: 'forward' };
}

const measured: readonly OneInstruction[] = [
  ...combineFunctions.map((f) => forward(`combine ${f}`, 8 * elements,
    { op: 'combine', a: x, b: x, out, function: f })),
  ...reduceFunctions.flatMap((f) => [
    forward(`reduce ${f} of rows`, 4 * elements, { op: 'reduce', x, out: column, function: f, overRows: false }),
    forward(`reduce ${f} of columns`, 4 * elements, { op: 'reduce', x, out: row, function: f, overRows: true }),
  ]),
  forward('broadcast', 4 * elements, { op: 'broadcast', x: copied, out, scale: 0.5 }),
  forward('affine', 8 * elements, { op: 'affine', x, out, scale: 2, offset: 1 }),
  forward('dropout', 8 * elements, { op: 'dropout', x, out, rate: 0.5, stream: 0 }),
  forward('softmax', 8 * elements, { op: 'softmax', x, out }),
  forward('softmaxGradient', 8 * elements, { op: 'softmaxGradient', y: x, dy: x, out }),
  forward('softmaxCrossentropy', 3 * logitsBytes,
    { op: 'softmaxCrossentropy', logits, target: dense, scale, values, gradient: small, labelSmoothing: 0 }),
  forward('sigmoidCrossentropy', 3 * logitsBytes,
    { op: 'sigmoidCrossentropy', logits, target: dense, scale, values, gradient: small, labelSmoothing: 0 }),
  ...lossFunctions.map((f) => forward(`loss ${f}`, 3 * logitsBytes, { op: 'loss', prediction: logits,
    target: f === 'sparseCategoricalCrossentropy' ? labels : dense, scale, values, gradient: small, function: f,
    labelSmoothing: 0 })),
  ...accuracyKinds.map((kind) => forward(`accuracy ${kind}`, 2 * logitsBytes,
    { op: 'accuracy', prediction: logits, target: kind === 'sparse' ? labels : dense, values, kind, threshold: 0.5 })),
  { name: 'sgd', segment: 'update', bytes: 12 * elements, instruction: { op: 'sgd', parameters: w, gradients: dw,
    scalars, nesterov: false, weightDecay: false } },
  { name: 'sgd nesterov', segment: 'update', bytes: 20 * elements, instruction: { op: 'sgd', parameters: w,
    gradients: dw, momentum: m, scalars, nesterov: true, weightDecay: false } },
  { name: 'adam', segment: 'update', bytes: 28 * elements, instruction: { op: 'adam', parameters: w, gradients: dw, m,
    v, scalars, weightDecay: false } },
];

const cases: readonly Case[] = measured.map(({ name, bytes }) => ({ name, flops: 0, bytes }));

function quern(isa: string): Contender {
  return {
    name: isa,
    bandwidth: { bytes: 4 * elements, threads: 1 },
    async measure() {
      return Object.fromEntries(measured.map((one) => [one.name, measure(one, isa)]));
    },
  };
}

const wave = Float32Array.from({ length: elements }, (_, i) => Math.sin(i));
const result = new Float32Array(elements);
const velocity = new Float32Array(elements);

const plain: Partial<Record<string, () => void>> = {
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

const baseline: Contender = {
  name: 'TypeScript',
  async measure() {
    const samples: Record<string, number[]> = {};
    for (const [name, work] of Object.entries(plain)) samples[name] = await sample(work!, 0.05, 0.02);
    return samples;
  },
};

export const instructionsSuite: Suite = {
  name: 'instructions',
  about: 'losses, reductions, optimizers and the like, one instruction at a time, against the bandwidth of the cache',
  cases,
  contenders: () => [...[...cpu().isas].reverse().map(quern), baseline],
};
