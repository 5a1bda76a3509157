/** A small linear regression on the native interface itself, and spans of it that run as long as a test likes. */
import { native, type NativeJob, type NativeParameters, type NativeProgram, type SpanSpec } from '../../lib/native.js';
import type { ProgramSpec } from '../../lib/program/spec.js';

const inputs = 8;
const outputs = 4;
const slabSize = 48; // 8 * 4 weights and 4 biases, each rounded up to a multiple of 16 floats

/** y = x w + b with mean squared error and plain SGD; the prediction is computed `repeats` times, to last longer. */
export const regressionSpec = (repeats: number): ProgramSpec => ({
  name: 'regression',
  maxRows: 32,
  accumulators: 1,
  buffers: [
    { kind: 'input', name: 'x', dtype: 'f32', shape: [null, inputs], scale: 1 / 255, offset: 0 },
    { kind: 'target', name: 'y', dtype: 'f32', shape: [null, outputs] },
    { kind: 'parameter', name: 'w', dtype: 'f32', shape: [inputs, outputs], first: 0, count: 1 },
    { kind: 'parameter', name: 'b', dtype: 'f32', shape: [outputs], first: 1, count: 1 },
    { kind: 'output', name: 'prediction', dtype: 'f32', shape: [null, outputs] },
    { kind: 'temp', name: 'scale', dtype: 'f32', shape: [null] },
    { kind: 'temp', name: 'values', dtype: 'f32', shape: [null] },
    { kind: 'temp', name: 'dprediction', dtype: 'f32', shape: [null, outputs] },
    { kind: 'gradient', name: 'dw', dtype: 'f32', shape: [inputs, outputs], first: 0, count: 1 },
    { kind: 'gradient', name: 'db', dtype: 'f32', shape: [outputs], first: 1, count: 1 },
    { kind: 'parameter', name: 'parameters', dtype: 'f32', shape: [slabSize], first: 0, count: 2 },
    { kind: 'gradient', name: 'gradients', dtype: 'f32', shape: [slabSize], first: 0, count: 2 },
    { kind: 'scalars', name: 'scalars', dtype: 'f32', shape: [3] },
  ],
  forward: [
    ...Array.from({ length: repeats }, () => ({
      op: 'gemm', a: 0, b: 2, bias: 3, out: 4, transposeA: false, transposeB: false, accumulate: false,
      function: 'linear', alpha: 0,
    }) as const),
    { op: 'lossScale', out: 5, reduction: 'sumOverBatchSize' },
    { op: 'loss', prediction: 4, target: 1, scale: 5, values: 6, gradient: 7, function: 'meanSquaredError',
      labelSmoothing: 0 },
    { op: 'accumulate', values: 6, weights: 5, into: 0, asLoss: true },
  ],
  backward: [
    { op: 'gemm', a: 0, b: 7, out: 8, transposeA: true, transposeB: false, accumulate: false, function: 'linear',
      alpha: 0 },
    { op: 'reduce', x: 7, out: 9, function: 'sum', overRows: true },
  ],
  update: [{ op: 'sgd', parameters: 10, gradients: 11, scalars: 12, nesterov: false, weightDecay: false }],
});

export interface Regression {
  parameters: NativeParameters;
  program: NativeProgram;
}

export function makeRegression(repeats = 1): Regression {
  const layout = [{ name: 'w', shape: [inputs, outputs] }, { name: 'b', shape: [outputs] }];
  const parameters = new (native().Parameters)(layout, 0);
  return { parameters, program: new (native().Program)(regressionSpec(repeats), parameters, {}) };
}

/** One pass over `rows` rows, in steps of one row unless told. */
export function trainingSpan(rows: number, batchSize = 1): SpanSpec {
  const steps = Math.ceil(rows / batchSize);
  const scalars = new Float32Array(steps * 3);
  for (let step = 0; step < steps; step++) scalars[step * 3] = 0.01;
  return {
    inputs: [{ data: new Uint8Array(rows * inputs).map((_, i) => (i * 31) % 256), rowLength: inputs }],
    targets: [{ data: new Float32Array(rows * outputs).fill(1), rowLength: outputs }],
    rows, batchSize, firstStep: 0, steps, shuffle: true, seed: 1, epoch: 0, scalars, threads: 2, checkFinite: false,
    segments: { forward: true, backward: true, update: true },
  };
}

export function predictionSpan(rows: number, batchSize = rows): SpanSpec {
  const { scalars, ...span } = trainingSpan(rows, batchSize);
  return { ...span, shuffle: false, segments: { forward: true, backward: false, update: false },
           outputs: [new Float32Array(rows * outputs)] };
}

/** A job that no test waits for: a million steps of a good part of a millisecond. Tests end it in their own ways. */
export function startEndless(): Regression & { job: NativeJob } {
  const regression = makeRegression(1000);
  return { ...regression, job: regression.program.run(trainingSpan(1_000_000)) };
}
