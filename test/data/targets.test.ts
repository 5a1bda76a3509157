import assert from 'node:assert/strict';
import { NdArray } from '../../lib/nd-array.js';
import { toTarget, toTargetSync, type ArrayInput, type TargetSpec } from '../../lib/data/arrays.js';

describe('toTarget', () => {
  const dense: TargetSpec = { dtype: 'f32', shape: [null, 3] };
  const single: TargetSpec = { dtype: 'f32', shape: [null, 1] };
  const labels: TargetSpec = { dtype: 'i32', shape: [null], classes: 3 };
  const take = (value: ArrayInput, spec: TargetSpec, rows?: number) => toTargetSync('y', value, spec, rows);

  it('takes dense targets of any type, in place where the core reads them', async () => {
    const bytes = Uint8Array.of(0, 0, 1, 0, 1, 0);
    assert.equal(take(bytes, dense).data, bytes);
    assert.deepEqual((await toTarget('y', [[0, 0, 1], [0, 1, 0]], dense)).data, Float32Array.of(0, 0, 1, 0, 1, 0));
    assert.deepEqual(take(Float64Array.of(0.25, 0.5, 0.25), dense).data, Float32Array.of(0.25, 0.5, 0.25));
  });

  it('takes [n] for an output of [n, 1] and the other way round', () => {
    assert.deepEqual(take([1, 0, 1], single).shape, [3, 1]);
    assert.deepEqual(take(new NdArray(new Float32Array(3), [3, 1]), { dtype: 'f32', shape: [null] }).shape, [3]);
  });

  it('takes integer labels of any type', () => {
    const values = [0, 2, 1];
    const forms: ArrayInput[] = [values, values.map((value) => [value]), values.map(BigInt),
      new NdArray(Float32Array.from(values)), Float64Array.from(values), Int8Array.from(values),
      Uint16Array.from(values), Int16Array.from(values),
      Uint32Array.from(values), BigInt64Array.from(values.map(BigInt)), BigUint64Array.from(values.map(BigInt))];
    for (const form of forms) {
      const fixed = take(form, labels);
      assert.deepEqual(fixed.data, Int32Array.from(values));
      assert.deepEqual([fixed.rows, fixed.rowLength, fixed.shape], [3, 1, [3]]);
    }
    assert.deepEqual(take([true, false], { ...labels, classes: 2 }).data, Int32Array.of(1, 0));
  });

  it('reads byte and 32-bit labels where they lie', () => {
    for (const values of [Uint8Array.of(0, 2), Int32Array.of(0, 2)]) {
      const fixed = take(values, { ...labels, shape: [null, 1] });
      assert.equal(fixed.data, values);
      assert.equal(fixed.source, values);
      assert.deepEqual(fixed.shape, [2, 1]);
    }
  });

  it('takes labels of several axes', () => {
    const fixed = take(new NdArray(Uint8Array.of(0, 1, 2, 0, 1, 2), [2, 3]),
      { dtype: 'i32', shape: [null, 3], classes: 3 });
    assert.deepEqual([fixed.rows, fixed.rowLength], [2, 3]);
  });

  const badLabels: [string, ArrayInput, RegExp][] = [
    ['too large', Uint8Array.of(0, 3), /`y`.*from 0 to 2.*received 3 in row 1/],
    ['negative', Int32Array.of(0, 1, -1), /`y`.*received -1 in row 2/],
    ['fractional', [0, 1.5], /`y`.*received 1.5 in row 1/],
    ['NaN', Float32Array.of(NaN), /`y`.*received NaN in row 0/],
    ['beyond 32 bits', Float64Array.of(2 ** 40), /`y`.*received 1099511627776 in row 0/],
  ];
  for (const [what, value, message] of badLabels) {
    it(`refuses labels that are ${what}`, () => {
      assert.throws(() => take(value, labels), { name: 'RangeError', message });
    });
  }

  it('names the row of a bad label, not the element', () => {
    assert.throws(() => take(Uint8Array.of(0, 1, 2, 0, 1, 9), { dtype: 'i32', shape: [null, 3], classes: 3 }),
      { name: 'RangeError', message: /9 in row 1/ });
  });

  it('checks labels without a number of classes to be integers >= 0', () => {
    assert.deepEqual(take([7, 8], { dtype: 'i32', shape: [null] }).data, Int32Array.of(7, 8));
    assert.throws(() => take([-1], { dtype: 'i32', shape: [null] }), { name: 'RangeError', message: /-1 in row 0/ });
  });

  it('sends one-hot targets to the dense loss', () => {
    const message = /`y` must be integer labels of shape \[rows\].*'categorical_crossentropy'/;
    assert.throws(() => take([[0, 0, 1], [0, 1, 0]], labels), { name: 'RangeError', message });
    assert.throws(() => take(new Float32Array(6), labels, 2), { name: 'RangeError', message });
    assert.throws(() => take([[0, 0, 1]], { ...labels, shape: [null, 1] }), { name: 'RangeError', message });
  });

  it('sends integer labels to the sparse loss', () => {
    const message = /`y` must have shape \[rows, 3\].*'sparse_categorical_crossentropy'.*toCategorical\(y, 3\)/;
    assert.throws(() => take([0, 2, 1], dense), { name: 'RangeError', message });
    assert.throws(() => take([[0], [2]], dense), { name: 'RangeError', message });
    assert.throws(() => take(Uint8Array.of(0, 2, 1), dense, 3), { name: 'RangeError', message });
  });

  it('refuses other shapes, and empty targets', () => {
    assert.throws(() => take([[0, 1]], dense), { name: 'RangeError', message: /`y`.*\[rows, 3\], received \[1, 2\]/ });
    assert.throws(() => take([], labels), { name: 'RangeError', message: /`y` must not be empty/ });
    assert.throws(() => take('not an array' as never, labels), { name: 'TypeError', message: /`y`/ });
  });
});
