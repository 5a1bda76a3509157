/**
 * The gradients that lowering emits, against finite differences of the loss in float64 (the reference interpreter runs
 * both), for everything registered; then the native core's gradients against the reference's.
 */
import assert from 'node:assert/strict';
import * as activations from '../lib/activations.js';
import * as layers from '../lib/layers/index.js';
import * as losses from '../lib/losses/index.js';
import { native } from '../lib/native.js';
import { Layer } from '../lib/layers/layer.js';
import type { Loss, LossReduction } from '../lib/losses/loss.js';
import type { ProgramBuilder } from '../lib/program/builder.js';
import { combineFunctions, pointwiseFunctions, type PointwiseFunction } from '../lib/program/instruction.js';
import type { Value } from '../lib/program/value.js';
import { buildChain, referenceParameters, type Chain, type ChainOptions } from './reference/chain.js';
import { Interpreter } from './reference/interpreter.js';

const { Dense, Activation, Softmax, Flatten, Reshape, Dropout, Rescaling } = layers;

function lossOf(chain: Chain, interpreter: Interpreter): number {
  const [total, count] = interpreter.run({ ...chain.span, segments: { forward: true, backward: false, update: false } });
  return total! / count!;
}

/**
 * Central differences at up to 16 elements of each parameter. Their error is of the order of step², 1e-10, and of
 * 1e-16 / step, 1e-11; a kink within a step of a value would show, and the seeds are such that none is.
 */
function checkDifferences(chain: Chain, seen = { gradients: 0 }): void {
  const parameters = referenceParameters(chain);
  const interpreter = new Interpreter(chain.lowered.spec, parameters);
  interpreter.run(chain.span);
  const step = 1e-5;
  chain.layout.forEach(({ name }, index) => {
    if (!chain.parameters[index]!.trainable) return;
    const values = parameters.at(index);
    const gradient = parameters.range(interpreter.gradients, index, 1).slice();
    for (let i = 0; i < values.length; i += Math.ceil(values.length / 16)) {
      const at = values[i]!;
      values[i] = at + step;
      const above = lossOf(chain, interpreter);
      values[i] = at - step;
      const below = lossOf(chain, interpreter);
      values[i] = at;
      const slope = (above - below) / (2 * step);
      assert.ok(Math.abs(gradient[i]! - slope) <= 1e-7 * (1 + Math.abs(slope)),
        `d loss / d ${name}[${i}] is ${gradient[i]}, by differences ${slope}`);
      if (slope !== 0) seen.gradients++;
    }
  });
  assert.ok(seen.gradients > 0, 'every difference is 0, so the test shows nothing');
}

/** Native gradients, within 256 roundings of the largest of their parameter. */
function checkNative(chain: Chain, isa: string): void {
  const interpreter = new Interpreter(chain.lowered.spec, referenceParameters(chain));
  interpreter.run(chain.span);
  const parameters = new (native().Parameters)(chain.layout, 0);
  chain.values.forEach((values, index) => parameters.write(index, -1, values));
  const program = new (native().Program)(chain.lowered.spec, parameters, { isa, keepTemporaries: true });
  assert.equal(program.runSync(chain.span).error, undefined);
  chain.lowered.spec.buffers.forEach((buffer, id) => {
    if (buffer.kind !== 'gradient') return;
    const exact = interpreter.read(id).data;
    const largest = exact.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
    program.readBuffer(id).forEach((value, i) => assert.ok(
      Math.abs(value - exact[i]!) <= 256 * 2 ** -24 * largest,
      `${isa}: ${buffer.name}[${i}] is ${value}, exactly ${exact[i]}`));
  });
}

/** The chain of a case, between two Dense layers so that its gradient by its input is checked as well. */
function check(name: string, options: () => ChainOptions): void {
  it(`${name}: by differences`, () => checkDifferences(buildChain(options())));
  it(`${name}: native as the reference`, () => {
    const chain = buildChain(options());
    for (const isa of native().cpu().isas) checkNative(chain, isa);
  });
}

const mse = (): Loss => losses.get('mse');

function between(layer: () => Layer, inputShape = [5]): ChainOptions {
  return { layers: [new Dense(6), layer(), new Dense(3)], inputShape, loss: mse() };
}

describe('gradients of activations', () => {
  for (const name of activations.names) {
    check(`${name} in Dense`, () => between(() => new Dense(7, { activation: activations.get(name as 'relu') })));
    check(`${name} as a layer, over rank 3`, () => between(() => new Activation(name as 'relu'), [4, 5]));
  }
});

describe('gradients of layers', () => {
  const cases: Record<string, () => ChainOptions> = {
    dense: () => between(() => new Dense(4)),
    activation: () => between(() => new Activation('tanh')),
    softmax: () => between(() => new Softmax()),
    flatten: () => between(() => new Flatten(), [2, 4]),
    reshape: () => between(() => new Reshape([3, 2])),
    dropout: () => between(() => new Dropout(0.4)),
    rescaling: () => between(() => new Rescaling(0.3, { offset: 0.1 })),
  };
  it('every registered layer has a case here', () => {
    assert.deepEqual([...layers.names].filter((name) => name !== 'input_layer').sort(), Object.keys(cases).sort());
  });
  for (const [name, options] of Object.entries(cases)) check(name, options);
  check('dense without bias', () => between(() => new Dense(4, { useBias: false })));
  check('dense over rank 3', () => between(() => new Dense(4, { activation: 'gelu' }), [3, 5]));
  check('a frozen layer in the middle', () => between(() => new Dense(4, { trainable: false, activation: 'relu' })));
});

describe('gradients of losses', () => {
  const oneHot = (uniform: Float32Array): Float32Array =>
    uniform.map((v) => Number(v === uniform.reduce((a, b) => Math.max(a, b))));
  const distribution = (uniform: Float32Array): Float32Array => {
    const sum = uniform.reduce((a, b) => a + b, 0);
    return uniform.map((v) => v / sum);
  };
  const bits = (uniform: Float32Array): Float32Array => uniform.map(Math.round);
  /** What the prediction comes from, and targets, for each loss. */
  const heads: Record<string, { activations: string[]; target?: (uniform: Float32Array) => Float32Array;
                                smooths: boolean; fromLogits: boolean }> = {
    mean_squared_error: { activations: ['linear', 'tanh'], smooths: false, fromLogits: false },
    mean_absolute_error: { activations: ['linear', 'softmax'], smooths: false, fromLogits: false },
    categorical_crossentropy: {
      activations: ['softmax', 'softplus'], target: distribution, smooths: true, fromLogits: true,
    },
    sparse_categorical_crossentropy: { activations: ['softmax', 'softplus'], smooths: false, fromLogits: true },
    binary_crossentropy: { activations: ['sigmoid', 'softmax'], target: bits, smooths: true, fromLogits: true },
  };
  // The other names are aliases.
  const registered = [...losses.names].filter((name) => losses.get(name as 'mse').name === name);
  it('every registered loss has a case here', () => assert.deepEqual([...registered].sort(), Object.keys(heads).sort()));

  for (const [name, { activations: outputs, target, smooths, fromLogits }] of Object.entries(heads)) {
    const options = (config: object, activation: string, more: Partial<ChainOptions> = {}): ChainOptions => ({
      layers: [new Dense(8, { activation: 'tanh' }), new Dense(5, { activation: activation as 'relu' })], inputShape: [4],
      loss: losses.get({ class_name: losses.get(name as 'mse').constructor.name, config: { ...config } }),
      ...(target ? { target } : {}), ...more,
    });
    for (const activation of outputs) check(`${name} of ${activation}`, () => options({}, activation));
    for (const reduction of ['sum', 'mean_with_sample_weight', 'sum_over_batch_size'] satisfies LossReduction[]) {
      check(`${name}, weighted, ${reduction}`, () => options({ reduction }, outputs[0]!, { sampleWeights: true }));
    }
    check(`${name} over rank 3`, () => options({}, outputs[0]!, { inputShape: [3, 4], sampleWeights: true }));
    if (fromLogits) check(`${name} from logits`, () => options({ from_logits: true }, 'linear'));
    if (!smooths) continue;
    for (const activation of outputs) {
      check(`${name} of ${activation}, smoothed`, () => options({ label_smoothing: 0.2 }, activation));
    }
  }
  check('categorical_crossentropy of one-hot targets', () => ({
    layers: [new Dense(5, { activation: 'softmax' })], inputShape: [4], target: oneHot,
    loss: losses.get('categorical_crossentropy'),
  }));
});

/** A layer of one expression over the builder. */
function layerOf(expression: (builder: ProgramBuilder, x: Value) => Value, units?: number): Layer {
  return new (class extends Layer {
    static override readonly className = 'Expression';
    override computeOutputShape(shape: readonly (number | null)[]) {
      return units === undefined ? shape : [...shape.slice(0, -1), units];
    }
    override lower(builder: ProgramBuilder, x: Value): Value {
      return expression(builder, x);
    }
  })();
}

describe("gradients of the builder's operations", () => {
  const positive: PointwiseFunction[] = ['log', 'sqrt', 'reciprocal'];
  for (const f of pointwiseFunctions) {
    check(f, () => between(() => layerOf((b, x) =>
      b.pointwise(f, positive.includes(f) ? b.affine(b.pointwise('sigmoid', x), 1, 0.5) : x))));
  }
  const seconds: Record<string, (b: ProgramBuilder, x: Value) => Value> = {
    'its own shape': (b, x) => b.affine(b.pointwise('sigmoid', x), 1, 0.5),
    'one value an element': (b, x) => b.affine(b.mean(b.pointwise('sigmoid', x)), 1, 0.5),
  };
  for (const f of combineFunctions) {
    for (const [what, second] of Object.entries(seconds)) {
      check(`${f} with ${what}`, () => between(() => layerOf((b, x) => b.combine(f, x, second(b, x)))));
    }
    check(`${f} with a weight vector`, () => between(() => new Scale(f)));
  }
  for (const f of ['sum', 'mean', 'max'] as const) {
    check(f, () => between(() => layerOf((b, x) => b.multiply(x, b[f](b.pointwise('tanh', x))))));
    check(`${f} as the output`, () => between(() => layerOf((b, x) => b[f](b.pointwise('tanh', x)), 1), [2, 5]));
  }
  check('a value used three times', () =>
    between(() => layerOf((b, x) => b.add(b.multiply(x, x), b.pointwise('tanh', x)))));
  check('softmax of softmax', () => between(() => layerOf((b, x) => b.softmax(b.affine(b.softmax(x), 5, 0)))));
});

/** x ∘ w for a weight vector w along the last axis. */
class Scale extends Layer {
  static override readonly className = 'Scale';

  constructor(private readonly f: (typeof combineFunctions)[number]) {
    super();
  }

  override build(shape: readonly (number | null)[]): void {
    this.addWeight('bias', [shape.at(-1)!], new Dense(1).kernelInitializer);
    super.build(shape);
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    const w = builder.parameter(this.weights[0]!);
    return builder.combine(this.f, x, this.f === 'divide' ? builder.affine(builder.pointwise('sigmoid', w), 1, 0.5) : w);
  }
}
