import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { blobs, classifier, progressOf, quiet, slowClassifier, weightsOf } from './blobs.js';

const { x, labels } = blobs(20_000);
const few = blobs(10);

describe('AbortSignal', () => {
  it('ends fit after the step at hand, with its reason', async () => {
    const model = classifier();
    const controller = new AbortController();
    const reason = new Error('stop');
    const running = model.fit(x, labels,
      quiet({ batchSize: 2, epochs: 1000, shuffle: false, signal: controller.signal }));
    const ended = assert.rejects(running, reason);
    await progressOf(model);
    controller.abort(reason);
    await ended;
    const { iterations } = model.optimizer;
    assert.ok(iterations > 0 && iterations < 10_000_000);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);

    // The weights are those of exactly so many steps.
    const other = classifier();
    const whole = Math.floor(iterations / 10_000);
    if (whole > 0) await other.fit(x, labels, quiet({ batchSize: 2, epochs: whole, shuffle: false }));
    const rest = iterations - whole * 10_000;
    if (rest > 0) await other.fit(x, labels, quiet({ batchSize: 2, shuffle: false, stepsPerEpoch: rest }));
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('that is aborted already lets nothing begin', async () => {
    const model = classifier();
    const before = weightsOf(model);
    const signal = AbortSignal.abort('never');
    await assert.rejects(model.fit(few.x, few.labels, quiet({ signal })), (reason) => reason === 'never');
    await assert.rejects(model.evaluate(few.x, few.labels, { verbose: 0, signal }), (reason) => reason === 'never');
    await assert.rejects(model.predict(few.x, { verbose: 0, signal }), (reason) => reason === 'never');
    assert.deepEqual(weightsOf(model), before);
    assert.equal(model.optimizer.iterations, 0);
  });

  it('has a DOMException as its reason by default', async () => {
    const controller = new AbortController();
    const running = classifier().fit(x, labels, quiet({ batchSize: 2, epochs: 1000, signal: controller.signal }));
    setTimeout(() => controller.abort(), 5);
    await assert.rejects(running, { name: 'AbortError' });
  });

  it('ends evaluate and predict too', async () => {
    const model = slowClassifier();
    const { x: many, labels: manyLabels } = blobs(100_000);
    for (const run of [
      (signal: AbortSignal) => model.evaluate(many, manyLabels, { verbose: 0, batchSize: 1, signal }),
      (signal: AbortSignal) => model.predict(many, { verbose: 0, batchSize: 1, signal }),
    ]) {
      const controller = new AbortController();
      const running = run(controller.signal);
      setTimeout(() => controller.abort(new Error('stop')), 5);
      await assert.rejects(running, /stop/);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    }
  });

  it('is listened to between epochs and in callbacks', async () => {
    const controller = new AbortController();
    const model = classifier();
    const epochs: number[] = [];
    await assert.rejects(model.fit(few.x, few.labels, quiet({
      epochs: 5, signal: controller.signal,
      callbacks: [{ onEpochEnd(epoch) { epochs.push(epoch); if (epoch === 1) controller.abort(new Error('enough')); } }],
    })), /enough/);
    assert.deepEqual(epochs, [0, 1]);
  });

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const model = classifier();
    await model.fit(few.x, few.labels, quiet({ epochs: 3, signal }));
    await model.evaluate(few.x, few.labels, { verbose: 0, signal });
    await model.predict(few.x, { verbose: 0, signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('must be one', async () => {
    await assert.rejects(classifier().fit(few.x, few.labels, quiet({ signal: 'now' as never })),
      { name: 'TypeError', message: /`signal` must be an AbortSignal, received "now"/ });
  });
});

describe('arrays while a model reads them', () => {
  it('rejects when one is transferred during fit', async () => {
    const model = classifier();
    const data = blobs(20_000);
    const running = model.fit(data.x, data.labels, quiet({ batchSize: 2, epochs: 1000 }));
    const ended = assert.rejects(running,
      { name: 'TypeError', message: /`y` was transferred \(detached\) or resized/ });
    await progressOf(model);
    structuredClone(data.labels.data, { transfer: [data.labels.data.buffer as ArrayBuffer] });
    await ended;
    assert.ok(model.optimizer.iterations > 0);
    await model.fit(few.x, few.labels, quiet());
  });

  it('rejects when one is transferred before', async () => {
    const model = classifier();
    const data = blobs(10);
    structuredClone(data.x.data, { transfer: [data.x.data.buffer as ArrayBuffer] });
    await assert.rejects(model.fit(data.x, data.labels, quiet()), TypeError);
    await assert.rejects(model.predict(data.x, { verbose: 0 }), TypeError);
    assert.throws(() => model.predictSync(data.x), TypeError);
    assert.equal(model.optimizer.iterations, 0);
  });

  it('reads resizable buffers as they were at the start', async () => {
    const model = classifier();
    const other = classifier();
    const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new Resizable(few.x.data.byteLength, { maxByteLength: 4 * few.x.data.byteLength });
    new Float32Array(buffer).set(few.x.data);
    const running = model.fit({ data: new Float32Array(buffer), shape: few.x.shape }, few.labels,
      quiet({ epochs: 50, seed: 1 }));
    setTimeout(() => (buffer as ArrayBuffer & { resize(length: number): void }).resize(0), 1);
    await running;
    await other.fit(few.x, few.labels, quiet({ epochs: 50, seed: 1 }));
    assert.deepEqual(weightsOf(model), weightsOf(other));
  });

  it('names the row of a label that was changed while training', async () => {
    const data = blobs(20_000);
    const model = classifier();
    const running = model.fit(data.x, data.labels, quiet({ batchSize: 2, epochs: 1000 }));
    const ended = assert.rejects(running,
      { name: 'RangeError', message: '`y` must hold integer labels from 0 to 2, received 200 in row 123' });
    await progressOf(model);
    data.labels.data[123] = 200;
    await ended;
    assert.ok(weightsOf(model).every(Number.isFinite));
    await model.fit(few.x, few.labels, quiet());
  });
});
