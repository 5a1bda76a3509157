/** CSR matrices on their way to the core: what is read in place, converted, made canonical and refused. */
import assert from 'node:assert/strict';
import {
  checkIntact, sliceRows, toInputData, toInputDataSync, toTargetSync, type CsrMatrix, type FixedCsr,
} from '../../lib/data/arrays.js';
import { numbers } from '../models/blobs.js';

/** [0 2 0 -3], nothing, [1 0 0 0]. */
const small = {
  indptr: Int32Array.of(0, 2, 2, 3), indices: Int32Array.of(1, 3, 0), values: Float32Array.of(2, -3, 1), shape: [3, 4],
};

/** What an input of shape [null, columns] becomes, by both ways in. */
async function both(matrix: CsrMatrix): Promise<FixedCsr> {
  const shape = [null, matrix.shape[1]!];
  const [later, now] = [await toInputData('x', matrix, shape), toInputDataSync('x', matrix, shape)];
  assert.deepEqual(later, now);
  return now as FixedCsr;
}

const resizable = (bytes: number): ArrayBuffer =>
  new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(bytes, { maxByteLength: 2 * bytes });

describe('CSR matrices', () => {
  it('are read where they lie when they are 32-bit integers and floats', async () => {
    for (const type of [Int32Array, Uint32Array]) {
      const matrix = { ...small, indptr: type.from(small.indptr), indices: type.from(small.indices) };
      const { indptr, indices, values, rows, rowLength, shape } = await both(matrix);
      assert.equal(indptr.buffer, matrix.indptr.buffer);
      assert.equal(indices.buffer, matrix.indices.buffer);
      assert.equal(values, matrix.values);
      assert.deepEqual([rows, rowLength, shape], [3, 4, [3, 4]]);
      assert.deepEqual([[...indptr], [...indices]], [[0, 2, 2, 3], [1, 3, 0]]);
    }
    const shared = new Float32Array(new SharedArrayBuffer(12));
    assert.equal((await both({ ...small, values: shared })).values, shared);
  });

  it('are read where they lie in the middle of a buffer', async () => {
    const memory = Int32Array.of(9, 9, 0, 2, 2, 3, 9);
    const { indptr } = await both({ ...small, indptr: memory.subarray(2, 6) });
    assert.deepEqual([indptr.buffer, indptr.byteOffset, indptr.length], [memory.buffer, 8, 4]);
  });

  it('are converted from every other type', async () => {
    const expected = await both({ ...small, values: Float32Array.of(2, 3, 1) });
    const integers = [Float64Array, Float32Array, Uint8Array, Int16Array, Uint16Array, BigInt64Array, BigUint64Array];
    const from = (type: (typeof integers)[number], list: Iterable<number>) =>
      (type === BigInt64Array || type === BigUint64Array ? type.from(Array.from(list, BigInt))
        : (type as Uint8ArrayConstructor).from(list));
    for (const type of integers) {
      const matrix = {
        indptr: from(type, small.indptr), indices: from(type, small.indices), values: from(type, [2, 3, 1]),
        shape: Uint32Array.of(3, 4) as never,
      };
      assert.deepEqual(await both(matrix), expected, type.name);
    }
    const lists = { indptr: [0, 2n, 2, 3], indices: [1n, 3, 0], values: [2, 3n, true], shape: [3, 4] };
    assert.deepEqual(await both(lists), expected);
  });

  it('are copied where they may be resized', async () => {
    const [indptr, indices] = [new Int32Array(resizable(16)), new Int32Array(resizable(12))];
    const values = new Float32Array(resizable(12));
    indptr.set(small.indptr), indices.set(small.indices), values.set(small.values);
    const fixed = await both({ indptr, indices, values, shape: [3, 4] });
    assert.deepEqual(fixed, await both(small));
    assert.ok(fixed.indptr.buffer !== indptr.buffer && fixed.indices.buffer !== indices.buffer);
    assert.notEqual(fixed.values.buffer, values.buffer);
  });

  it('are sliced as views', async () => {
    const fixed = await both(small);
    const part = sliceRows(fixed, 1, 3);
    assert.deepEqual([[...part.indptr], part.rows, part.shape], [[2, 2, 3], 2, [2, 4]]);
    assert.equal(part.indptr.buffer, small.indptr.buffer);
    assert.equal(part.indices, fixed.indices);
    const again = await both({ ...small, indptr: small.indptr.subarray(1), shape: [2, 4] });
    assert.deepEqual(again, part);
  });

  it('get rows whose columns ascend, the values of a column added up', async () => {
    const given = { indptr: [1, 1, 6], indices: [9, 3, 1, 3, 0, 3], values: [9, 1, 2, 0.5, 4, -1.5], shape: [2, 4] };
    const { indptr, indices, values, length } = await both(given);
    assert.deepEqual([[...indptr], [...indices], [...values], length], [[0, 0, 3], [0, 1, 3], [4, 2, 0], 3]);
    assert.deepEqual(given.indices, [9, 3, 1, 3, 0, 3]);
  });

  it('add up to what their elements do, whatever order these are in', async () => {
    const next = numbers(9);
    const upTo = (n: number): number => Math.floor(next() * n);
    for (let round = 0; round < 200; round++) {
      const [rows, columns] = [1 + upTo(5), 1 + upTo(9)];
      const indptr = [upTo(3)];
      const dense = new Float32Array(rows * columns);
      const [indices, values] = [new Array<number>(indptr[0]!).fill(99), new Array<number>(indptr[0]!).fill(99)];
      for (let row = 0; row < rows; row++) {
        for (let count = upTo(12); count > 0; count--) {
          const [column, value] = [upTo(columns), upTo(100)];
          indices.push(column), values.push(value);
          dense[row * columns + column]! += value;
        }
        indptr.push(indices.length);
      }
      const fixed = await both({ indptr, indices, values, shape: [rows, columns] });
      const sums = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        let before = -1;
        for (let i = fixed.indptr[row]!; i < fixed.indptr[row + 1]!; i++) {
          assert.ok(fixed.indices[i]! > before);
          before = fixed.indices[i]!;
          sums[row * columns + before] = fixed.values[i]!;
        }
      }
      assert.deepEqual(sums, dense);
    }
  });

  it('are noticed when one of their arrays was transferred', async () => {
    for (const name of ['indptr', 'indices', 'values'] as const) {
      const matrix = { ...small, [name]: small[name].slice() };
      const fixed = await both(matrix);
      checkIntact('x', fixed);
      structuredClone(0, { transfer: [matrix[name].buffer as ArrayBuffer] });
      assert.throws(() => checkIntact('x', fixed), { name: 'TypeError', message: /`x` was transferred/ });
      const message = RegExp(`\`x.${name}\`.*detached`);
      assert.throws(() => toInputDataSync('x', matrix, [4]), { name: 'TypeError', message });
    }
  });

  const { values: _, ...scipys } = small;
  const refusals: [string, object, string | RegExp, ('TypeError' | 'RangeError')?][] = [
    ['another width', { shape: [3, 5] }, '`x` must have shape [rows, 4], received [3, 5]'],
    ['no rows', { shape: [0, 4], indptr: [0] }, '`x` must not be empty, received shape [0, 4]'],
    ['three axes', { shape: [3, 2, 2] }, '`x.shape` must be [rows, columns], received [3, 2, 2]'],
    ['no shape', { shape: undefined }, '`x.shape` must be an array of integers >= 0, received undefined', 'TypeError'],
    ['a negative shape', { shape: [3, -4] }, /`x.shape` must be an array of integers >= 0/],
    ['too short an indptr', { indptr: [0, 2, 3] },
      '`x.indptr` must have 4 elements, one element more than there are rows, received 3'],
    ['too long an indptr', { indptr: [0, 2, 2, 3, 3] }, /`x.indptr` must have 4 elements.*received 5/],
    ['an indptr below 0', { indptr: Int32Array.of(-1, 2, 2, 3) },
      '`x.indptr[0]` must be an integer from 0 to 3, the number of `indices`, received -1'],
    ['an indptr that descends', { indptr: Int32Array.of(0, 2, 1, 3) },
      '`x.indptr[2]` must be an integer from 2, the one before it, to 3, the number of `indices`, received 1'],
    ['an indptr beyond the indices', { indptr: BigInt64Array.of(0n, 2n, 2n, 4n) },
      /`x.indptr\[3\]` must be an integer from 2.* to 3, .*received 4n/],
    ['an indptr beyond 32 bits', { indptr: [0, 2, 2, 2 ** 32] },
      '`x.indptr[3]` must be an integer from 0 to 4294967295, received 4294967296'],
    ['a fraction in indptr', { indptr: [0, 1.5, 2, 3] }, /`x.indptr\[1\]` must be an integer.*received 1.5/],
    ['NaN in indices', { indices: Float64Array.of(1, NaN, 0) }, /`x.indices\[1\]` must be an integer.*received NaN/],
    ['a column too far', { indices: Int32Array.of(1, 4, 0) },
      '`x.indices[1]` must be a column from 0 to 3, received 4'],
    ['a negative column', { indices: Int32Array.of(1, 3, -2) },
      '`x.indices[2]` must be a column from 0 to 3, received -2'],
    ['fewer values than indices', { values: [1, 2] },
      '`x.values` must have 3 elements, one for each of `indices`, received 2'],
    ['more values than indices', { values: [1, 2, 3, 4] }, /`x.values` must have 3 elements.*received 4/],
    ['strings as values', { values: ['1', 2, 3] }, /`x.values\[0\]` must be a number, received "1"/, 'TypeError'],
    ['no indices', { indices: undefined }, /`x.indices` must be a typed array or an array of numbers/, 'TypeError'],
    ['no indptr', { indptr: null }, /`x.indptr` must be a typed array.*received null/, 'TypeError'],
    ['values by the name that scipy gives them', { values: undefined, data: scipys.indices },
      '`x.values` must be a typed array or an array of numbers (which scipy calls `data`), received undefined',
      'TypeError'],
    ['bigints that are not safe', { indices: BigInt64Array.of(1n, 2n ** 60n, 0n) }, /`x.indices\[1\]`.*safe integer/],
  ];
  for (const [what, change, message, name = 'RangeError'] of refusals) {
    it(`are refused with ${what}`, async () => {
      const matrix = { ...small, ...change };
      assert.throws(() => toInputDataSync('x', matrix, [null, 4]), { name, message });
      await assert.rejects(toInputData('x', matrix, [null, 4]), { name, message });
    });
  }

  it('are refused by models whose rows are not flat', () => {
    const message = '`x` must have shape [rows, 2, 2], received [3, 4]: ' +
      'a CSR matrix can only be the input of a model that takes flat rows';
    assert.throws(() => toInputDataSync('x', small, [null, 2, 2]), { name: 'RangeError', message });
  });

  it('are refused as targets', () => {
    assert.throws(() => toTargetSync('y', small as never, { dtype: 'f32', shape: [null, 4] }),
      { name: 'TypeError', message: /`y` must be an NdArray.*a CSR matrix, which only a model's inputs can be/ });
  });
});
