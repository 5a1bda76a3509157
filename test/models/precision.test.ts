/** The option `precision` of `compile`. What the precisions compute is tested in test/native, with a model of AMX. */
import assert from 'node:assert/strict';
import {
  Dense, NdArray, Sequential, SGD, setRandomSeed, type CompileOptions, type Precision,
} from '../../lib/index.js';
import { gemm } from '../../lib/kernels.js';
import { numbers } from './blobs.js';

const rows = 256;
const next = numbers(1);
const x = new NdArray(Float32Array.from({ length: rows * 128 }, () => next() - 0.5), [rows, 128]);
const y = Uint8Array.from({ length: rows }, () => Math.floor(4 * next()));

/** A model whose products are large enough for planes. */
function compiled(precision?: Precision): Sequential {
  setRandomSeed(3);
  const model = new Sequential([
    new Dense(128, { activation: 'relu', inputShape: [128] }), new Dense(128, { activation: 'relu' }),
    new Dense(4, { activation: 'softmax' }),
  ], { name: 'model' });
  model.compile({ optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }), loss: 'sparse_categorical_crossentropy',
    ...(precision && { precision }) });
  return model;
}

async function trained(precision?: Precision, threads = 1): Promise<Float32Array[]> {
  const model = compiled(precision);
  await model.fit(x, y, { batchSize: 128, epochs: 3, verbose: 0, threads });
  const predicted = await model.predict(x, { batchSize: 256, threads, verbose: 0 });
  return [...model.getWeights(), predicted].map(({ data }) => data as Float32Array);
}

function largestDifference(a: Float32Array[], b: Float32Array[]): number {
  return Math.max(...a.map((array, i) => Math.max(...array.map((value, j) => Math.abs(value - b[i]![j]!)))));
}

/** Whether this machine computes a large product otherwise than at the highest precision. */
function differs(precision: Precision): boolean {
  const call = { m: 128, n: 128, k: 128, a: x.data as Float32Array, b: (x.data as Float32Array).subarray(128 * 128) };
  return largestDifference([gemm({ ...call, precision })], [gemm(call)]) > 0;
}

describe('precision of compile', () => {
  it('is the highest by default', async () => {
    assert.deepEqual(await trained(), await trained('highest'));
    assert.doesNotMatch(compiled().explain(), /precision/);
  });

  for (const [precision, tolerance] of [['high', 1e-3], ['medium', 0.05]] as const) {
    it(`${precision}: near the highest, with the same bits on any number of threads`, async function () {
      const results = await trained(precision);
      const difference = largestDifference(results, await trained());
      assert.ok(difference <= tolerance, `differs by ${difference}`);
      assert.deepEqual(await trained(precision, 2), results);
      if (!differs(precision)) console.log(`      this machine computes '${precision}' as 'highest'`);
      assert.equal(difference > 0, differs(precision));
    });

    it(`${precision}: holds for training, evaluation and prediction, until compiled again`, async () => {
      const model = compiled(precision);
      assert.match(model.explain(), new RegExp(`, precision ${precision}\\n`));
      await model.predict(x, { verbose: 0, batchSize: 256 });
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      assert.doesNotMatch(model.explain(), /precision/);
    });
  }

  it('refuses everything else, and leaves the model as it was', () => {
    const model = compiled('medium');
    const given: [unknown, RegExp][] = [
      ['low', /^TypeError: `precision` is unknown: "low".* Known: highest, high, medium$/],
      ['Highest', /`precision` is unknown: "Highest"; did you mean "highest"\? Known/],
      [2, /^TypeError: `precision` must be one of highest, high, medium, received 2$/],
    ];
    for (const [precision, error] of given) {
      const options = { optimizer: 'sgd', loss: 'mse', precision } as CompileOptions;
      assert.throws(() => model.compile(options), (e) => error.test(String(e)), String(precision));
    }
    assert.match(model.explain(), /precision medium/);
    model.compile({ optimizer: 'sgd', loss: 'mse', precision: null } as never);
    assert.doesNotMatch(model.explain(), /precision/);
  });
});
