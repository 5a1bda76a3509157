/** What losses and metrics are lowered to. */
import assert from 'node:assert/strict';
import { Activation, Dense, Dropout, Reshape, type Layer } from '../../lib/layers/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { SGD } from '../../lib/optimizers/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { lowerEvaluation, lowerTraining } from '../../lib/program/lower.js';
import { buildGraph } from '../reference/chain.js';
import { objective, ops, options } from './listing.js';

describe('lowering losses', () => {
  const crossentropies = [
    'categorical_crossentropy',
    'sparse_categorical_crossentropy',
    'binary_crossentropy',
  ] as const;
  const lossOp = (loss: losses.LossIdentifier, last: Layer[]) => {
    const lowered = lowerEvaluation(buildGraph(last, [5]), objective(loss), options);
    return ops(lowered).find((op) => op === 'loss' || op.endsWith('Crossentropy'));
  };

  for (const name of crossentropies) {
    const fused = name === 'binary_crossentropy' ? 'sigmoidCrossentropy' : 'softmaxCrossentropy';
    it(`${name} is computed from the logits of a softmax or sigmoid, and from logits`, () => {
      for (const activation of ['softmax', 'sigmoid'] as const) {
        assert.equal(lossOp(name, [new Dense(3, { activation })]), fused);
        assert.equal(lossOp(name, [new Dense(3), new Activation(activation)]), fused);
      }
      assert.equal(
        lossOp({ class_name: losses.get(name).constructor.name, config: { from_logits: true } }, [new Dense(3)]),
        fused,
      );
    });

    it(`${name} is computed from plain predictions otherwise`, () => {
      assert.equal(lossOp(name, [new Dense(3, { activation: 'softplus' })]), 'loss');
      assert.equal(lossOp(name, [new Dense(4, { activation: 'softmax' }), new Reshape([2, 2])]), 'loss');
      assert.equal(
        lossOp(name, [new Dense(4, { activation: 'softmax' }), new Dropout(0), new Activation('relu')]),
        'loss',
      );
    });
  }

  it('metrics are computed from the logits too', () => {
    const graph = buildGraph([new Dense(3, { activation: 'softmax' })], [5]);
    const lowered = lowerEvaluation(graph, objective('mse', 'categorical_crossentropy'), options);
    assert.ok(ops(lowered).includes('softmaxCrossentropy'));
  });

  it('takes integers as the targets of the sparse loss, one an element', () => {
    const graph = buildGraph([new Dense(6, { activation: 'softmax' })], [4, 5]);
    const lowered = lowerTraining(graph, objective('sparse_categorical_crossentropy', 'accuracy'), new SGD(), options);
    assert.deepEqual(lowered.targets, [{ dtype: 'i32', shape: [null, 4], classes: 6 }]);
    const accuracy = lowered.spec.forward.find((code) => code.op === 'accuracy');
    assert.equal(accuracy?.op === 'accuracy' && accuracy.kind, 'sparse');
  });

  it('hands weights to the loss and to weighted metrics alone', () => {
    const graph = buildGraph([new Dense(1, { activation: 'sigmoid', name: 'd' })], [5]);
    const both = { ...objective('bce', 'accuracy'), weightedMetrics: [metrics.get('accuracy'), metrics.get('mse')] };
    const lowered = lowerEvaluation(graph, both, { ...options, sampleWeights: true });
    assert.deepEqual(lowered.accumulators, ['loss', 'accuracy', 'weighted_accuracy', 'mse']);
    const weights = lowered.spec.forward.flatMap((code) =>
      code.op === 'accumulate' ? [code.weights === undefined ? null : lowered.spec.buffers[code.weights]!.name] : [],
    );
    assert.deepEqual(weights, ['lossScale', null, 'sampleWeight', 'sampleWeight']);
  });

  it('numbers metrics of one name, as Keras does', () => {
    const graph = buildGraph([new Dense(1)], [5]);
    const { accumulators } = lowerEvaluation(
      graph,
      {
        ...objective('mse', 'mae', 'mae', 'mae', new metrics.MeanSquaredError({ name: 'mae_1' })),
        weightedMetrics: [metrics.get('mae'), metrics.get('mae')],
      },
      options,
    );
    assert.deepEqual(accumulators, [
      'loss', 'mae', 'mae_1', 'mae_2', 'mae_1_1', 'weighted_mae', 'weighted_mae_1',
    ]);
  });

  it('refuses a metric with the name of the loss, and reductions that leave no number', () => {
    const graph = buildGraph([new Dense(1)], [5]);
    assert.throws(
      () => lowerEvaluation(graph, objective('mse', new metrics.MeanSquaredError({ name: 'loss' })), options),
      /a metric must not be named "loss"/,
    );
    assert.throws(
      () => lowerEvaluation(graph, objective(new losses.MeanSquaredError({ reduction: 'none' })), options),
      /reduction/,
    );
  });

  it('refuses values that are not one an element', () => {
    class Unreduced extends losses.Loss {
      static override readonly className = 'Unreduced';
      override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
        return builder.subtract(prediction, target);
      }
    }
    const graph = buildGraph([new Dense(3)], [5]);
    assert.throws(
      () => lowerEvaluation(graph, objective(new Unreduced()), options),
      /"unreduced" must give one value an element, shape \[null\], but gives \[null, 3\]/,
    );
  });
});
