/** What models are lowered to: the programs of the seed model word for word, and what changes with each layer. */
import assert from 'node:assert/strict';
import { Activation, Dense, Dropout, Flatten, Layer, Rescaling, Reshape } from '../../lib/layers/index.js';
import { SGD } from '../../lib/optimizers/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { lowerEvaluation, lowerPrediction, lowerTraining } from '../../lib/program/lower.js';
import { buildGraph } from '../reference/chain.js';
import { line, lines, objective, ops, options } from './listing.js';

function seedModel(): Layer[] {
  return [
    new Dense(128, { activation: 'relu', name: 'a' }),
    new Dense(128, { activation: 'relu', name: 'b' }),
    new Dense(10, { activation: 'softmax', name: 'c' }),
  ];
}

describe('lowering the seed model', () => {
  const forward = [
    'gemm(a: x, b: a/kernel, bias: a/bias, function: relu) -> a/relu',
    'gemm(a: a/relu, b: b/kernel, bias: b/bias, function: relu) -> b/relu',
    'gemm(a: b/relu, b: c/kernel, bias: c/bias) -> c/matmul',
  ];

  it('trains with no instruction too many, all input gradients before the weight gradients', () => {
    const graph = buildGraph(seedModel(), [784]);
    const sgd = new SGD({ lr: 0.01, momentum: 0.9, nesterov: true });
    const lowered = lowerTraining(graph, objective('categorical_crossentropy', 'accuracy'), sgd, options);
    const loss = 'categorical_crossentropy/loss';
    assert.deepEqual(lines(lowered), [
      'lossScale(reduction: sumOverBatchSize) -> lossScale',
      ...forward,
      `softmaxCrossentropy(logits: c/matmul, target: y, scale: lossScale) -> ${loss}, c/softmax, d(c/matmul)`,
      'accuracy(prediction: c/softmax, target: y, kind: categorical, threshold: 0.5) -> accuracy/categoricalAccuracy',
      `accumulate(values: ${loss}, weights: lossScale, asLoss: true)`,
      'accumulate(values: accuracy/categoricalAccuracy, into: 1)',
      'gemm(a: d(c/matmul), b: c/kernel, saved: b/relu, transposeB: true, function: relu) -> d(b/matmul)',
      'gemm(a: d(b/matmul), b: b/kernel, saved: a/relu, transposeB: true, function: relu) -> d(a/matmul)',
      'gemm(a: b/relu, b: d(c/matmul), transposeA: true) -> c/kernel.gradient, c/bias.gradient',
      'gemm(a: a/relu, b: d(b/matmul), transposeA: true) -> b/kernel.gradient, b/bias.gradient',
      'gemm(a: x, b: d(a/matmul), transposeA: true) -> a/kernel.gradient, a/bias.gradient',
      'sgd(parameters: parameters[0..5], gradients: parameters[0..5].gradient, momentum: parameters[0..5].slot0, ' +
        'scalars: scalars, nesterov: true) -> parameters[0..5], parameters[0..5].slot0',
    ]);
    assert.deepEqual(lowered.accumulators, ['loss', 'accuracy']);
    assert.equal(lowered.scalarCount, 3);
    assert.equal(lowered.spec.accumulators, 2);
    assert.equal(lowered.spec.maxRows, 128);
    const range = lowered.spec.buffers.find(({ name }) => name === 'parameters[0..5]');
    // 784 * 128, 128, 128 * 128 and 128 are multiples of 16 as they are; 10 * 128 is too, 10 takes 16.
    assert.deepEqual(range?.shape, [784 * 128 + 128 + 128 * 128 + 128 + 1280 + 16]);
  });

  it('evaluates with no gradient', () => {
    const graph = buildGraph(seedModel(), [784]);
    assert.deepEqual(lines(lowerEvaluation(graph, objective('categorical_crossentropy'), options)), [
      'lossScale(reduction: sumOverBatchSize) -> lossScale',
      ...forward,
      'softmaxCrossentropy(logits: c/matmul, target: y) -> categorical_crossentropy/loss',
      'accumulate(values: categorical_crossentropy/loss, weights: lossScale, asLoss: true)',
    ]);
  });

  it('predicts probabilities into an output buffer', () => {
    const lowered = lowerPrediction(buildGraph(seedModel(), [784]), options);
    assert.deepEqual(lines(lowered), [...forward, 'softmax(x: c/matmul) -> c/softmax']);
    assert.deepEqual(lowered.outputs, [{ shape: [null, 10] }]);
    assert.equal(lowered.spec.buffers.find(({ name }) => name === 'c/softmax')?.kind, 'output');
  });
});

describe('lowering layers', () => {
  const prediction = (layers: Layer[], shape: number[]) => lowerPrediction(buildGraph(layers, shape), options);

  it('folds a Rescaling at the start into the input', () => {
    const lowered = prediction([new Rescaling(1 / 255, { offset: -0.5 }), new Dense(3)], [4]);
    assert.deepEqual(ops(lowered), ['gemm']);
    const input = lowered.spec.buffers.find(({ kind }) => kind === 'input');
    assert.deepEqual(
      [input?.kind === 'input' && input.scale, input?.kind === 'input' && input.offset],
      [1 / 255, -0.5],
    );
  });

  it('keeps a subclass of Rescaling that computes something else', () => {
    class Doubling extends Rescaling {
      override lower(builder: ProgramBuilder, x: Value): Value {
        return builder.add(x, x);
      }
    }
    assert.deepEqual(ops(prediction([new Doubling(1), new Dense(3)], [4])), ['combine', 'gemm']);
  });

  it('keeps a Rescaling that is not at the start, and one of two readers', () => {
    assert.deepEqual(ops(prediction([new Dense(3), new Rescaling(2)], [4])), ['gemm', 'affine']);
    const [scaled, dense] = [new Rescaling(2), new Dense(4)];
    for (const layer of [scaled, dense]) layer.build([null, 4]);
    const graph = {
      inputs: [{ name: 'x', shape: [null, 4] }],
      nodes: [
        { layer: scaled, inputs: [0] },
        { layer: dense, inputs: [0] },
      ],
      outputs: [1, 2],
    };
    assert.deepEqual(ops(lowerPrediction(graph, options)), ['affine', 'gemm']);
  });

  it('lowers Flatten and Reshape to views', () => {
    const lowered = prediction([new Flatten(), new Dense(6), new Reshape([2, -1])], [3, 4]);
    assert.deepEqual(ops(lowered), ['gemm']);
    assert.deepEqual(lowered.outputs, [{ shape: [null, 2, 3] }]);
  });

  it('copies what is not a buffer of its own to the output', () => {
    assert.deepEqual(ops(prediction([new Flatten()], [3, 4])), ['pointwise']);
    assert.deepEqual(ops(prediction([new Rescaling(2)], [3])), ['pointwise']);
  });

  it('drops out only while training, each layer from a stream of its own', () => {
    const layers = () => [
      new Dropout(0.5),
      new Dense(4),
      new Dropout(0.2),
      new Dropout(0.3, { seed: 7 }),
      new Dense(1),
    ];
    const graph = buildGraph(layers(), [4]);
    const trained = lowerTraining(graph, objective('mse'), new SGD(), options);
    const streams = [...trained.spec.forward, ...trained.spec.backward].flatMap((code) =>
      code.op === 'dropout' ? [code.stream] : [],
    );
    assert.deepEqual(streams, [0, 1, 2 ** 30 + 7, 2 ** 30 + 7, 1]);
    assert.ok(!ops(lowerEvaluation(graph, objective('mse'), options)).includes('dropout'));
    assert.ok(!ops(lowerPrediction(graph, options)).includes('dropout'));
  });

  it('keeps the sum of a function whose gradient reads its input', () => {
    const graph = buildGraph([new Dense(4, { activation: 'gelu' })], [3]);
    assert.deepEqual(ops(lowerTraining(graph, objective('mse'), new SGD(), options)).slice(0, 3), [
      'lossScale',
      'gemm',
      'pointwise',
    ]);
    assert.deepEqual(ops(lowerPrediction(graph, options)), ['gemm']);
  });

  it('fuses an Activation layer as it does an activation', () => {
    assert.deepEqual(ops(prediction([new Dense(4), new Activation('tanh')], [3])), ['gemm']);
  });
});

describe('lowering what is frozen', () => {
  it('updates only runs of trainable parameters, and takes no gradient that nobody needs', () => {
    const layers = seedModel();
    layers[1]!.trainable = false;
    const lowered = lowerTraining(buildGraph(layers, [7]), objective('categorical_crossentropy'), new SGD(), options);
    assert.deepEqual(
      lines(lowered).filter((text) => text.startsWith('sgd')),
      [
        'sgd(parameters: parameters[0..1], gradients: parameters[0..1].gradient, scalars: scalars) -> parameters[0..1]',
        'sgd(parameters: parameters[4..5], gradients: parameters[4..5].gradient, scalars: scalars) -> parameters[4..5]',
      ],
    );
    assert.ok(!lines(lowered).some((text) => text.includes('b/kernel.gradient') || text.includes('b/bias.gradient')));
  });

  it('has no backward pass below the last trainable layer', () => {
    const layers = seedModel();
    layers[0]!.trainable = layers[1]!.trainable = false;
    const { spec } = lowerTraining(buildGraph(layers, [7]), objective('categorical_crossentropy'), new SGD(), options);
    assert.deepEqual(
      spec.backward.map(({ op }) => op),
      ['gemm'],
    );
  });

  it('has neither backward pass nor update when all is frozen', () => {
    const layers = seedModel();
    for (const layer of layers) layer.trainable = false;
    const lowered = lowerTraining(buildGraph(layers, [7]), objective('categorical_crossentropy'), new SGD(), options);
    assert.deepEqual([lowered.spec.backward, lowered.spec.update, lowered.scalarCount], [[], [], 0]);
  });
});

describe('a graph that is no chain', () => {
  it('adds the gradients of a value and of a layer that are used twice', () => {
    class Sum extends Layer {
      static override readonly className = 'Sum';
      override lower(builder: ProgramBuilder, a: Value, b: Value): Value {
        return builder.add(a, b);
      }
    }
    const shared = new Dense(3, { name: 'shared' });
    shared.build([null, 3]);
    const graph = {
      inputs: [{ name: 'x', shape: [null, 3] }],
      outputs: [3],
      nodes: [
        { layer: shared, inputs: [0] },
        { layer: shared, inputs: [1] },
        { layer: new Sum(), inputs: [1, 2] },
      ],
    };
    const { spec, ...rest } = lowerTraining(graph, objective('mse'), new SGD(), options);
    const text = spec.backward.map((code) => line({ spec, ...rest }, code));
    assert.ok(
      text.includes('combine(a: shared/kernel.gradient, b: d(shared/kernel), function: add) -> shared/kernel.gradient'),
      text.join('\n'),
    );
    assert.equal(spec.update.length, 1);
  });
});
