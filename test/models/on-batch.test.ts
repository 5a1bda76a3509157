import assert from 'node:assert/strict';
import { Dense, Sequential } from '../../lib/index.js';
import { blobs, classifier, line, weightsOf } from './blobs.js';

const { x, labels } = blobs(20);

describe('trainOnBatch', () => {
  it('takes one step and reports the batch as it was before it', async () => {
    const model = classifier();
    const before = await model.testOnBatch(x, labels);
    const first = await model.trainOnBatch(x, labels);
    assert.deepEqual(first, before);
    const second = await model.trainOnBatch(x, labels);
    assert.ok(second['loss']! < first['loss']!);
    assert.equal(model.optimizer.iterations, 2);
  });

  it('weighs samples and classes', async () => {
    const models = [line(1, 0), line(1, 0)];
    const logs = await models[0]!.trainOnBatch([1, 2], [0, 0], { sampleWeight: [1, 3] });
    assert.deepEqual(logs, { loss: (1 + 3 * 4) / 2 });
    const weighted = classifier();
    const byHand = classifier();
    await weighted.trainOnBatch(x, labels, { classWeight: { 1: 4 } });
    await byHand.trainOnBatch(x, labels,
      { sampleWeight: Float32Array.from(labels.data, (label) => (label === 1 ? 4 : 1)) });
    assert.deepEqual(weightsOf(weighted), weightsOf(byHand));
    await assert.rejects(weighted.trainOnBatch(x, labels, { classWeight: { 1: 4 }, sampleWeight: labels }),
      /must not both be given/);
  });

  it('needs a compiled model, and builds one that is not built', async () => {
    const model = new Sequential([new Dense(3)]);
    await assert.rejects(model.trainOnBatch(x, labels),
      { name: 'TypeError', message: /`trainOnBatch` needs a compiled model/ });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.trainOnBatch([[1, 2]], [[1, 2, 3]]);
    assert.equal(model.countParams(), 9);
  });

  it('refuses options it does not know', async () => {
    await assert.rejects(classifier().trainOnBatch(x, labels, { batchSize: 3 } as never),
      /trainOnBatch has no option `batchSize`/);
    await assert.rejects(classifier().testOnBatch(x, labels, { returnDict: false } as never),
      /does not support the option `returnDict` yet/);
    await classifier().testOnBatch(x, labels, { returnDict: true });
    await assert.rejects(classifier().testOnBatch(x, labels, { classWeight: {} } as never), /no option `classWeight`/);
  });
});

describe('testOnBatch', () => {
  it('changes nothing', async () => {
    const model = classifier();
    const before = weightsOf(model);
    const logs = await model.testOnBatch(x, labels, { sampleWeight: new Float32Array(20).fill(2) });
    assert.deepEqual(Object.keys(logs), ['loss', 'accuracy']);
    assert.deepEqual(weightsOf(model), before);
    assert.equal(model.optimizer.iterations, 0);
  });
});
