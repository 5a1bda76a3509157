import assert from 'node:assert/strict';
import { Dense } from '../../lib/layers/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { lowerEvaluation } from '../../lib/program/lower.js';
import { buildChain, buildGraph, referenceParameters } from '../reference/chain.js';
import { Interpreter } from '../reference/interpreter.js';

function lower(units: number, loss: losses.LossIdentifier, metric: metrics.MetricIdentifier) {
  const objective = { loss: losses.get(loss), metrics: [metrics.get(metric)], weightedMetrics: [] };
  return lowerEvaluation(buildGraph([new Dense(units, { activation: 'softmax' })], [4]), objective, {
    name: 'm',
    maxRows: 8,
  });
}

function accuracyKind(units: number, loss: losses.LossIdentifier, metric: metrics.MetricIdentifier = 'accuracy') {
  const code = lower(units, loss, metric).spec.forward.find(({ op }) => op === 'accuracy');
  return code?.op === 'accuracy' ? [code.kind, code.threshold] : undefined;
}

describe('metrics by name', () => {
  it('keep the name that was given, as in Keras', () => {
    for (const name of [
      'accuracy',
      'acc',
      'mse',
      'mae',
      'bce',
      'mean_squared_error',
      'binary_accuracy',
      'categorical_crossentropy',
    ] as const) {
      assert.equal(metrics.get(name).name, name);
    }
    assert.equal(metrics.get('meanAbsoluteError').name, 'mean_absolute_error');
    assert.equal(metrics.get({ class_name: 'BinaryAccuracy', config: { name: 'b', threshold: 0.7 } }).name, 'b');
  });

  it('come from the form in which Keras writes functions, and from short names as class names', () => {
    for (const name of ['categorical_crossentropy', 'mse', 'accuracy']) {
      assert.equal(metrics.get({ class_name: 'function', config: name }).name, name);
    }
    assert.ok(metrics.get({ class_name: 'mse', config: {} }) instanceof metrics.MeanSquaredError);
    assert.throws(() => metrics.get({ class_name: 'function', config: 'mze' }), /`metric.config` is unknown: "mze"/);
  });

  it("'accuracy' is no class name: that is another metric of Keras's", () => {
    assert.throws(
      () => metrics.get({ class_name: 'Accuracy', config: {} }),
      /`metric.class_name` is unknown: "Accuracy"; did you mean .*"AutomaticAccuracy"/,
    );
    const serialized = metrics.serialize(metrics.get('acc'));
    assert.ok(metrics.get(serialized) instanceof metrics.AutomaticAccuracy);
    assert.equal(metrics.get(serialized).name, 'acc');
  });

  it('are refused when unknown, with the nearest', () => {
    assert.throws(() => metrics.get('accurracy' as never), /`metric` is unknown: "accurracy"; did you mean "accuracy"/);
    assert.throws(() => metrics.get((() => 0) as never), /extend metrics\.Metric/);
    assert.throws(() => metrics.get(5 as never), /`metric` must be a metric/);
  });
});

describe("'accuracy'", () => {
  it('is binary for predictions of one value', () => assert.deepEqual(accuracyKind(1, 'bce'), ['binary', 0.5]));
  it('is categorical for dense targets', () =>
    assert.deepEqual(accuracyKind(3, 'categorical_crossentropy'), ['categorical', 0.5]));
  it('is sparse for integers', () =>
    assert.deepEqual(accuracyKind(3, 'sparse_categorical_crossentropy'), ['sparse', 0.5]));
  it('binary keeps its threshold', () => {
    assert.deepEqual(accuracyKind(3, 'bce', new metrics.BinaryAccuracy({ threshold: 0.7 })), ['binary', 0.7]);
  });
});

describe('metrics and targets', () => {
  it('of the other kind are refused when the model is lowered', () => {
    assert.throws(
      () => lower(3, 'mse', 'sparse_categorical_accuracy'),
      /metric "sparse_categorical_accuracy" compares with the numbers of classes/,
    );
    for (const name of ['categorical_accuracy', 'binary_accuracy', 'mse', 'categorical_crossentropy'] as const) {
      assert.throws(
        () => lower(3, 'sparse_categorical_crossentropy', name),
        new RegExp(`metric "${name}" compares with dense targets`),
      );
    }
  });
});

describe('configs of metrics', () => {
  const examples = [
    [new metrics.BinaryAccuracy(), { name: 'binary_accuracy', dtype: 'float32', threshold: 0.5 }],
    [new metrics.CategoricalAccuracy({ name: 'c' }), { name: 'c', dtype: 'float32' }],
    [new metrics.SparseCategoricalAccuracy(), { name: 'sparse_categorical_accuracy', dtype: 'float32' }],
    [new metrics.AutomaticAccuracy({ name: 'acc' }), { name: 'acc', dtype: 'float32' }],
    [new metrics.MeanSquaredError(), { name: 'mean_squared_error', dtype: 'float32' }],
    [new metrics.MeanAbsoluteError(), { name: 'mean_absolute_error', dtype: 'float32' }],
    [
      new metrics.CategoricalCrossentropy({ labelSmoothing: 0.1 }),
      { name: 'categorical_crossentropy', dtype: 'float32', from_logits: false, label_smoothing: 0.1, axis: -1 },
    ],
    [
      new metrics.SparseCategoricalCrossentropy({ fromLogits: true, name: 's' }),
      { name: 's', dtype: 'float32', from_logits: true, axis: -1 },
    ],
    [
      new metrics.BinaryCrossentropy(),
      { name: 'binary_crossentropy', dtype: 'float32', from_logits: false, label_smoothing: 0 },
    ],
  ] as const;
  for (const [metric, config] of examples) {
    it(`${(metric.constructor as typeof metrics.MeanSquaredError).className}: Keras's keys, and back`, () => {
      assert.deepEqual(metric.getConfig(), config);
      assert.deepEqual(metrics.deserialize(metrics.serialize(metric)).getConfig(), config);
    });
  }
});

describe('arguments of metrics', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['a threshold that is no number', () => new metrics.BinaryAccuracy({ threshold: '0.5' as never }), /`threshold`/],
    ['an empty name', () => new metrics.CategoricalAccuracy({ name: '' }), /`name`/],
    [
      'an unknown option',
      () => new metrics.MeanSquaredError({ threshold: 1 } as never),
      /MeanSquaredError has no option `threshold`/,
    ],
    ['another dtype', () => new metrics.MeanSquaredError({ dtype: 'float64' as never }), /`dtype` yet/],
  ];
  for (const [what, make, message] of cases) it(`${what} is refused by name`, () => assert.throws(make, message));
});

describe("a metric of one's own", () => {
  class MeanPrediction extends metrics.Metric {
    static override readonly className = 'MeanPrediction';
    override lower(builder: ProgramBuilder, _: Value, prediction: Value): Value {
      return builder.mean(prediction);
    }
  }

  it('is the mean of its values, and adds nothing to the backward pass', () => {
    const chain = (...own: metrics.Metric[]) =>
      buildChain({
        layers: [new Dense(3, { activation: 'sigmoid' })],
        inputShape: [2],
        loss: losses.get('mse'),
        metrics: own,
        rows: 5,
      });
    const [plain, watched] = [chain(), chain(new MeanPrediction())];
    assert.deepEqual(
      watched.lowered.spec.backward.map(({ op }) => op),
      plain.lowered.spec.backward.map(({ op }) => op),
    );
    assert.deepEqual(watched.lowered.accumulators, ['loss', 'mean_prediction']);
    const [, , total, count] = new Interpreter(watched.lowered.spec, referenceParameters(watched)).run(watched.span);
    const [x, kernel, bias] = [watched.span.inputs[0]!.data, ...watched.values] as Float32Array[];
    let sum = 0;
    for (let row = 0; row < 5; row++) {
      for (let j = 0; j < 3; j++) {
        sum += 1 / (1 + Math.exp(-(x![2 * row]! * kernel![j]! + x![2 * row + 1]! * kernel![3 + j]! + bias![j]!)));
      }
    }
    assert.equal(count, 5);
    assert.ok(Math.abs(total! / count! - sum / 15) < 1e-12);
  });

  it('is found by its name and aliases once it is registered', () => {
    const forget = metrics.register(MeanPrediction, 'mp');
    assert.equal(metrics.get('mean_prediction' as never).name, 'mean_prediction');
    assert.equal(metrics.get('mp' as never).name, 'mp');
    forget();
    assert.throws(() => metrics.get('mp' as never), TypeError);
  });
});
