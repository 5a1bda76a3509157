import assert from 'node:assert/strict';
import { Activation, Dense, Sequential, SGD } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { blobs, classifier, endless, progressOf, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(60);

/** The first layer of a model, as a model of its own. */
const front = (model: Sequential): Sequential => {
  const part = new Sequential([model.layers[0]!]);
  part.build([null, 5]);
  return part;
};

describe('models that share layers', () => {
  it('see each other\'s training', async () => {
    const model = classifier();
    const part = front(model);
    const before = await part.predict(x, { verbose: 0 });
    await model.fit(x, labels, quiet());
    assert.notDeepEqual(await part.predict(x, { verbose: 0 }), before);
    assert.deepEqual(weightsOf(part), weightsOf(model).slice(0, 48));
    part.setWeights(part.getWeights().map((array) => array.multiply(0)));
    assert.ok(weightsOf(model).slice(0, 48).every((value) => value === 0));
  });

  it('train on as they would have alone', async () => {
    const alone = classifier();
    const shared = classifier();
    const head = new Sequential([...shared.layers, new Dense(2)]);
    await alone.fit(x, labels, quiet({ seed: 1, epochs: 2 }));
    await shared.fit(x, labels, quiet({ seed: 1 }));
    await head.predict(x, { verbose: 0 });
    await shared.fit(x, labels, quiet({ seed: 1 }));
    assert.deepEqual(weightsOf(shared), weightsOf(alone));
    assert.deepEqual(weightsOf(head).slice(0, weightsOf(alone).length), weightsOf(alone));
  });

  it('of layers that are frozen, change the others only', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet());
    const base = model.layers[0]!;
    base.trainable = false;
    const head = new Sequential([base, new Dense(3, { activation: 'softmax' })]);
    head.compile({ optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }), loss: 'sparse_categorical_crossentropy' });
    const before = weightsOf(head);
    await head.fit(x, labels, quiet());
    const after = weightsOf(head);
    assert.deepEqual(after.slice(0, 48), before.slice(0, 48));
    assert.notDeepEqual(after.slice(48), before.slice(48));
  });

  it('are trained by the one that was compiled last', async () => {
    const model = classifier();
    const head = new Sequential([...model.layers, new Dense(3, { activation: 'softmax' })]);
    head.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
    await head.fit(x, labels, quiet());
    await assert.rejects(model.fit(x, labels, quiet()), /shares layers with another one that was compiled after it/);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    await model.fit(x, labels, quiet());
  });

  it('cannot be brought together while one trains', async () => {
    const model = classifier();
    const fit = endless(model);
    await progressOf(model);
    const head = new Sequential([...model.layers, new Dense(2)]);
    assert.throws(() => head.predictSync(x), { name: 'ModelBusyError' });
    assert.throws(() => head.compile({ optimizer: 'adam', loss: 'mse' }), { name: 'ModelBusyError' });
    const part = front(model);
    assert.throws(() => part.setWeights(part.getWeights()), { name: 'ModelBusyError' });
    assert.throws(() => part.compile({ optimizer: 'adam', loss: 'mse' }), { name: 'ModelBusyError' });
    assert.equal(front(model).predictSync(x).shape[1], 8);
    await fit.stop();
    assert.equal(head.predictSync(x).shape[1], 2);
  });

  it('are refused one optimizer', () => {
    const optimizer = new SGD();
    classifier(1, { optimizer });
    assert.throws(() => classifier(2, { optimizer }),
      { name: 'TypeError', message: /already belongs to another model/ });
  });
});

describe('freezing', () => {
  it('takes effect with compile', async () => {
    const model = classifier();
    model.layers[0]!.trainable = false;
    const before = weightsOf(model);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    await model.fit(x, labels, quiet());
    assert.deepEqual(weightsOf(model).slice(0, 48), before.slice(0, 48));
    assert.notDeepEqual(weightsOf(model), before);
  });

  it('takes no effect without compile, whatever kind of data comes next', async () => {
    const run = async (isFrozenLate: boolean): Promise<number[]> => {
      const model = classifier();
      await model.trainOnBatch(x, labels);
      if (isFrozenLate) model.layers[0]!.trainable = false;
      const sampleWeight = new Float32Array(60).fill(1);
      await model.fit(x, labels, quiet({ seed: 1 }));
      await model.fit(x, labels, quiet({ seed: 1, sampleWeight }));
      return weightsOf(model);
    };
    assert.deepEqual(await run(true), await run(false));
  });

  it('of everything leaves a model that trains nothing', async () => {
    const model = classifier();
    for (const layer of model.layers) layer.trainable = false;
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    const before = weightsOf(model);
    const { history } = await model.fit(x, labels, quiet({ epochs: 2 }));
    assert.deepEqual(weightsOf(model), before);
    assert.equal(history['loss']!.length, 2);
    assert.equal(model.optimizer.iterations, 4);
  });

  it('is not needed by a model without weights, which trains nothing', async () => {
    const model = new Sequential([new Activation('relu', { inputShape: [2] })]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    assert.deepEqual(model.predictSync([[1, -1]]).toArray(), [[1, 0]]);
    assert.deepEqual(await model.evaluate([[1, -1]], [[1, 2]], { verbose: 0 }), { loss: 2 });
    await model.fit([[1, -1]], [[1, 2]], quiet({ epochs: 2 }));
    assert.deepEqual(model.getWeights(), []);
  });
});

describe('weights of models that were dropped', () => {
  it('do not stay in the memory of those that shared layers with them', async () => {
    const base = new Dense(1, { inputShape: [5] });
    const bytes: number[] = [];
    for (let i = 0; i < 12; i++) {
      new Sequential([base, new Dense(10_000)]).predictSync(x);
      // Finalizers run some turns after their objects were collected.
      for (let turn = 0; turn < 100; turn++) {
        await new Promise((resume) => setTimeout(resume, 1));
        globalThis.gc!();
        if (turn > 2 && native().counters().bytes <= (bytes[3] ?? Infinity)) break;
      }
      bytes.push(native().counters().bytes);
    }
    assert.ok(bytes.at(-1)! <= bytes[3]!, String(bytes));
  });
});
