import assert from 'node:assert/strict';
import { Dense, ModelBusyError, type Sequential } from '../../lib/index.js';
import { blobs, classifier, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(20_000);
const few = blobs(10);

/** A fit that takes some 100 ms. */
const long = (model: Sequential) => model.fit(x, labels, quiet({ batchSize: 2, epochs: 3 }));

describe('a model in training', () => {
  it('refuses what would change it', async () => {
    const model = classifier();
    const running = long(model);
    const changes: Record<string, () => unknown> = {
      setWeights: () => model.setWeights(model.getWeights()),
      compile: () => model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' }),
      add: () => model.add(new Dense(3)),
      pop: () => model.pop(),
      build: () => model.build(),
    };
    for (const wait of [0, 20]) {
      await new Promise((resume) => setTimeout(resume, wait));
      for (const [name, change] of Object.entries(changes)) {
        assert.throws(change, (error: Error) => {
          assert.ok(error instanceof ModelBusyError);
          assert.equal(error.name, 'ModelBusyError');
          assert.match(error.message, new RegExp(`\`${name}\` cannot run while \`fit\` runs`));
          return true;
        });
      }
      await assert.rejects(model.fit(few.x, few.labels), ModelBusyError);
      await assert.rejects(model.trainOnBatch(few.x, few.labels), ModelBusyError);
      await assert.rejects(model.profile(few.x, few.labels), ModelBusyError);
    }
    await running;
    model.setWeights(model.getWeights());
    await model.fit(few.x, few.labels, quiet());
  });

  it('can be read: predict, evaluate and getWeights see a finished step', async () => {
    const model = classifier();
    const running = long(model);
    await new Promise((resume) => setTimeout(resume, 10));
    const weights = model.getWeights();
    const [y, logs, test] = await Promise.all([
      model.predict(few.x, { verbose: 0 }), model.evaluate(few.x, few.labels, { verbose: 0 }),
      model.testOnBatch(few.x, few.labels),
    ]);
    assert.deepEqual(y.shape, [10, 3]);
    assert.ok(Number.isFinite(logs['loss']) && Number.isFinite(test['loss']));
    await running;
    assert.notDeepEqual(weights, model.getWeights());
  });

  it('gives all weights of the same step', async () => {
    // Both biases get the same gradient at every step, so they are equal whenever a step is finished.
    const { Sequential, SGD } = await import('../../lib/index.js');
    const model = new Sequential([
      new Dense(1, { inputShape: [1], trainable: true, kernelInitializer: 'zeros' }), new Dense(1, { kernelInitializer: 'ones' }),
    ]);
    model.compile({ optimizer: new SGD({ learningRate: 1e-7 }), loss: 'mse' });
    const ones = new Float32Array(40_000).fill(1);
    const running = model.fit(ones, ones, quiet({ batchSize: 2, shuffle: false }));
    let reads = 0;
    while (reads < 20) {
      await new Promise((resume) => setImmediate(resume));
      const [kernel, bias] = model.getWeights();
      assert.equal(kernel!.data[0], bias!.data[0]);
      reads++;
    }
    await running;
  });

  it('by trainOnBatch or profile is refused everything else', async () => {
    const model = classifier();
    for (const running of [model.trainOnBatch(few.x, few.labels), model.profile(few.x, few.labels, { steps: 2 })]) {
      void running.catch(() => undefined);
    }
    const step = model.trainOnBatch(x, labels).catch((error: unknown) => error);
    assert.ok(await step instanceof ModelBusyError);
  });

  it('keeps its hands off other models', async () => {
    const [a, b] = [classifier(), classifier()];
    await Promise.all([a.fit(few.x, few.labels, quiet({ epochs: 5, seed: 1 })), b.fit(few.x, few.labels, quiet({ epochs: 5, seed: 1 }))]);
    assert.deepEqual(weightsOf(a), weightsOf(b));
  });

  it('is free again after a fit that was refused', async () => {
    const model = classifier();
    await assert.rejects(model.fit(few.x, few.labels.slice(0, 3), quiet()), RangeError);
    await model.fit(few.x, few.labels, quiet());
  });
});
