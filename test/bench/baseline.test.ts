/** The pure-TypeScript baseline of the bench suite computes what quern computes. */
import assert from 'node:assert/strict';
import { BaselineClassifier } from '../../bench/baseline.js';
import { Dense, NdArray, Sequential, SGD } from '../../lib/index.js';

const sizes = [23, 16, 16, 5];
const hyper = { learningRate: 0.05, decay: 1e-3, momentum: 0.9 };
const batchSize = 12;

/** Sparse inputs like images and random labels, from a small linear congruential generator. */
function makeData(rows: number): { x: Float32Array; labels: Uint8Array } {
  let state = 12345;
  const next = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  return {
    x: Float32Array.from({ length: rows * sizes[0]! }, () => (next() < 0.5 ? 0 : next())),
    labels: Uint8Array.from({ length: rows }, () => Math.floor(next() * sizes.at(-1)!)),
  };
}

function makeModel(): Sequential {
  const model = new Sequential([
    new Dense(16, { activation: 'relu', inputShape: [23] }),
    new Dense(16, { activation: 'relu' }),
    new Dense(5, { activation: 'softmax' }),
  ]);
  const optimizer = new SGD({ lr: hyper.learningRate, decay: hyper.decay, momentum: hyper.momentum, nesterov: true });
  model.compile({ optimizer, loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

describe('bench baseline', () => {
  it('follows quern step by step: losses, accuracy, weights and predictions', async () => {
    const rows = 60;
    const { x, labels } = makeData(rows);
    const model = makeModel();
    const baseline = new BaselineClassifier(sizes, model.getWeights().map(({ data }) => data as Float32Array), batchSize, hyper);
    for (let step = 0; step < 20; step++) {
      const begin = (step % 5) * batchSize;
      const xs = x.subarray(begin * 23, (begin + batchSize) * 23);
      const ys = labels.subarray(begin, begin + batchSize);
      const expected = baseline.trainOnBatch(xs, ys, batchSize);
      const logs = await model.trainOnBatch(NdArray.from(xs, [batchSize, 23]), ys);
      assert.ok(Math.abs(logs['loss']! - expected.loss / batchSize) < 2e-5, `loss of step ${step}`);
      assert.equal(Math.round(logs['accuracy']! * batchSize), expected.correct, `accuracy of step ${step}`);
    }
    model.getWeights().forEach(({ data }, i) => {
      const layer = baseline.layers[i >> 1]!;
      const values = i % 2 ? layer.bias : layer.kernel;
      values.forEach((value, j) => assert.ok(Math.abs(value - Number(data[j])) < 2e-5, `weight ${i} at ${j}`));
    });
    const predicted = model.predictSync(NdArray.from(x.subarray(0, batchSize * 23), [batchSize, 23]));
    baseline.predict(x, batchSize).forEach((p, i) => assert.ok(Math.abs(p - Number(predicted.data[i])) < 2e-5, `probability ${i}`));
  });
});
