/** Every kind of array that may go into a model, through all of the model's methods: the results are the same bits. */
import assert from 'node:assert/strict';
import { Dense, Input, NdArray, Sequential, toCategorical, type ArrayInput } from '../../lib/index.js';

const rows = 6;
const features = [[0, 2, 4], [1, 3, 0], [2, 4, 1], [3, 0, 2], [4, 1, 3], [0, 2, 4]];
const labels = [0, 1, 2, 3, 0, 1];
const types = [Float32Array, Float64Array, Uint8Array, Uint8ClampedArray, Int8Array, Int16Array, Uint16Array,
  Int32Array, Uint32Array];

/** Typed arrays of all types with these elements. */
const typed = (values: number[]): [string, Exclude<ArrayInput, readonly unknown[]>][] => [
  ...types.map((type) => [type.name, type.from(values)] as [string, InstanceType<typeof type>]),
  ['BigInt64Array', BigInt64Array.from(values, BigInt)], ['BigUint64Array', BigUint64Array.from(values, BigInt)],
  ['Buffer', Buffer.from(values)],
];

/** The elements as a typed array of each type, as an NdArray over it, and as another library's array. */
function kindsOf(values: number[], shape: number[]): [string, ArrayInput][] {
  return [
    ...typed(values).flatMap(([type, data]): [string, ArrayInput][] =>
      [[type, data], [`NdArray of ${type}`, new NdArray(data as never, shape)],
        [`{ data, shape } of ${type}`, { data: data as never, shape }]]),
    ['{ data, shape } of a list', { data: values, shape }],
    ['{ data, shape } of bigints', { data: values.map(BigInt), shape }],
  ];
}

/** The model, with the same weights every time. */
function modelFor(loss: 'sparse_categorical_crossentropy' | 'categorical_crossentropy'): Sequential {
  const model = new Sequential([
    Input({ shape: [3] }), new Dense(4, { activation: 'softmax', kernelInitializer: 'ones' }),
  ]);
  model.compile({ optimizer: 'sgd', loss, metrics: ['accuracy'] });
  return model;
}

/** What training and all other uses of the data make of them. */
async function resultsOf(x: ArrayInput, y: ArrayInput, sparse = true): Promise<unknown> {
  const model = modelFor(sparse ? 'sparse_categorical_crossentropy' : 'categorical_crossentropy');
  const { history } = await model.fit(x, y,
    { verbose: 0, seed: 1, epochs: 2, batchSize: 4, validationSplit: 0.34, validationFreq: 2 });
  const second = await model.fit(x, y, { verbose: 0, seed: 1, validationData: [x, y] });
  const silent = { verbose: 0 } as const;
  const outputs = [await model.predict(x, silent), await model.predictOnBatch(x), model.predictSync(x)];
  return [history, second.history, await model.evaluate(x, y, silent), await model.trainOnBatch(x, y),
    await model.testOnBatch(x, y), ...outputs.map((output) => output.toArray())];
}

describe('a model', () => {
  it('reads inputs of every kind alike', async () => {
    const expected = await resultsOf(features, labels);
    const nested: [string, ArrayInput][] = [
      ['nested bigints', features.map((row) => row.map(BigInt))],
      ['nested bigints and numbers', features.map((row) => row.map((value, i) => (i > 0 ? value : BigInt(value))))],
      ...types.map((type) => [`rows of ${type.name}`, features.map((row) => type.from(row))] as [string, ArrayInput]),
      ['rows of BigInt64Array', features.map((row) => BigInt64Array.from(row, BigInt))],
    ];
    for (const [kind, x] of [...kindsOf(features.flat(), [rows, 3]), ...nested]) {
      assert.deepEqual(await resultsOf(x, labels), expected, kind);
    }
  });

  it('reads integer labels of every kind alike, with a last axis of 1 or without', async () => {
    const expected = await resultsOf(features, labels);
    const nested: [string, ArrayInput][] = [
      ['a column', labels.map((label) => [label])], ['bigints', labels.map(BigInt)],
    ];
    for (const [kind, y] of [...kindsOf(labels, [rows]), ...kindsOf(labels, [rows, 1]), ...nested]) {
      assert.deepEqual(await resultsOf(features, y), expected, kind);
    }
  });

  it('reads one-hot labels of every kind alike', async () => {
    const oneHot = toCategorical(labels, 4).toArray() as number[][];
    const expected = await resultsOf(features, oneHot, false);
    const nested: [string, ArrayInput][] = [
      ['booleans', oneHot.map((row) => row.map(Boolean))], ['bigints', oneHot.map((row) => row.map(BigInt))],
      ['toCategorical', toCategorical(labels)],
    ];
    for (const [kind, y] of [...kindsOf(oneHot.flat(), [rows, 4]), ...nested]) {
      assert.deepEqual(await resultsOf(features, y, false), expected, kind);
    }
  });

  it('reads truth values as 1 and 0', async () => {
    const truths = features.map((row) => row.map((value) => value > 1));
    assert.deepEqual(await resultsOf(truths, labels), await resultsOf(truths.map((row) => row.map(Number)), labels));
  });
});
