import assert from 'node:assert/strict';
import { Dense, NdArray, Sequential } from '../../lib/index.js';
import { blobs, classifier, endless, line } from './blobs.js';

const { x, labels } = blobs(70);

describe('predict', () => {
  it('gives a row of outputs for every row of inputs', async () => {
    const model = line(2, 1);
    const y = await model.predict([[1], [2], [-3]], { verbose: 0 });
    assert.ok(y instanceof NdArray);
    assert.deepEqual([y.shape, y.dtype, y.toArray()], [[3, 1], 'float32', [[3], [5], [-5]]]);
  });

  it('is the same for every batch size that the rows divide into, and as predictSync and predictOnBatch', async () => {
    const model = classifier();
    const whole = await model.predict(x, { verbose: 0, batchSize: 70 });
    for (const other of [await model.predictOnBatch(x), model.predictSync(x),
      await model.predict(x, { verbose: 0, threads: 3, batchSize: 70 })]) {
      assert.deepEqual(other, whole);
    }
    for (const batchSize of [1, 3, 32, 1000]) {
      const batched = await model.predict(x, { verbose: 0, batchSize });
      batched.data.forEach((value, i) => assert.ok(Math.abs(value - whole.data[i]!) < 1e-6));
    }
  });

  it('works without compile', async () => {
    const model = new Sequential([new Dense(1, { inputShape: [2], kernelInitializer: 'ones' })]);
    assert.deepEqual((await model.predict([[1, 2]], { verbose: 0 })).toArray(), [[3]]);
  });

  it('stops after `steps` batches', async () => {
    const y = await classifier().predict(x, { verbose: 0, batchSize: 8, steps: 2 });
    assert.deepEqual(y.shape, [16, 3]);
  });

  it('needs a model that is built', async () => {
    const model = new Sequential([new Dense(1)]);
    await assert.rejects(model.predict([[1]], { verbose: 0 }),
      { name: 'TypeError', message: /`predict` needs a model that is built/ });
    await assert.rejects(model.predictOnBatch([[1]]), /`predictOnBatch` needs a model that is built/);
    assert.throws(() => model.predictSync([[1]]),
      { name: 'TypeError', message: /`predictSync` needs a model that is built/ });
  });

  it('does not wait: several may run at once', async () => {
    const model = classifier();
    const results = await Promise.all([1, 2, 3].map(() => model.predict(x, { verbose: 0 })));
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });
});

describe('predictSync', () => {
  it('asks for the number of threads where the rows are worth more than one', () => {
    const model = new Sequential([new Dense(256, { inputShape: [256] })]);
    const rows = (count: number): NdArray => new NdArray(new Float32Array(256 * count), [count, 256]);
    const before = process.env['QUERN_THREADS'];
    process.env['QUERN_THREADS'] = 'two';
    try {
      model.predictSync(rows(1));
      assert.throws(() => model.predictSync(rows(256)), /`QUERN_THREADS` must be an integer from 1 to 256/);
    } finally {
      if (before === undefined) delete process.env['QUERN_THREADS'];
      else process.env['QUERN_THREADS'] = before;
    }
  });

  it('writes to `out` and returns it', () => {
    const out = new Float32Array(2);
    const y = line(2, 1).predictSync([[1], [2]], { out });
    assert.equal(y.data, out);
    assert.deepEqual([...out], [3, 5]);
    assert.deepEqual(y.shape, [2, 1]);
  });

  it('refuses an `out` of another size or type', () => {
    const model = line(2, 1);
    assert.throws(() => model.predictSync([[1], [2]], { out: new Float32Array(3) }),
      { name: 'RangeError', message: /`out` must be a Float32Array of 2 elements, received a Float32Array of 3/ });
    assert.throws(() => model.predictSync([[1]], { out: [0] as never }), TypeError);
    assert.throws(() => model.predictSync([[1]], { ouput: 1 } as never), /no option `ouput`/);
  });

  it('reads bytes as numbers', () => {
    assert.deepEqual(line(2, 1).predictSync(Uint8Array.of(1, 200)).toArray(), [[3], [401]]);
  });

  it('takes more rows than a batch of its own holds', () => {
    const rows = 2500;
    const y = line(1, 0).predictSync(Float32Array.from({ length: rows }, (_, i) => i));
    y.data.forEach((value, i) => assert.equal(value, i));
  });

  it('sees the weights of a finished step while fit runs', async () => {
    const model = classifier();
    const fit = endless(model);
    const seen = new Set<string>();
    while (seen.size < 3) {
      const y = model.predictSync(x);
      seen.add(String(y.data));
      // A row of a softmax adds up to 1 whatever the weights, unless they were torn.
      for (let row = 0; row < 70; row++) {
        const [a, b, c] = y.data.subarray(3 * row, 3 * row + 3);
        assert.ok(Math.abs(a! + b! + c! - 1) < 1e-5);
      }
      await new Promise((resume) => setTimeout(resume, 1));
    }
    await fit.stop();
    assert.ok((await model.evaluate(x, labels, { verbose: 0 }))['accuracy']! > 0.5);
  });
});
