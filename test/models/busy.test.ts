import assert from 'node:assert/strict';
import { Dense, ModelBusyError, Sequential, SGD } from '../../lib/index.js';
import { blobs, classifier, endless, progressOf, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(20_000);
const few = blobs(10);


describe('a model in training', () => {
  it('refuses what would change it', async () => {
    const model = classifier();
    const fit = endless(model);
    const changes: Record<string, () => unknown> = {
      setWeights: () => model.setWeights(model.getWeights()),
      compile: () => model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' }),
      add: () => model.add(new Dense(3)),
      pop: () => model.pop(),
      build: () => model.build(),
    };
    for (const isUnderWay of [false, true]) {
      if (isUnderWay) await progressOf(model);
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
    await fit.stop();
    model.setWeights(model.getWeights());
    await model.fit(few.x, few.labels, quiet());
  });

  it('does not let its layers and optimizer be overwritten', async () => {
    const model = classifier();
    const fit = endless(model);
    await progressOf(model);
    const layer = model.layers[0]!;
    assert.throws(() => layer.setWeights(layer.getWeights()), { name: 'ModelBusyError' });
    assert.throws(() => model.optimizer.setWeights(model.optimizer.getWeights()), { name: 'ModelBusyError' });
    await fit.stop();
    model.optimizer.setWeights(model.optimizer.getWeights());
  });

  it('does not let an optimizer without slots be overwritten either', async () => {
    const model = classifier(7, { optimizer: 'sgd' });
    const fit = endless(model);
    assert.throws(() => model.optimizer.setWeights([5, 1]),
      { name: 'ModelBusyError', message: /`optimizer.setWeights` cannot run while `fit` runs/ });
    await fit.stop();
    model.optimizer.setWeights([5, 1]);
    assert.deepEqual([model.optimizer.iterations, model.optimizer.learningRate], [5, 1]);
  });

  it('can be read: predict, evaluate and getWeights see a finished step', async () => {
    const model = classifier();
    const fit = endless(model);
    const [y, logs, test] = await Promise.all([
      model.predict(few.x, { verbose: 0 }), model.evaluate(few.x, few.labels, { verbose: 0 }),
      model.testOnBatch(few.x, few.labels),
    ]);
    assert.deepEqual(y.shape, [10, 3]);
    assert.ok(Number.isFinite(logs['loss']) && Number.isFinite(test['loss']));
    await progressOf(model);
    await fit.stop();
  });

  it('gives all weights of the same step', async () => {
    // For x = 1 the first kernel and bias get the same gradient at every step, so they are equal after each.
    const model = new Sequential([
      new Dense(1, { inputShape: [1], kernelInitializer: 'zeros' }), new Dense(1, { kernelInitializer: 'ones' }),
    ]);
    model.compile({ optimizer: new SGD({ learningRate: 1e-7 }), loss: 'mse' });
    const ones = new Float32Array(40_000).fill(1);
    const controller = new AbortController();
    const running = model.fit(ones, ones,
      quiet({ batchSize: 2, shuffle: false, epochs: 1_000_000, signal: controller.signal }));
    const ended = assert.rejects(running, { name: 'AbortError' });
    const seen = new Set<number>();
    while (seen.size < 20) {
      const [kernel, bias] = model.getWeights();
      assert.equal(kernel!.data[0], bias!.data[0]);
      seen.add(kernel!.data[0]!);
      await new Promise((resume) => setTimeout(resume, 1));
    }
    controller.abort();
    await ended;
  });

  it('by a single step refuses others, and reads go on', async () => {
    const model = classifier();
    const step = model.trainOnBatch(x, labels);
    await assert.rejects(model.trainOnBatch(few.x, few.labels), /`trainOnBatch` cannot run while `trainOnBatch` runs/);
    await assert.rejects(model.fit(few.x, few.labels), ModelBusyError);
    assert.throws(() => model.pop(), ModelBusyError);
    assert.deepEqual(model.predictSync(few.x).shape, [10, 3]);
    await step;
    await model.trainOnBatch(few.x, few.labels);
  });

  it('keeps its hands off other models', async () => {
    const [a, b] = [classifier(), classifier()];
    await Promise.all([a.fit(few.x, few.labels, quiet({ epochs: 5, seed: 1 })),
      b.fit(few.x, few.labels, quiet({ epochs: 5, seed: 1 }))]);
    assert.deepEqual(weightsOf(a), weightsOf(b));
  });

  it('is free again after a fit that was refused', async () => {
    const model = classifier();
    await assert.rejects(model.fit(few.x, few.labels.slice(0, 3), quiet()), RangeError);
    await model.fit(few.x, few.labels, quiet());
  });
});
