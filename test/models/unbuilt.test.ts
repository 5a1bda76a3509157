import assert from 'node:assert/strict';
import { Dense, Input, Sequential, type CompileOptions } from '../../lib/index.js';
import { blobs, quiet } from './blobs.js';

const { x, labels, oneHot } = blobs(20);

function unbuilt(compile: Partial<CompileOptions> = {}): Sequential {
  const model = new Sequential([new Dense(4), new Dense(3)]);
  model.compile({ optimizer: 'sgd', loss: 'categorical_crossentropy', ...compile });
  return model;
}

type Call = (model: Sequential, x: never, y: never, options?: object) => Promise<unknown>;
const calls: Record<string, Call> = {
  fit: (model, ...data) => model.fit(data[0], data[1], quiet(data[2])),
  evaluate: (model, ...data) => model.evaluate(data[0], data[1], { verbose: 0, ...data[2] }),
  trainOnBatch: (model, ...data) => model.trainOnBatch(...data),
  testOnBatch: (model, ...data) => model.testOnBatch(...data),
  profile: (model, ...data) => model.profile(data[0], data[1], { steps: 1 }),
};

describe('a model that is not built', () => {
  const refused: [string, unknown, unknown, RegExp][] = [
    ['other numbers of rows', [[1, 2], [3, 4]], [[1, 0, 0]], /same number of rows, received 2 and 1/],
    ['ragged x', [[1, 2], [3]], [[1, 0, 0], [1, 0, 0]], /ragged/],
    ['targets of another width', [[1, 2]], [[1, 0]], /`y` must have shape \[rows, 3\], received \[1, 2\]/],
    ['empty x', [], [[1, 0, 0]], /`x` must not be empty, received shape \[0\]/],
    ['x without a second axis', [1, 2], [[1, 0, 0]], /`x` must have an axis of samples and at least one more/],
    ['x without a shape', new Float32Array(4), [[1, 0, 0]], /`x` must be an array with a shape/],
  ];
  for (const [name, call] of Object.entries(calls)) {
    for (const [what, badX, badY, message] of refused) {
      it(`stays so when ${name} refuses ${what}`, async () => {
        const model = unbuilt();
        await assert.rejects(call(model, badX as never, badY as never), message);
        assert.equal(model.built, false);
        assert.ok(model.layers.every((layer) => !layer.built));
        await call(model, x as never, oneHot as never);
        assert.deepEqual(model.inputShape, [null, 5]);
      });
    }
  }

  it('stays so when an option that depends on the data is refused', async () => {
    const model = unbuilt();
    await assert.rejects(model.fit(x, oneHot, quiet({ stepsPerEpoch: 99 })), /`stepsPerEpoch`/);
    await assert.rejects(model.fit(x, oneHot, quiet({ validationSplit: 0.999 })), /`validationSplit`/);
    const validationData = [[[1]], [[1, 0, 0]]] as [number[][], number[][]];
    await assert.rejects(model.fit(x, oneHot, quiet({ validationData })), /`validationData\[0\]`/);
    await assert.rejects(model.evaluate(x, oneHot, { sampleWeight: [1], verbose: 0 }), /`sampleWeight`/);
    assert.equal(model.built, false);
  });

  it('is built as it would have been by build', async () => {
    const model = unbuilt({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    await model.fit(x, labels, quiet());
    assert.deepEqual([model.inputShape, model.outputShape], [[null, 5], [null, 3]]);
    assert.deepEqual(model.getConfig()['build_input_shape'], [null, 5]);
    assert.deepEqual(model.pop().builtShapes, [[null, 4]]);
    assert.deepEqual(model.outputShape, [null, 4]);
  });

  it('is built for one of two calls at once, and the other is refused when its data are others', async () => {
    const model = unbuilt();
    const results = await Promise.allSettled([
      model.evaluate(x, oneHot, { verbose: 0 }), model.evaluate([[1, 2]], [[1, 0, 0]], { verbose: 0 }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const [bad] = results.filter((result) => result.status === 'rejected');
    assert.match(String(bad!.reason), /was changed while `evaluate` ran, and now takes data of other shapes/);
  });

  it('for want of layers is told so', async () => {
    for (const model of [new Sequential(), new Sequential([Input({ shape: [5] })])]) {
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      await assert.rejects(model.fit(x, x),
        { name: 'TypeError', message: '`fit` needs a model with layers, this has none' });
      await assert.rejects(model.evaluate(x, x), /^TypeError: `evaluate` needs a model with layers/);
    }
  });
});
