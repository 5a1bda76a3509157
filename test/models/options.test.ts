import assert from 'node:assert/strict';
import type { CompileOptions } from '../../lib/index.js';
import { blobs, classifier, quiet } from './blobs.js';

const { x, labels } = blobs(20);

describe('options of calls', () => {
  it('may be spelled as in Keras', async () => {
    const model = classifier();
    model.compile({
      optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', weighted_metrics: ['accuracy'],
    } as CompileOptions);
    const { history } = await model.fit(x, labels,
      { verbose: 0, batch_size: 10, validation_data: [x, labels], initial_epoch: 1, epochs: 3 } as never);
    assert.deepEqual(Object.keys(history), ['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    assert.equal(model.optimizer.iterations, 4);
    const lines: string[] = [];
    model.summary({ line_length: 50, print: (line: string) => lines.push(line) } as never);
    assert.equal(lines[1]!.length, 50);
    const weights = { sample_weight: new Float32Array(20) } as never;
    assert.equal((await model.evaluate(x, labels, Object.assign({ verbose: 0 }, weights)))['loss'], 0);
    assert.equal((await model.testOnBatch(x, labels, weights))['loss'], 0);
    assert.deepEqual((await model.predict(x, { verbose: 0, batch_size: 7, steps: 1 } as never)).shape, [7, 3]);
  });

  it('that Keras has and quern lacks may be off', async () => {
    const model = classifier();
    model.compile({
      optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', loss_weights: null, run_eagerly: false,
      steps_per_execution: 1, jit_compile: false, auto_scale_loss: true,
    } as CompileOptions);
    await model.fit(x, labels, quiet({ workers: 1, use_multiprocessing: false } as never));
  });

  it('that are null are not given', async () => {
    const names = ['batchSize', 'classWeight', 'sampleWeight', 'seed', 'validationData', 'callbacks', 'stepsPerEpoch',
      'validationSteps', 'validationBatchSize', 'signal', 'threads'];
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    const model = classifier();
    await model.fit(x, labels, quiet(nothing));
    await model.fit(x, labels, quiet({ validationData: [x, labels, null] } as never));
    await model.evaluate(x, labels, { verbose: 0, sampleWeight: null, steps: null } as never);
    await model.trainOnBatch(x, labels, { classWeight: null, sampleWeight: null } as never);
    assert.equal(model.optimizer.iterations, 3);
  });
});
