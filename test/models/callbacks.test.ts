import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  callbacks, Dense, History, ModelBusyError, Sequential, type CallbackHooks, type CallbackParams, type Logs, type Model,
} from '../../lib/index.js';
import { blobs, classifier, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(20);

const hooks = [
  'onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onTrainBatchBegin', 'onTrainBatchEnd', 'onBatchBegin',
  'onBatchEnd', 'onTestBegin', 'onTestEnd', 'onTestBatchBegin', 'onTestBatchEnd', 'onPredictBegin', 'onPredictEnd',
  'onPredictBatchBegin', 'onPredictBatchEnd',
] as const;

/** Notes every call: `onEpochEnd 0`. */
function recorder(calls: string[], names: readonly (keyof CallbackHooks)[] = hooks): CallbackHooks {
  return Object.fromEntries(names.map((name) => [name, (index: number | Logs) => {
    calls.push(typeof index === 'number' ? `${name} ${index}` : name);
  }]));
}

describe('callbacks', () => {
  it('are called in Keras\'s order', async () => {
    const calls: string[] = [];
    await classifier().fit(x, labels,
      quiet({ batchSize: 10, validationData: [x, labels], callbacks: [recorder(calls)] }));
    const batch = (i: number): string[] =>
      [`onBatchBegin ${i}`, `onTrainBatchBegin ${i}`, `onBatchEnd ${i}`, `onTrainBatchEnd ${i}`];
    const test = (i: number): string[] => [`onTestBatchBegin ${i}`, `onTestBatchEnd ${i}`];
    assert.deepEqual(calls, [
      'onTrainBegin', 'onEpochBegin 0', ...batch(0), ...batch(1), 'onTestBegin', ...test(0), ...test(1), 'onTestEnd',
      'onEpochEnd 0', 'onTrainEnd',
    ]);
  });

  it('of evaluate and predict are called too', async () => {
    const calls: string[] = [];
    const model = classifier();
    await model.evaluate(x, labels, { verbose: 0, batchSize: 16, callbacks: [recorder(calls)] });
    await model.predict(x, { verbose: 0, batchSize: 16, callbacks: [recorder(calls)] });
    assert.deepEqual(calls, [
      'onTestBegin', 'onTestBatchBegin 0', 'onTestBatchEnd 0', 'onTestBatchBegin 1', 'onTestBatchEnd 1', 'onTestEnd',
      'onPredictBegin', 'onPredictBatchBegin 0', 'onPredictBatchEnd 0', 'onPredictBatchBegin 1', 'onPredictBatchEnd 1',
      'onPredictEnd',
    ]);
  });

  it('learn their model and parameters', async () => {
    const given: [Model?, CallbackParams?] = [];
    const model = classifier();
    await model.fit(x, labels, quiet({
      epochs: 2, callbacks: [{ setModel(m) { given[0] = m; }, setParams(p) { given[1] = p; } }],
    }));
    assert.equal(given[0], model);
    assert.deepEqual(given[1], { verbose: 0, epochs: 2, steps: 1 });
  });

  it('are awaited, one after the other', async () => {
    const calls: string[] = [];
    const slow = (name: string): CallbackHooks => ({
      async onEpochEnd(epoch) { calls.push(`${name} ${epoch} begins`); await sleep(2); calls.push(`${name} ${epoch} ends`); },
    });
    await classifier().fit(x, labels, quiet({ epochs: 2, callbacks: [slow('a'), slow('b')] }));
    assert.deepEqual(calls, [0, 1].flatMap((epoch) => ['a', 'b'].flatMap((name) =>
      [`${name} ${epoch} begins`, `${name} ${epoch} ends`])));
  });

  it('see running means at the end of a batch', async () => {
    const means: number[] = [];
    const single: number[] = [];
    const model = classifier();
    model.optimizer.learningRate = 0;
    await model.fit(x, labels, quiet({
      batchSize: 8, shuffle: false, callbacks: [{ onTrainBatchEnd: (_, { loss }) => { means.push(loss!); } }],
    }));
    for (const [begin, end] of [[0, 8], [8, 16], [16, 20]] as const) {
      single.push((await model.testOnBatch(x.slice(begin, end), labels.slice(begin, end)))['loss']!);
    }
    const expected = [single[0]!, (single[0]! + single[1]!) / 2,
      (8 * single[0]! + 8 * single[1]! + 4 * single[2]!) / 20];
    means.forEach((mean, i) => assert.ok(Math.abs(mean - expected[i]!) < 1e-6));
    assert.equal(means.length, 3);
  });

  it('end training after the batch or epoch at hand', async () => {
    const byEpoch = classifier();
    const history = await byEpoch.fit(x, labels, quiet({
      epochs: 9, callbacks: [{ onEpochEnd(epoch) { if (epoch === 1) byEpoch.stopTraining = true; } }],
    }));
    assert.deepEqual(history.epoch, [0, 1]);
    const byBatch = classifier();
    const ended = await byBatch.fit(x, labels, quiet({
      epochs: 9, batchSize: 2, callbacks: [{ onTrainBatchEnd(batch) { if (batch === 3) byBatch.stopTraining = true; } }],
    }));
    assert.equal(byBatch.optimizer.iterations, 4);
    assert.deepEqual(ended.epoch, [0]);
    await byBatch.fit(x, labels, quiet({ epochs: 2 }));
    assert.equal(byBatch.optimizer.iterations, 6);
  });

  it('need not be there to end training: stopTraining counts from the moment fit is called', async () => {
    const model = classifier();
    model.stopTraining = true;
    const running = model.fit(x, labels, quiet({ epochs: 5 }));
    assert.equal(model.stopTraining, false);
    model.stopTraining = true;
    assert.deepEqual((await running).epoch, []);
    assert.equal(model.optimizer.iterations, 0);
  });

  it('that throw or reject end fit with the weights of the last finished step', async () => {
    const error = new Error('enough');
    for (const onTrainBatchEnd of [(batch: number) => { if (batch === 1) throw error; },
      async (batch: number) => { await sleep(1); if (batch === 1) throw error; }]) {
      const model = classifier();
      await assert.rejects(model.fit(x, labels,
        quiet({ batchSize: 5, shuffle: false, callbacks: [{ onTrainBatchEnd }] })), error);
      assert.equal(model.optimizer.iterations, 2);
      const other = classifier();
      await other.fit(x.slice(0, 10), labels.slice(0, 10), quiet({ batchSize: 5, shuffle: false }));
      assert.deepEqual(weightsOf(model), weightsOf(other));
      await model.fit(x, labels, quiet());
    }
  });

  it('may do everything but another fit', async () => {
    const model = classifier();
    const seen: unknown[] = [];
    await model.fit(x, labels, quiet({
      epochs: 2,
      callbacks: [{
        async onEpochEnd(epoch) {
          if (epoch > 0) return;
          seen.push(Object.keys(await model.evaluate(x, labels, { verbose: 0 })));
          seen.push((await model.predict(x, { verbose: 0 })).shape);
          const weights = model.getWeights();
          model.setWeights(weights.map((array) => array.multiply(2)));
          model.optimizer.learningRate = 0.01;
          await model.trainOnBatch(x, labels);
          await assert.rejects(model.fit(x, labels, quiet()), ModelBusyError);
        },
      }],
    }));
    assert.deepEqual(seen, [['loss', 'accuracy'], [20, 3]]);
    assert.equal(model.optimizer.iterations, 3);
  });

  it('may compile the model: training goes on with that', async () => {
    const model = classifier();
    const { history } = await model.fit(x, labels, quiet({
      epochs: 2,
      callbacks: [{
        onEpochEnd(epoch) {
          if (epoch === 0) model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
        },
      }],
    }));
    assert.equal(model.optimizer.iterations, 1);
    assert.equal(history['accuracy']!.length, 1);
    await assert.rejects(model.fit(x, labels, quiet({
      epochs: 2, callbacks: [{ onEpochEnd() { model.compile({ optimizer: 'sgd', loss: 'categorical_crossentropy' }); } }],
    })), /takes data of other shapes/);
  });

  it('a step started in a callback and not awaited is over before training goes on', async () => {
    const model = classifier();
    let step: Promise<Logs> | undefined;
    await model.fit(x, labels, quiet({ callbacks: [{ onEpochBegin() { step = model.trainOnBatch(x, labels); } }] }));
    assert.equal(model.optimizer.iterations, 2);
    assert.ok((await step!)['loss']! > 0);
  });

  it('may add to the logs of an epoch', async () => {
    const { history } = await classifier().fit(x, labels, quiet({
      epochs: 2, callbacks: [{ onEpochEnd(epoch, logs) { logs['rate'] = epoch; } }],
    }));
    assert.deepEqual(history['rate'], [0, 1]);
  });

  it('may be a History, which is then the one that is returned', async () => {
    const own = new History();
    const history = await classifier().fit(x, labels, quiet({ callbacks: [own] }));
    assert.equal(history, own);
    assert.deepEqual(own.epoch, [0]);
  });

  it('may extend Callback', async () => {
    class Stop extends callbacks.Callback {
      override onEpochEnd(epoch: number): void {
        if (epoch === this.params!.epochs - 3) this.model!.stopTraining = true;
      }
    }
    const history = await classifier().fit(x, labels, quiet({ epochs: 5, callbacks: [new Stop()] }));
    assert.deepEqual(history.epoch, [0, 1, 2]);
  });

  it('are refused when they are none', async () => {
    const model = classifier();
    const fit = (list: unknown): Promise<History> => model.fit(x, labels,
      quiet({ callbacks: list as CallbackHooks[] }));
    await assert.rejects(fit('stop'), /`callbacks` must be an object with hooks, or an array of such, received "stop"/);
    await assert.rejects(fit([null]), /`callbacks\[0\]` must be an object with hooks, received null/);
    await assert.rejects(fit([() => 1]), { name: 'TypeError' });
    await assert.rejects(fit([{ on_epoch_end() {} }]), /hooks in camelCase \(onEpochEnd\), received "on_epoch_end"/);
    class Old extends callbacks.Callback { on_epoch_end(): void {} }
    await assert.rejects(fit([new Old()]), /hooks in camelCase \(onEpochEnd\), received "on_epoch_end"/);
    await assert.rejects(fit([{}, { onEpochEnd: 'x' }]),
      { name: 'TypeError', message: '`callbacks[1].onEpochEnd` must be a function, received "x"' });
    await assert.rejects(fit([{ setModel: 1 }]), /`callbacks\[0\].setModel` must be a function/);
    assert.equal(model.optimizer.iterations, 0);
    await fit([{ onEpochEnd: null, onTrainBegin: undefined }]);
  });

  it('may be one object instead of a list', async () => {
    const calls: string[] = [];
    const model = classifier();
    await model.fit(x, labels, quiet({ callbacks: recorder(calls, ['onEpochEnd']) }));
    await model.predict(x, { verbose: 0, callbacks: recorder(calls, ['onPredictEnd']) });
    assert.deepEqual(calls, ['onEpochEnd 0', 'onPredictEnd']);
  });

  it('are awaited while they learn their model, and may change it', async () => {
    const model = classifier();
    const zeros = model.getWeights().map((array) => array.multiply(0));
    let seen: number[] = [];
    await model.fit(x, labels, quiet({
      callbacks: [{
        async setModel() { await sleep(1); model.setWeights(zeros); },
        async setParams() { await sleep(1); seen = weightsOf(model); },
      }],
    }));
    assert.ok(seen.every((value) => value === 0));
    const error = new Error('no');
    const refusing = { callbacks: { setModel: () => Promise.reject(error) }, verbose: 0 } as const;
    await assert.rejects(model.fit(x, labels, refusing), error);
    await assert.rejects(model.evaluate(x, labels, refusing), error);
    await assert.rejects(model.predict(x, refusing), error);
    assert.equal(model.optimizer.iterations, 1);
  });

  it('that change the layers and do not compile end fit with what is missing', async () => {
    for (const change of [(model: Sequential) => model.pop(), (model: Sequential) => model.add(new Dense(3))]) {
      for (const hook of ['onEpochEnd', 'onTrainBatchEnd', 'onTestEnd'] as const) {
        const model = classifier();
        let isChanged = false;
        const callback: CallbackHooks = { [hook]() { if (!isChanged) change(model); isChanged = true; } };
        await assert.rejects(
          model.fit(x, labels, quiet({ epochs: 2, batchSize: 5, validationSplit: 0.5, callbacks: [callback] })),
          { name: 'TypeError', message: /`fit` needs a compiled model/ }, hook);
      }
    }
  });

  it('that take all layers away end fit with what is missing', async () => {
    const model = new Sequential([new Dense(3, { inputShape: [5] })]);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    await assert.rejects(model.fit(x, labels, quiet({ callbacks: { onTrainBegin() { model.pop(); } } })),
      /`fit` needs a model that is built/);
  });
});
