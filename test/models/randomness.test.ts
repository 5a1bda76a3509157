import assert from 'node:assert/strict';
import { Dense, Dropout, Sequential, setRandomSeed, SGD, trainTestSplit, type FitOptions } from '../../lib/index.js';
import { blobs, classes, features, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(75);

function dropping(): Sequential {
  const model = new Sequential([
    new Dense(16, { activation: 'relu', inputShape: [features] }),
    new Dropout(0.3),
    new Dense(classes, { activation: 'softmax' }),
  ]);
  compile(model);
  return model;
}

function compile(model: Sequential): void {
  model.compile({
    optimizer: new SGD({ learningRate: 0.05, momentum: 0.9, nesterov: true, decay: 0.01 }),
    loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'],
  });
}

function seeded(seed = 11): Sequential {
  setRandomSeed(seed);
  return dropping();
}

const fit = (model: Sequential, options: FitOptions) => model.fit(x, labels, quiet({ batchSize: 16, ...options }));

describe('randomness', () => {
  it('gives the same bits for the same seed, others for another', async () => {
    const results: string[] = [];
    for (const seed of [1, 1, 2]) {
      const model = seeded();
      await fit(model, { epochs: 2, seed });
      results.push(String(weightsOf(model)));
    }
    assert.equal(results[0], results[1]);
    assert.notEqual(results[0], results[2]);
  });

  it('follows setRandomSeed without a seed of its own', async () => {
    const results: string[] = [];
    for (const seed of [1, 1, 2]) {
      setRandomSeed(seed);
      const model = dropping();
      await fit(model, { epochs: 2 });
      results.push(String(weightsOf(model)));
    }
    assert.equal(results[0], results[1]);
    assert.notEqual(results[0], results[2]);
  });

  it('is decided when the model is made, whatever is drawn or asked for afterwards', async () => {
    const meddling: ((model: Sequential) => unknown)[] = [
      () => setRandomSeed(4),
      () => new Dense(3),
      () => trainTestSplit(x, labels),
      (model) => model.getConfig(),
      (model) => model.profile(x, labels, { steps: 1 }),
    ];
    const plain = seeded(3);
    await fit(plain, {});
    for (const meddle of meddling) {
      const model = seeded(3);
      await meddle(model);
      await fit(model, {});
      assert.deepEqual(weightsOf(model), weightsOf(plain), String(meddle));
    }
  });

  it('of a model does not move on when it is asked for its config or profiled', async () => {
    const next = async (ask: (model: Sequential) => unknown): Promise<number[]> => {
      await ask(seeded(3));
      return weightsOf(dropping());
    };
    const plain = await next(() => undefined);
    assert.deepEqual(await next((model) => model.getConfig()), plain);
    assert.deepEqual(await next((model) => model.profile(x, labels, { steps: 1 })), plain);
  });

  it('gives the same bits for any number of threads', async () => {
    const results: number[][] = [];
    for (const threads of [1, 2, 3, 7]) {
      const model = seeded();
      const { history } = await fit(model, { epochs: 3, seed: 5, threads, validationSplit: 0.2 });
      results.push([...weightsOf(model), ...Object.values(history).flat()]);
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it('gives the same bits with batch hooks as without', async () => {
    const model = seeded();
    const hooked = seeded();
    const a = await fit(model, { epochs: 2, seed: 5 });
    const b = await fit(hooked, { epochs: 2, seed: 5, callbacks: [{ onTrainBatchEnd() {} }] });
    assert.deepEqual(weightsOf(model), weightsOf(hooked));
    assert.deepEqual(a.history, b.history);
  });

  it('is the same for a fit of 4 epochs and 4 fits of one, with and without initialEpoch and seed', async () => {
    for (const seed of [{}, { seed: 21 }]) {
      const whole = seeded();
      await fit(whole, { epochs: 4, ...seed });
      const single = seeded();
      for (let i = 0; i < 4; i++) await fit(single, seed);
      assert.deepEqual(weightsOf(single), weightsOf(whole));
      const counted = seeded();
      for (let i = 0; i < 4; i++) await fit(counted, { initialEpoch: i, epochs: i + 1, ...seed });
      assert.deepEqual(weightsOf(counted), weightsOf(whole));
    }
  });

  it('is the same for a pass cut into several epochs, and for one of more steps than a native span has', async () => {
    const many = blobs(70_000);
    const whole = seeded();
    const a = await whole.fit(many.x, many.labels, quiet({ batchSize: 1, seed: 1 }));
    const parts = seeded();
    const b = await parts.fit(many.x, many.labels, quiet({ batchSize: 1, seed: 1, stepsPerEpoch: 35_000, epochs: 2 }));
    assert.equal(whole.optimizer.iterations, 70_000);
    assert.deepEqual(weightsOf(parts), weightsOf(whole));
    const [first, second] = b.history['loss']!;
    assert.ok(Math.abs((first! + second!) / 2 - a.history['loss']![0]!) < 1e-9);
  });

  it('differs from epoch to epoch', async () => {
    const orders = new Set<string>();
    const model = seeded();
    const start = model.getWeights();
    for (let i = 0; i < 3; i++) {
      model.setWeights(start);
      model.optimizer.setWeights(model.optimizer.getWeights().map((array, j) => (j === 0 ? array : array.multiply(0))));
      model.optimizer.learningRate = 0.05;
      await fit(model, { seed: 1 });
      orders.add(String(weightsOf(model)));
    }
    assert.equal(orders.size, 3);
  });

  it('counts epochs anew after compile', async () => {
    const model = seeded();
    const start = model.getWeights();
    await fit(model, { seed: 1 });
    const first = weightsOf(model);
    model.setWeights(start);
    compile(model);
    await fit(model, { seed: 1 });
    assert.deepEqual(weightsOf(model), first);
  });

  it('goes on bit for bit in a model rebuilt from config, weights and optimizer weights', async () => {
    const whole = seeded();
    await fit(whole, { epochs: 3 });
    const before = seeded();
    await fit(before, { epochs: 1 });
    const config = JSON.parse(JSON.stringify(before.getConfig())) as object;
    setRandomSeed(12345);
    const after = Sequential.fromConfig(config as never);
    compile(after);
    after.setWeights(before.getWeights());
    after.optimizer.setWeights(before.optimizer.getWeights());
    await fit(after, { epochs: 2 });
    assert.deepEqual(weightsOf(after), weightsOf(whole));
  });

  it('goes on bit for bit after the rate was set, which the optimizer weights carry unrounded', async () => {
    const whole = seeded();
    const before = seeded();
    for (const model of [whole, before]) {
      await fit(model, {});
      model.optimizer.learningRate = 0.1;
      await fit(model, { initialEpoch: 1, epochs: 2 });
    }
    const after = Sequential.fromConfig(before.getConfig());
    compile(after);
    after.setWeights(before.getWeights());
    after.optimizer.setWeights(before.optimizer.getWeights());
    for (const model of [whole, after]) await fit(model, { initialEpoch: 2, epochs: 5 });
    assert.deepEqual(weightsOf(after), weightsOf(whole));
  });

  it('goes on bit for bit where only weights and optimizer weights were carried over, given the seed', async () => {
    const whole = seeded();
    await fit(whole, { epochs: 3, seed: 8 });
    const before = seeded();
    const earlyConfig = before.getConfig();
    await fit(before, { epochs: 2, seed: 8 });
    const byHand = seeded(77);
    for (const after of [byHand, Sequential.fromConfig(earlyConfig)]) {
      if (after !== byHand) compile(after);
      after.setWeights(before.getWeights());
      after.optimizer.setWeights(before.optimizer.getWeights());
      await fit(after, { seed: 8 });
      assert.deepEqual(weightsOf(after), weightsOf(whole));
    }
  });

  it('goes on in the middle of a pass over the data', async () => {
    const cut = { stepsPerEpoch: 2, seed: 3 };
    const whole = seeded();
    await fit(whole, { epochs: 7, ...cut });
    const before = seeded();
    await fit(before, { epochs: 4, ...cut });
    const byConfig = Sequential.fromConfig(JSON.parse(JSON.stringify(before.getConfig())) as never);
    const byHand = seeded(5);
    compile(byConfig);
    for (const after of [byConfig, byHand]) {
      after.setWeights(before.getWeights());
      after.optimizer.setWeights(before.optimizer.getWeights());
      await fit(after, { epochs: 3, ...cut });
      assert.deepEqual(weightsOf(after), weightsOf(whole));
    }
  });

  it('gives every call of trainOnBatch a mask of its own, the same for the same seed', async () => {
    const run = async (): Promise<number[][]> => {
      const model = seeded();
      const start = model.getWeights();
      model.optimizer.learningRate = 0.1;
      const results = [];
      for (let i = 0; i < 2; i++) {
        model.setWeights(start);
        await model.trainOnBatch(x, labels);
        results.push(weightsOf(model));
      }
      return results;
    };
    const [first, second] = await run();
    assert.notDeepEqual(first, second);
    assert.deepEqual(await run(), [first, second]);
  });

  it('is not changed by what only looks', async () => {
    const model = seeded();
    await fit(model, { epochs: 1, seed: 4 });
    await model.evaluate(x, labels, { verbose: 0 });
    await model.predict(x, { verbose: 0 });
    model.predictSync(x);
    await model.testOnBatch(x, labels);
    await model.profile(x, labels, { steps: 3 });
    model.getConfig();
    model.explain();
    await fit(model, { epochs: 1, seed: 4 });
    const plain = seeded();
    await fit(plain, { epochs: 2, seed: 4 });
    assert.deepEqual(weightsOf(model), weightsOf(plain));
  });
});
