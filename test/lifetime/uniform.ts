/**
 * A program whose weights are all equal after every finished step, and of which a prediction of x = 0 is the weights:
 * whoever sees two of them differ has looked into the middle of a step.
 */
import { native, type NativeParameters, type NativeProgram, type SpanSpec } from '../../lib/native.js';
import type { ProgramSpec } from '../../lib/program/spec.js';

/** So many that changing them is a good part of a step. */
const count = 1 << 16;

/** w += rate * x, for every weight; out = x + w. */
const spec: ProgramSpec = {
  name: 'uniform',
  maxRows: 1,
  accumulators: 0,
  buffers: [
    { kind: 'input', name: 'x', dtype: 'f32', shape: [null, 1], scale: 1, offset: 0 },
    { kind: 'parameter', name: 'w', dtype: 'f32', shape: [count], first: 0, count: 1 },
    { kind: 'temp', name: 'wide', dtype: 'f32', shape: [null, count] },
    { kind: 'gradient', name: 'dw', dtype: 'f32', shape: [count], first: 0, count: 1 },
    { kind: 'scalars', name: 'scalars', dtype: 'f32', shape: [3] },
    { kind: 'output', name: 'out', dtype: 'f32', shape: [null, count] },
  ],
  forward: [
    { op: 'broadcast', x: 0, out: 2, scale: 1 },
    { op: 'combine', a: 2, b: 1, out: 5, function: 'add' },
  ],
  backward: [{ op: 'reduce', x: 2, out: 3, function: 'sum', overRows: true }],
  update: [{ op: 'sgd', parameters: 1, gradients: 3, scalars: 4, nesterov: false, weightDecay: false }],
};

export function makeUniform(): { parameters: NativeParameters; program: NativeProgram } {
  const parameters = new (native().Parameters)([{ name: 'w', shape: [count] }], 0);
  return { parameters, program: new (native().Program)(spec, parameters, {}) };
}

/** Steps of one row each, of which no two that follow each other leave the same weights. */
export function uniformTraining(steps: number): SpanSpec {
  const scalars = new Float32Array(steps * 3);
  for (let step = 0; step < steps; step++) scalars[step * 3] = 1 / 256;
  return {
    inputs: [{ data: new Uint8Array(steps).map((_, i) => 1 + (i * 31) % 255), rowLength: 1 }],
    targets: [], rows: steps, batchSize: 1, firstStep: 0, steps, shuffle: false, seed: 0, epoch: 0, scalars, threads: 2,
    checkFinite: false, segments: { forward: true, backward: true, update: true },
  };
}

export function uniformPrediction(): SpanSpec & { outputs: [Float32Array] } {
  const { scalars, ...span } = uniformTraining(1);
  return {
    ...span, inputs: [{ data: new Uint8Array(1), rowLength: 1 }],
    segments: { forward: true, backward: false, update: false }, outputs: [new Float32Array(count)],
  };
}
