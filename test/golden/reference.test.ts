/** The float64 reference against Keras's float64: a check of both before either judges the native core. */
import assert from 'node:assert/strict';
import type { LossFunction, PointwiseFunction, Reduction } from '../../lib/program/instruction.js';
import { pointwiseSaves } from '../../lib/program/instruction.js';
import { derivative, forward, softmax } from '../reference/formulas.js';
import { loss, oneHot, sigmoidCrossentropy, smooth, softmaxCrossentropy, type LossOfRow } from '../reference/losses.js';
import { adam, sgd } from '../reference/optimizers.js';
import {
  assertNear, float64, inputs, isNear, readGolden, type GoldenArray, type JsonNumber, type KerasObject,
} from './golden.js';

describe('reference: activations', () => {
  interface Case { name: string; kind: string; arguments: Record<string, number | boolean>;
                   output: JsonNumber[]; gradient: JsonNumber[]; x?: GoldenArray; upstream?: number[] }
  const { cases, x } = readGolden<Case, { x: JsonNumber[] }>('activations.json');
  const functions: Record<string, PointwiseFunction> = {
    linear: 'linear', relu: 'relu', sigmoid: 'sigmoid', tanh: 'tanh', elu: 'elu', selu: 'selu',
    leaky_relu: 'leakyRelu', gelu: 'gelu', silu: 'silu', softplus: 'softplus', exponential: 'exponential',
  };
  const alphas: Record<string, number> = { leaky_relu: 0.2, elu: 1 };
  // Keras computes gelu with float32 constants and keeps the slope of leaky_relu in float32.
  const tolerance = (name: string): number => ({ gelu: 3e-7, leaky_relu: 2e-7 })[name] ?? 1e-12;

  const pointwise = cases.filter((c) => c.kind === 'elementwise' && functions[c.name]
    && Object.keys(c.arguments).every((key) => ['alpha', 'negative_slope', 'approximate'].includes(key))
    && !(c.name === 'relu' && 'negative_slope' in c.arguments));
  for (const c of pointwise) {
    it(`${c.name} ${JSON.stringify(c.arguments)}`, () => {
      const name = c.arguments['approximate'] ? 'geluTanh' : functions[c.name]!;
      const alpha = Number(c.arguments['alpha'] ?? c.arguments['negative_slope'] ?? alphas[c.name] ?? 0);
      inputs(x).forEach((value, i) => {
        // Where exp(x) - 1 rounds to 0 Keras gives selu the slope of the positive side; at 0 either side is right.
        if (!Number.isFinite(value) || (c.name === 'selu' && Math.abs(value) < 1e-16)) return;
        const y = forward[name](value, alpha);
        const slope = derivative[name](pointwiseSaves[name] === 'output' ? y : value, alpha);
        const t = tolerance(c.name);
        assert.ok(isNear(y, Number(c.output[i]), t, t), `f(${value}) = ${y}`);
        assert.ok(isNear(slope, Number(c.gradient[i]), t, t), `f'(${value}) = ${slope}`);
      });
    });
  }

  for (const c of cases.filter((c) => c.name === 'softmax')) {
    it(`softmax of ${c.x!.shape.join('x')}`, () => {
      const [rows, cols] = c.x!.shape as [number, number];
      for (let i = 0; i < rows; i++) {
        const y = softmax(inputs(c.x!.data).subarray(i * cols, (i + 1) * cols));
        assertNear(y, c.output.slice(i * cols, (i + 1) * cols), 1e-14, 1e-12, 'softmax');
      }
    });
  }
});

describe('reference: losses', () => {
  interface Case { name: string; loss: KerasObject; y_true: GoldenArray; y_pred: GoldenArray;
                   sample_weight: GoldenArray | null; value: GoldenArray; gradient: JsonNumber[] }
  const names: Record<string, LossFunction> = {
    MeanSquaredError: 'meanSquaredError', MeanAbsoluteError: 'meanAbsoluteError',
    CategoricalCrossentropy: 'categoricalCrossentropy', BinaryCrossentropy: 'binaryCrossentropy',
    SparseCategoricalCrossentropy: 'sparseCategoricalCrossentropy',
  };
  const reductions: Record<string, Reduction | 'none'> = { sum: 'sum', none: 'none',
    mean: 'sumOverBatchSize', mean_with_sample_weight: 'meanWithSampleWeight' };

  function ofRow(c: Case, p: Float64Array, t: Float64Array): LossOfRow {
    const s = Number(c.loss.config['label_smoothing'] ?? 0);
    if (!c.loss.config['from_logits']) return loss(names[c.loss.class_name]!, p, t, s);
    return c.loss.class_name === 'BinaryCrossentropy' ? sigmoidCrossentropy(p, smooth(t, s, 2))
      : softmaxCrossentropy(p, smooth(t, s, p.length));
  }

  const { cases } = readGolden<Case>('losses.json');
  for (const c of cases.filter((c) => !('ignore_class' in c.loss.config))) {
    it(c.name, () => {
      const shape = c.y_pred.shape;
      const cols = c.y_pred.shape.length === 1 ? 1 : shape.at(-1)!;
      const elements = c.y_pred.data.length / cols;
      const p = inputs(c.y_pred.data);
      const target = inputs(c.y_true.data);
      const results = Array.from({ length: elements }, (_, i) => ofRow(c, p.slice(i * cols, (i + 1) * cols),
        c.y_true.dtype === 'int32' ? oneHot(target[i]!, cols) : target.slice(i * cols, (i + 1) * cols)));
      const weights = results.map((_, i) => Number(c.sample_weight?.data[i] ?? 1));
      // A vector of predictions is one element for Keras: the mean is over the vector, whatever the reduction.
      const reduction = reductions[String(c.loss.config['reduction'])] ?? 'sumOverBatchSize';
      const divisor = { sum: 1, none: 1, sumOverBatchSize: elements,
        meanWithSampleWeight: weights.reduce((a, b) => a + b, 0) }[reduction];
      const values = results.map((r, i) => r.value * weights[i]! / divisor);
      const expected = float64(c.value.data);
      if (reduction === 'none') assertNear(values, expected, 1e-12, 1e-10, 'values');
      else assertNear([values.reduce((a, b) => a + b, 0)], expected, 1e-12, 1e-10, 'value');
      const gradient = results.flatMap((r, i) => [...r.gradient.map((g) => g * weights[i]! / divisor)]);
      assertNear(gradient, c.gradient, 1e-12, 1e-9, 'gradient');
    });
  }
});

describe('reference: optimizers', () => {
  interface Case { name: string; optimizer: KerasObject; full_config: Record<string, unknown>; params: number[][][] }
  const file = readGolden<Case, { initial_params: number[][]; gradients: number[][][] }>('optimizers.json');

  function rate(c: Case, step: number): number {
    const given = c.optimizer.config['learning_rate'] as number | KerasObject;
    if (typeof given === 'number') return given;
    const { initial_learning_rate: first, decay_rate: decay } = given.config as Record<string, number>;
    return first! / (1 + decay! * step);
  }

  const plain = file.cases.filter((c) =>
    /^(sgd|adam)(_default|_options|_amsgrad|_momentum|_nesterov|_weight_decay)?(_inverse_time_decay)?$/.test(c.name));
  it('has the cases', () => assert.equal(plain.length, 11));
  for (const c of plain) {
    it(c.name, () => {
      const config = c.full_config as Record<string, number | boolean | null>;
      const isSgd = c.optimizer.class_name === 'SGD';
      file.initial_params.forEach((initial, variable) => {
        const w = inputs(initial);
        const [m, v, vhat] = [new Float64Array(w.length), new Float64Array(w.length), new Float64Array(w.length)];
        file.gradients.forEach((gradients, step) => {
          const g = inputs(gradients[variable]!);
          const learningRate = rate(c, step);
          const decay = Number(config['weight_decay'] ?? 0) * learningRate;
          if (isSgd) {
            const momentum = Number(config['momentum']);
            const nesterov = Boolean(config['nesterov']);
            sgd(w, g, momentum === 0 ? undefined : m, { learningRate, momentum, decay, nesterov });
          } else {
            const [beta1, beta2] = [Number(config['beta_1']), Number(config['beta_2'])];
            const alpha = learningRate * Math.sqrt(1 - beta2 ** (step + 1)) / (1 - beta1 ** (step + 1));
            adam(w, g, m, v, config['amsgrad'] ? vhat : undefined,
              { alpha, beta1, beta2, epsilon: Number(config['epsilon']), decay });
          }
          assertNear(w, c.params[step]![variable]!, 1e-12, 1e-10, `variable ${variable} after step ${step}`);
        });
      });
    });
  }
});
