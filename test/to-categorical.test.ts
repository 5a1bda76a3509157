import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NdArray, toCategorical, utils } from '../lib/index.js';
import type { ArrayInput } from '../lib/data/arrays.js';

const oneHot = [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]];

describe('toCategorical', () => {
  it('has a 1 in each label\'s place, as float32', () => {
    const y = toCategorical([2, 0, 1], 4);
    assert.equal(y.dtype, 'float32');
    assert.deepEqual(y.shape, [3, 4]);
    assert.deepEqual(y.toArray(), oneHot);
    assert.equal(utils.toCategorical, toCategorical);
  });

  it('takes labels of every form and type', () => {
    const types = [Float32Array, Float64Array, Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array,
      Uint32Array, Int32Array];
    const forms: ArrayInput[] = [
      ...types.map((type) => type.of(2, 0, 1)), BigInt64Array.of(2n, 0n, 1n), BigUint64Array.of(2n, 0n, 1n), [2n, 0, 1],
      new NdArray(Uint8Array.of(2, 0, 1)), { data: [2, 0, 1], shape: [3] }, [[2], [0], [1]], Buffer.of(2, 0, 1),
      new NdArray(Uint8Array.of(9, 2, 0, 1)).slice(1), Uint8Array.of(2, 0, 1).subarray(0),
    ];
    for (const form of forms) assert.deepEqual(toCategorical(form, 4).toArray(), oneHot);
    assert.deepEqual(toCategorical([true, false]).toArray(), [[0, 1], [1, 0]]);
  });

  it('counts the classes by the largest label when nobody says how many', () => {
    assert.deepEqual(toCategorical([0, 2]).toArray(), [[1, 0, 0], [0, 0, 1]]);
    assert.deepEqual(toCategorical([]).shape, [0, 0]);
    assert.deepEqual(toCategorical([], 3).shape, [0, 3]);
  });

  it('adds an axis, in the place of a last one of 1', () => {
    const labels = Uint8Array.of(0, 1, 2, 0, 1, 2);
    assert.deepEqual(toCategorical(new NdArray(labels, [2, 3])).shape, [2, 3, 3]);
    assert.deepEqual(toCategorical(new NdArray(labels, [2, 3, 1])).shape, [2, 3, 3]);
    assert.deepEqual(toCategorical(new NdArray(labels, [6, 1])).shape, [6, 3]);
    assert.deepEqual(toCategorical(new NdArray(Uint8Array.of(0), [1])).shape, [1, 1]);
    assert.deepEqual(toCategorical(new NdArray(Uint8Array.of(1), [])).toArray(), [0, 1]);
  });

  it('is undone by the place of the 1', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(10), (labels, more) => {
      const classes = Math.max(...labels) + 1 + more;
      const rows = toCategorical(labels, classes).toArray() as number[][];
      assert.deepEqual(rows.map((row) => row.indexOf(1)), Array.from(labels));
      for (const row of rows) assert.equal(row.reduce((sum, value) => sum + value, 0), 1);
    }));
  });

  const bad: [string, unknown, RegExp][] = [
    ['too large', [0, 1, 3], /`y` must hold integer labels from 0 to 2, received 3 in row 2/],
    ['negative', [0, -1], /`y`.*received -1 in row 1/],
    ['fractional', [0.5], /`y`.*received 0.5 in row 0/],
    ['NaN', [NaN], /`y`.*received NaN/],
    ['no safe integers', [2n ** 60n], /`y\[0\]` must be a safe integer/],
  ];
  for (const [what, labels, message] of bad) {
    it(`refuses labels that are ${what}`, () =>
      assert.throws(() => toCategorical(labels as ArrayInput, 3), { name: 'RangeError', message }));
  }

  it('refuses what is no array, and numbers of classes that are none', () => {
    assert.throws(() => toCategorical('012' as never), { name: 'TypeError', message: /`y`.*"012"/ });
    assert.throws(() => toCategorical(3 as never), { name: 'TypeError', message: /`y`/ });
    assert.throws(() => toCategorical(['a'] as never), { name: 'TypeError', message: /`y\[0\]`.*"a"/ });
    assert.throws(() => toCategorical([0], 0), { name: 'RangeError', message: /`numClasses`.*received 0/ });
    assert.throws(() => toCategorical([0], 2.5), { name: 'RangeError', message: /`numClasses`.*2\.5/ });
    assert.throws(() => toCategorical([0], '3' as never), { name: 'TypeError', message: /`numClasses`/ });
  });

  it('says so when one-hot rows are more than memory holds', () => {
    assert.throws(() => toCategorical([1, 0, 0], 2 ** 46), { name: 'RangeError',
      message: /^`y` must fit into memory.* received 3 labels of 70368744177664 classes.*'sparse_categorical/ });
  });

  it('leaves the labels as they were', () => {
    const labels = Uint8Array.of(2, 0, 1);
    toCategorical(labels).data.fill(7);
    assert.deepEqual(labels, Uint8Array.of(2, 0, 1));
  });
});
