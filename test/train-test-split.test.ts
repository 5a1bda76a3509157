import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NdArray, setRandomSeed, trainTestSplit, utils } from '../lib/index.js';

/** Rows of two elements, 10 i and 10 i + 1; labels i; weights i / 2. */
function rowsOf(count: number) {
  const x = new NdArray(Int16Array.from({ length: 2 * count }, (_, i) => 10 * (i >> 1) + (i & 1)), [count, 2]);
  const y = Uint8Array.from({ length: count }, (_, i) => i);
  return { x, y, weights: Array.from(y, (i) => i / 2) };
}

const sorted = (array: NdArray): number[] => Array.from(array.data as Uint8Array).sort((a, b) => a - b);
const counts = (array: NdArray): number[] => [0, 1, 2].map((label) => sorted(array).filter((y) => y === label).length);

describe('trainTestSplit', () => {
  it('splits arrays in the same way, and keeps their types', () => {
    const { x, y, weights } = rowsOf(20);
    const parts = trainTestSplit(x, y, weights, { testSize: 0.3, seed: 1 });
    assert.deepEqual(parts.map(({ shape }) => shape), [[14, 2], [6, 2], [14], [6], [14], [6]]);
    assert.deepEqual(parts.map(({ dtype }) => dtype), ['int16', 'int16', 'uint8', 'uint8', 'float32', 'float32']);
    for (const part of [0, 1]) {
      const [xs, ys, ws] = [parts[part]!, parts[part + 2]!, parts[part + 4]!];
      const labels = Array.from(ys.data as Uint8Array);
      assert.deepEqual(xs.toArray(), labels.map((i) => [10 * i, 10 * i + 1]));
      assert.deepEqual(ws.toArray(), labels.map((i) => i / 2));
    }
    assert.equal(utils.trainTestSplit, trainTestSplit);
  });

  it('puts every row into one of the parts', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(1000), (count, pick, seed) => {
      const testSize = 1 + (pick % (count - 1));
      const { y } = rowsOf(count);
      const [train, test] = trainTestSplit(y, { testSize, seed });
      assert.equal(test.size, testSize);
      assert.deepEqual([...sorted(train), ...sorted(test)].sort((a, b) => a - b), Array.from(y));
    }));
  });

  it('takes a quarter for the test when nobody says how much, rounded up', () => {
    const sizes = (count: number, testSize?: number): number[] =>
      trainTestSplit(rowsOf(count).y, testSize === undefined ? {} : { testSize }).map(({ size }) => size);
    assert.deepEqual(sizes(100), [75, 25]);
    assert.deepEqual(sizes(10), [7, 3]);
    assert.deepEqual(sizes(10, 0.01), [9, 1]);
    assert.deepEqual(sizes(10, 1), [9, 1]);
    assert.deepEqual(sizes(10, 9), [1, 9]);
    assert.deepEqual(trainTestSplit(rowsOf(100).y).map(({ size }) => size), [75, 25]);
  });

  it('takes the last rows, in order, without shuffle', () => {
    const [train, test] = trainTestSplit([1, 2, 3, 4, 5], { shuffle: false, testSize: 2 });
    assert.deepEqual([train.toArray(), test.toArray()], [[1, 2, 3], [4, 5]]);
  });

  it('is the same for the same seed, and another for another', () => {
    const { y } = rowsOf(100);
    const split = (seed?: number): unknown => trainTestSplit(y, seed === undefined ? {} : { seed })[1].toArray();
    assert.deepEqual(split(7), split(7));
    assert.notDeepEqual(split(7), split(8));
    assert.notDeepEqual(split(), split());
    setRandomSeed(3);
    const first = [split(), split()];
    setRandomSeed(3);
    assert.deepEqual([split(), split()], first);
  });

  it('keeps the proportions of labels in both parts', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => (i < 70 ? 0 : i < 90 ? 1 : 2));
    for (let seed = 0; seed < 20; seed++) {
      const [train, test] = trainTestSplit(labels, { testSize: 0.2, stratify: labels, seed });
      assert.deepEqual([counts(train), counts(test)], [[56, 16, 8], [14, 4, 2]]);
    }
  });

  it('rounds the proportions so that they add up', () => {
    const many = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 60 });
    fc.assert(fc.property(many, fc.nat(), fc.nat(99), (labels, pick, seed) => {
      const testSize = 1 + (pick % (labels.length - 1));
      const [train, test] = trainTestSplit(labels, { testSize, stratify: labels, seed });
      assert.deepEqual([train.size, test.size], [labels.length - testSize, testSize]);
      counts(test).forEach((count, label) => {
        const exact = (labels.filter((y) => y === label).length * testSize) / labels.length;
        assert.ok(Math.abs(count - exact) < 1, `${count} of label ${label}, ${exact} due`);
      });
    }));
  });

  it('gives what is left over to the lower of labels that lost as much', () => {
    for (const labels of [[1, 0, 2], [2, 1, 0], [0, 1, 2]]) {
      for (let seed = 0; seed < 5; seed++) {
        const [, test] = trainTestSplit(labels, { testSize: 1, stratify: labels, seed });
        assert.deepEqual(test.toArray(), [0]);
      }
    }
  });

  it('copies: what is done to the parts is not done to the data', () => {
    const { y } = rowsOf(10);
    for (const part of trainTestSplit(y, { shuffle: false })) part.data.fill(99 as never);
    assert.deepEqual(y, rowsOf(10).y);
  });

  it('takes arrays of other libraries, bigints, and arrays with options left out', () => {
    const other = { data: Float64Array.of(1, 2, 3, 4), shape: [4, 1] };
    const [, test] = trainTestSplit(other, { shuffle: false });
    assert.deepEqual([test.dtype, test.toArray()], ['float64', [[4]]]);
    assert.equal(trainTestSplit(BigInt64Array.of(1n, 2n), { shuffle: false })[1].data[0], 2n);
    assert.equal(trainTestSplit(other, [1, 2, 3, 4], undefined).length, 4);
  });

  it('refuses arrays of different lengths, and too short ones', () => {
    const name = 'RangeError';
    assert.throws(() => trainTestSplit([1, 2, 3], [1, 2]),
      { name, message: '`x` and `y` must have the same number of rows, received 3 and 2' });
    assert.throws(() => trainTestSplit([1, 2], [1, 2], [1]), { name, message: /`x` and `sampleWeight`/ });
    assert.throws(() => trainTestSplit(...[[1, 2], [1, 2], [1, 2], [1]] as [number[], number[], number[], never]),
      { name, message: /`x` and `argument 4`/ });
    assert.throws(() => trainTestSplit([1]), { name, message: /`x` must be an array of at least two rows/ });
    assert.throws(() => trainTestSplit([]), { name, message: /`x`/ });
    assert.throws(() => trainTestSplit(new NdArray(Float32Array.of(1), [])),
      { name: 'TypeError', message: /`x`.*one axis/ });
    assert.throws(() => trainTestSplit([1, 2], 'y' as never), { name: 'TypeError', message: /`y`/ });
    assert.throws(() => trainTestSplit([1, 2], null as never), { name: 'TypeError', message: /`y`/ });
    const gone = rowsOf(3).x;
    structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
    assert.throws(() => trainTestSplit([1, 2, 3], gone), { name: 'TypeError', message: /`y`.*transferred/ });
  });

  it('refuses sizes that leave a part empty, and options it does not know', () => {
    const split = (options: object): unknown => trainTestSplit([1, 2, 3, 4], options);
    for (const testSize of [0, 4, 5, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => split({ testSize }), { name: 'RangeError', message: /`testSize`/ });
    }
    assert.throws(() => split({ testSize: 0.9 }), { name: 'RangeError', message: /`testSize`.*0\.9/ });
    assert.throws(() => split({ testSize: '0.5' }), { name: 'TypeError', message: /`testSize`/ });
    assert.throws(() => split({ seed: -1 }), { name: 'RangeError', message: /`seed`/ });
    assert.throws(() => split({ seed: 'x' }), { name: 'TypeError', message: /`seed`/ });
    assert.throws(() => split({ shuffle: 1 }), { name: 'TypeError', message: /`shuffle`/ });
    assert.throws(() => split({ shuffle: false, stratify: [0, 0, 1, 1] }),
      { name: 'TypeError', message: /`stratify`/ });
    assert.throws(() => split({ stratify: [0, 1] }), { name: 'RangeError', message: /`stratify`.*4.*2/ });
    assert.throws(() => split({ stratify: [0, 0.5, 1, 1] }), { name: 'RangeError', message: /`stratify`.*0\.5/ });
    assert.throws(() => split({ test_size: 1 }), { name: 'TypeError', message: /`test_size`.*`testSize`/ });
  });
});
