import assert from 'node:assert/strict';
import { Dense, Dropout, NdArray, Sequential, type Logs } from '../../lib/index.js';
import { blobs, classifier, line, quiet, weightsOf } from './blobs.js';

const close = (actual: number | undefined, expected: number): void =>
  assert.ok(Math.abs(actual! - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

describe('fit: validation', () => {
  const { x, labels } = blobs(50);

  it('evaluates validationData after every epoch, after the training metrics', async () => {
    const model = classifier();
    const other = blobs(20, 9);
    const { history } = await model.fit(x, labels, quiet({ epochs: 2, validationData: [other.x, other.labels] }));
    assert.deepEqual(Object.keys(history), ['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    assert.equal(history['val_loss']!.length, 2);
    const { loss, accuracy } = await model.evaluate(other.x, other.labels, { verbose: 0 });
    assert.deepEqual([history['val_loss']![1], history['val_accuracy']![1]], [loss, accuracy]);
  });

  it('weighs validation by its third array', async () => {
    const model = line(0, 0);
    model.optimizer.learningRate = 0;
    const validation = [[1, 2], [1, 3], [1, 0.5]] as const;
    const { history } = await model.fit([1], [1], quiet({ validationData: [[1, 2], [1, 3], [1, 0.5]] }));
    assert.equal(history['val_loss']![0], (1 * validation[2][0] + 9 * validation[2][1]) / 2);
  });

  it('splits off the last fraction before it shuffles', async () => {
    const model = classifier();
    const { history } = await model.fit(x, labels, quiet({ validationSplit: 0.25, epochs: 2, seed: 5 }));
    const other = classifier();
    const by = await other.fit(x.slice(0, 37), labels.slice(0, 37), quiet({
      validationData: [x.slice(37), labels.slice(37)], epochs: 2, seed: 5,
    }));
    assert.deepEqual(history, by.history);
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('splits the weights of samples too', async () => {
    const model = line(0, 0);
    model.optimizer.learningRate = 0;
    const { history } = await model.fit([1, 1, 1, 1], [1, 1, 2, 2],
      quiet({ validationSplit: 0.5, sampleWeight: [1, 2, 3, 4], shuffle: false }));
    assert.equal(history['loss']![0], 1.5);
    assert.equal(history['val_loss']![0], (4 * 3 + 4 * 4) / 2);
  });

  it('prefers validationData to validationSplit', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet({ validationSplit: 0.5, validationData: [x, labels], batchSize: 50 }));
    assert.equal(model.optimizer.iterations, 1);
  });

  it('refuses a split that leaves nothing on one side', async () => {
    const model = classifier();
    const before = weightsOf(model);
    await assert.rejects(model.fit(x.slice(0, 1), labels.slice(0, 1), quiet({ validationSplit: 0.5 })),
      { name: 'RangeError', message: /`validationSplit` must be a fraction that leaves rows on both sides of 1/ });
    await assert.rejects(model.fit(x, labels, quiet({ validationSplit: 1 })), RangeError);
    await assert.rejects(model.fit(x, labels, quiet({ validationSplit: -0.1 })), RangeError);
    assert.deepEqual(weightsOf(model), before);
  });

  it('validates after every so many epochs, or after some', async () => {
    const epochsWith = async (validationFreq: number | number[]): Promise<number[]> => {
      const epochs: number[] = [];
      await classifier().fit(x, labels, quiet({
        epochs: 5, validationData: [x, labels], validationFreq,
        callbacks: [{ onEpochEnd: (epoch, logs) => { if ('val_loss' in logs) epochs.push(epoch); } }],
      }));
      return epochs;
    };
    assert.deepEqual(await epochsWith(2), [1, 3]);
    assert.deepEqual(await epochsWith([1, 4]), [0, 3]);
  });

  it('has a batch size and a number of steps of its own', async () => {
    const batches: number[] = [];
    const model = classifier();
    const { history } = await model.fit(x, labels, quiet({
      validationData: [x, labels], validationBatchSize: 10, validationSteps: 2,
      callbacks: [{ onTestBatchEnd: (batch) => { batches.push(batch); } }],
    }));
    assert.deepEqual(batches, [0, 1]);
    const { loss } = await model.evaluate(x.slice(0, 20), labels.slice(0, 20), { verbose: 0, batchSize: 10 });
    assert.equal(history['val_loss']![0], loss);
  });

  it('does not shuffle or drop', async () => {
    const model = new Sequential([new Dropout(0.5, { inputShape: [1] }), new Dense(1, { kernelInitializer: 'ones' })]);
    model.compile({ optimizer: 'sgd', loss: 'mae' });
    model.optimizer.learningRate = 0;
    const { history } = await model.fit([1, 2], [0, 0], quiet({ validationData: [[1, 2], [0, 0]] }));
    assert.equal(history['val_loss']![0], 1.5);
  });
});

describe('fit: weights of samples and classes', () => {
  it('divides the weighted loss by the number of samples', async () => {
    const model = line(0, 0, { metrics: ['mse'], weightedMetrics: ['mse'] });
    model.optimizer.learningRate = 0;
    const { history } = await model.fit([1, 1], [1, 3], quiet({ sampleWeight: [1, 0.5] }));
    close(history['loss']![0], (1 + 4.5) / 2);
    close(history['mse']![0], (1 + 9) / 2);
    close(history['weighted_mse']![0], (1 + 4.5) / 1.5);
  });

  it('takes weights of any type of array, as a column too', async () => {
    const results = [];
    for (const sampleWeight of [[1, 3], Uint8Array.of(1, 3), Float64Array.of(1, 3), [[1], [3]], NdArray.from([1, 3])]) {
      const model = line(1, 0);
      await model.fit([1, 2], [2, 2], quiet({ sampleWeight, seed: 1 }));
      results.push(weightsOf(model));
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it('a weight of 2 is a gradient of 2', async () => {
    const weighted = line(1, 0);
    const fast = line(1, 0);
    fast.optimizer.learningRate = 0.25;
    await weighted.fit([1, 2], [2, 3], quiet({ sampleWeight: [2, 2], batchSize: 2 }));
    await fast.fit([1, 2], [2, 3], quiet({ batchSize: 2 }));
    assert.deepEqual(weightsOf(weighted), weightsOf(fast));
  });

  it('makes class weights weights of samples, 1 for classes that have none', async () => {
    const { x, labels, oneHot } = blobs(30);
    const sampleWeight = Float32Array.from(labels.data, (label) => (label === 2 ? 5 : label === 1 ? 0.5 : 1));
    const byHand = classifier();
    await byHand.fit(x, labels, quiet({ sampleWeight, seed: 1 }));
    for (const classWeight of [{ 1: 0.5, 2: 5 }, new Map([[1, 0.5], [2, 5]])]) {
      const model = classifier();
      await model.fit(x, labels, quiet({ classWeight, seed: 1 }));
      assert.deepEqual(weightsOf(model), weightsOf(byHand));
      const dense = classifier(7, { loss: 'categorical_crossentropy' });
      await dense.fit(x, oneHot, quiet({ classWeight, seed: 1 }));
      assert.deepEqual(weightsOf(dense), weightsOf(byHand));
    }
  });

  it('does not weigh validation by class', async () => {
    const { x, labels } = blobs(30);
    const model = classifier();
    const { history } = await model.fit(x, labels, quiet({ classWeight: { 0: 100 }, validationSplit: 0.5 }));
    const { loss } = await model.evaluate(x.slice(15), labels.slice(15), { verbose: 0 });
    assert.equal(history['val_loss']![0], loss);
  });

  it('refuses both, and what is no weight', async () => {
    const { x, labels } = blobs(4);
    const model = classifier();
    const rejects = async (options: object, pattern: RegExp, type: ErrorConstructor): Promise<void> => {
      await assert.rejects(model.fit(x, labels, quiet(options)), (error: Error) => {
        assert.ok(error instanceof type, error.name);
        assert.match(error.message, pattern);
        return true;
      });
    };
    await rejects({ classWeight: { 0: 1 }, sampleWeight: [1, 1, 1, 1] }, /must not both be given/, TypeError);
    await rejects({ classWeight: { 0: '1' } }, /`classWeight\[0\]` must be a number >= 0, received "1"/, TypeError);
    await rejects({ classWeight: { 0: -1 } }, /`classWeight\[0\]` must be a finite number >= 0, received -1/,
      RangeError);
    await rejects({ classWeight: { cat: 1 } }, /`classWeight` must be keyed by class numbers >= 0, received "cat"/,
      RangeError);
    await rejects({ classWeight: 3 }, /`classWeight` must be an object or Map/, TypeError);
    await rejects({ sampleWeight: [1, 2, 3] },
      /`sampleWeight` must have one weight for each of the 4 samples, received 3/, RangeError);
  });

  it('shows 0 for a weighted metric where nothing weighs', async () => {
    const model = line(0, 0, { weightedMetrics: ['mse'] });
    const logs: Logs = await model.evaluate([1], [1], { sampleWeight: [0], verbose: 0 });
    assert.deepEqual(logs, { loss: 0, mse: 0 });
  });
});
