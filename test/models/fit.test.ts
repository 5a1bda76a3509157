import assert from 'node:assert/strict';
import { Dense, History, NdArray, Sequential, type Logs } from '../../lib/index.js';
import { blobs, classifier, line, quiet, slowClassifier, weightsOf } from './blobs.js';

describe('fit', () => {
  const { x, labels, oneHot } = blobs(100);

  it('learns, and returns the results of every epoch', async () => {
    const model = classifier();
    const history = await model.fit(x, labels, quiet({ epochs: 20, batchSize: 16 }));
    assert.ok(history instanceof History);
    assert.deepEqual(history.epoch, Array.from({ length: 20 }, (_, i) => i));
    assert.deepEqual(Object.keys(history.history), ['loss', 'accuracy']);
    assert.equal(history.history['loss']!.length, 20);
    assert.ok(history.history['loss']![19]! < 0.5 * history.history['loss']![0]!);
    assert.deepEqual(history.params, { verbose: 0, epochs: 20, steps: 7 });
  });

  it('takes the step that SGD takes on the mean of the squared error', async () => {
    const model = line(1, 0);
    // Predictions 1, 2, 3; errors 0, 1, 3; dw = 2 mean(e x) = 2 (0 + 2 + 9) / 3, db = 2 mean(e).
    const history = await model.fit([[1], [2], [3]], [[1], [1], [0]], quiet({ batchSize: 3 }));
    const [w, b] = weightsOf(model);
    assert.equal(w, Math.fround(1 - 0.125 * Math.fround(22 / 3)));
    assert.equal(b, Math.fround(-0.125 * Math.fround(8 / 3)));
    assert.ok(Math.abs(history.history['loss']![0]! - 10 / 3) < 1e-6);
  });

  it('counts steps, the last partial batch among them', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet({ batchSize: 32, epochs: 2 }));
    assert.equal(model.optimizer.iterations, 8);
  });

  it('has a batch of 32 by default', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet());
    assert.equal(model.optimizer.iterations, 4);
  });

  it('weighs the loss of a partial batch by its rows', async () => {
    const model = line(0, 0, { optimizer: 'sgd' });
    model.optimizer.learningRate = 0;
    const { history } = await model.fit([1, 1, 1, 1, 1], [1, 1, 1, 1, 3], quiet({ batchSize: 4, shuffle: false }));
    assert.equal(history['loss']![0], (4 * 1 + 9) / 5);
  });

  it('trains epochs initialEpoch to epochs - 1', async () => {
    const model = classifier();
    const history = await model.fit(x, labels, quiet({ epochs: 5, initialEpoch: 3 }));
    assert.deepEqual(history.epoch, [3, 4]);
    const none = await model.fit(x, labels, quiet({ epochs: 2, initialEpoch: 2 }));
    assert.deepEqual(none.epoch, []);
    assert.equal(model.optimizer.iterations, 8);
  });

  it('shuffles unless told not to', async () => {
    const orders = new Set<string>();
    for (const shuffle of [true, false]) {
      const model = classifier();
      await model.fit(x, labels, quiet({ batchSize: 10, shuffle, seed: 3 }));
      orders.add(String(weightsOf(model)));
    }
    assert.equal(orders.size, 2);
  });

  it('without shuffling is the same as training batch by batch', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet({ batchSize: 40, shuffle: false }));
    const other = classifier();
    for (const [begin, end] of [[0, 40], [40, 80], [80, 100]] as const) {
      await other.trainOnBatch(x.slice(begin, end), labels.slice(begin, end));
    }
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('goes through the data in epochs of stepsPerEpoch batches, one after the other', async () => {
    const model = classifier();
    const history = await model.fit(x, labels, quiet({ batchSize: 20, shuffle: false, stepsPerEpoch: 2, epochs: 3 }));
    assert.equal(model.optimizer.iterations, 5);
    const whole = classifier();
    await whole.fit(x, labels, quiet({ batchSize: 20, shuffle: false }));
    assert.deepEqual(weightsOf(model), weightsOf(whole));
    assert.equal(history.params.steps, 2);
    await model.fit(x, labels, quiet({ batchSize: 20, shuffle: false, stepsPerEpoch: 2, epochs: 3 }));
    await whole.fit(x, labels, quiet({ batchSize: 20, shuffle: false }));
    assert.deepEqual(weightsOf(model), weightsOf(whole));
  });

  it('starts a new pass when epochs are cut in another way', async () => {
    const model = classifier();
    const other = classifier();
    await model.fit(x, labels, quiet({ batchSize: 20, shuffle: false, stepsPerEpoch: 2 }));
    await model.fit(x, labels, quiet({ batchSize: 20, shuffle: false, stepsPerEpoch: 1 }));
    await other.fit(x.slice(0, 40), labels.slice(0, 40), quiet({ batchSize: 20, shuffle: false }));
    await other.fit(x.slice(0, 20), labels.slice(0, 20), quiet({ batchSize: 20, shuffle: false }));
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('reads bytes, doubles, nested numbers and bare typed arrays alike', async () => {
    const bytes = new NdArray(Uint8Array.from(x.data, (v) => Math.round(v * 40 + 60)), x.shape);
    const same = [bytes, new NdArray(Float64Array.from(bytes.data), x.shape), bytes.toArray(),
      Int16Array.from(bytes.data),
      { data: [...bytes.data], shape: x.shape }] as const;
    const results = [];
    for (const input of same) {
      const model = classifier();
      await model.fit(input as NdArray, labels, quiet({ seed: 1 }));
      results.push(weightsOf(model));
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it('is the same for one-hot targets and labels', async () => {
    const sparse = classifier();
    const dense = classifier(7, { loss: 'categorical_crossentropy' });
    await sparse.fit(x, labels, quiet({ seed: 1, epochs: 2 }));
    await dense.fit(x, oneHot, quiet({ seed: 1, epochs: 2 }));
    assert.deepEqual(weightsOf(sparse), weightsOf(dense));
  });

  it('builds a model without an input shape for its first data', async () => {
    const model = new Sequential([new Dense(3, { activation: 'softmax' })]);
    model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
    assert.equal(model.built, false);
    await model.fit(x, labels, quiet());
    assert.deepEqual(model.inputShape, [null, 5]);
    await assert.rejects(model.fit([[1, 2]], [0], quiet()), /`x` must have shape \[rows, 5\], received \[1, 2\]/);
  });

  it('works with a batch larger than the data', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet({ batchSize: 1_000_000 }));
    assert.equal(model.optimizer.iterations, 1);
  });

  it('leaves timers their turn while an epoch runs', async () => {
    const { x, labels } = blobs(20_000);
    const model = slowClassifier();
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => { if (++ticks === 20) controller.abort(); }, 1);
    await assert.rejects(model.fit(x, labels, quiet({ batchSize: 1, signal: controller.signal })),
      { name: 'AbortError' });
    clearInterval(timer);
    assert.ok(model.optimizer.iterations < 20_000);
  });

  it('follows a schedule and a rate set between epochs', async () => {
    const rates: number[] = [];
    const model = line(1, 0);
    await model.fit([[1], [2]], [[1], [1]], quiet({
      epochs: 2, batchSize: 2,
      callbacks: [{ onEpochEnd() { rates.push(model.optimizer.learningRate); model.optimizer.learningRate = 0; } }],
    }));
    const other = line(1, 0);
    await other.fit([[1], [2]], [[1], [1]], quiet({ batchSize: 2 }));
    assert.deepEqual(rates, [0.125, 0]);
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('passes logs of the epoch to the callbacks as they are in the history', async () => {
    const seen: Logs[] = [];
    const { history } = await classifier().fit(x, labels, quiet({
      epochs: 2, callbacks: [{ onEpochEnd: (_, logs) => { seen.push({ ...logs }); } }],
    }));
    assert.deepEqual(seen.map(({ loss }) => loss), history['loss']);
  });
});
