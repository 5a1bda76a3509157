import assert from 'node:assert/strict';
import { losses, metrics } from '../../lib/index.js';
import { blobs, classifier, line, weightsOf } from './blobs.js';

const { x, labels, oneHot } = blobs(50);
const silent = { verbose: 0 } as const;

describe('evaluate', () => {
  it('gives loss and metrics by name, computed over all rows', async () => {
    const model = line(1, 0, { metrics: ['mae', new metrics.MeanSquaredError({ name: 'square' })] });
    const logs = await model.evaluate([1, 2, 3, 4, 5], [0, 0, 0, 0, 0], { ...silent, batchSize: 2 });
    assert.deepEqual(logs, { loss: 11, mae: 3, square: 11 });
  });

  it('is the same for any batch size up to rounding, and for any number of threads to the bit', async () => {
    const model = classifier();
    const whole = await model.evaluate(x, labels, { ...silent, batchSize: 50 });
    for (const batchSize of [1, 7, 32]) {
      const logs = await model.evaluate(x, labels, { ...silent, batchSize });
      assert.equal(logs['accuracy'], whole['accuracy']);
      assert.ok(Math.abs(logs['loss']! - whole['loss']!) < 1e-6);
    }
    for (const threads of [1, 2, 5]) {
      assert.deepEqual(await model.evaluate(x, labels, { ...silent, batchSize: 50, threads }), whole);
    }
  });

  it('counts right answers', async () => {
    const model = classifier();
    const y = await model.predict(x, silent);
    let right = 0;
    for (let row = 0; row < 50; row++) {
      const values = [...y.data.subarray(3 * row, 3 * row + 3)];
      if (values.indexOf(Math.max(...values)) === labels.data[row]) right++;
    }
    assert.equal((await model.evaluate(x, labels, silent))['accuracy'], right / 50);
    const dense = classifier(7, { loss: new losses.CategoricalCrossentropy() });
    assert.equal((await dense.evaluate(x, oneHot, silent))['accuracy'], right / 50);
  });

  it('changes nothing', async () => {
    const model = classifier();
    const before = weightsOf(model);
    await model.evaluate(x, labels, silent);
    assert.deepEqual(weightsOf(model), before);
    assert.equal(model.optimizer.iterations, 0);
  });

  it('gives results by name when asked to, and refuses to give them otherwise', async () => {
    const model = classifier();
    assert.deepEqual(await model.evaluate(x, labels, { ...silent, returnDict: true }),
      await model.evaluate(x, labels, silent));
    await assert.rejects(model.evaluate(x, labels, { ...silent, returnDict: false } as never),
      /evaluate does not support the option `returnDict` yet/);
  });

  it('stops after `steps` batches', async () => {
    const model = classifier();
    assert.deepEqual(await model.evaluate(x, labels, { ...silent, batchSize: 10, steps: 2 }),
      await model.evaluate(x.slice(0, 20), labels.slice(0, 20), { ...silent, batchSize: 10 }));
  });

  it('needs a compiled model with a loss', async () => {
    const model = line(1, 0);
    model.compile({ optimizer: 'sgd' });
    await assert.rejects(model.evaluate([1], [1], silent), { name: 'TypeError', message: /`evaluate` needs a loss/ });
    await assert.rejects(model.fit([1], [1], silent), { name: 'TypeError', message: /`fit` needs a loss/ });
    assert.deepEqual(model.predictSync([3]).toArray(), [[3]]);
  });

  it('runs several times at once', async () => {
    const model = classifier();
    const [a, b] = await Promise.all([model.evaluate(x, labels, silent), model.evaluate(x, labels, silent)]);
    assert.deepEqual(a, b);
  });
});
