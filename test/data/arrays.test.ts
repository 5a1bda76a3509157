import assert from 'node:assert/strict';
import { NdArray } from '../../lib/nd-array.js';
import { convertToInput } from '../../lib/data/inputs.js';
import {
  checkIntact, checkSameRows, fixedArray, shapeOf, sliceRows, toInput, toInputSync, toWeights, toWeightsSync,
  type ArrayInput,
} from '../../lib/data/arrays.js';

const wrong = 'not an array' as unknown as ArrayInput;

/** What an input of shape [null, 2] becomes, by both ways in. */
async function both(value: ArrayInput, shape: readonly (number | null)[] = [null, 2]) {
  const [later, now] = [await toInput('x', value, shape), toInputSync('x', value, shape)];
  assert.deepEqual(later, now);
  return now;
}

describe('toInput', () => {
  it('takes every form of array', async () => {
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
    const forms: ArrayInput[] = [
      rows, new NdArray(rows, [3, 2]), { data: rows, shape: [3, 2] }, { data: [1, 2, 3, 4, 5, 6], shape: [3, 2] },
      [[1, 2], [3, 4], [5, 6]], [rows.subarray(0, 2), rows.subarray(2, 4), [5, 6]], [[1n, 2], [3, 4n], [5, 6]],
    ];
    for (const form of forms) {
      const fixed = await both(form);
      assert.deepEqual(fixed.data, rows);
      assert.deepEqual([fixed.rows, fixed.rowLength, fixed.shape], [3, 2, [3, 2]]);
    }
  });

  it('takes every type of element', async () => {
    const types = [Float32Array, Float64Array, Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array,
      Uint32Array, Int32Array];
    for (const type of types) {
      const { data } = await both(type.of(1, 2, 3, 127));
      assert.deepEqual(Array.from(data), [1, 2, 3, 127], type.name);
    }
    assert.deepEqual((await both(BigInt64Array.of(-1n, 2n))).data, Float32Array.of(-1, 2));
    assert.deepEqual((await both(BigUint64Array.of(1n, 2n))).data, Float32Array.of(1, 2));
    assert.deepEqual((await both([[true, false]])).data, Float32Array.of(1, 0));
  });

  it('reads float32, bytes and 32-bit integers where they lie', async () => {
    for (const values of [new Float32Array(4), new Uint8Array(4), new Int32Array(4)]) {
      const fixed = await both(values);
      assert.equal(fixed.data, values);
      assert.equal(fixed.source, values);
    }
    const clamped = new Uint8ClampedArray(new ArrayBuffer(8), 2, 4);
    const { data } = await both(clamped);
    assert.ok(data instanceof Uint8Array);
    assert.deepEqual([data.buffer, data.byteOffset, data.length], [clamped.buffer, 2, 4]);
    const shared = new Float32Array(new SharedArrayBuffer(16));
    assert.equal((await both(shared)).data, shared);
    const buffer = Buffer.from([1, 2, 3, 4]);
    assert.equal((await both(buffer)).data, buffer);
  });

  it('copies what may be resized', async () => {
    const resizable = (bytes: number): ArrayBuffer =>
      new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(bytes, { maxByteLength: 2 * bytes });
    const arrays = [new Float32Array(resizable(16)), new Uint8Array(resizable(4)), new Int32Array(resizable(16))];
    for (const values of arrays) {
      values.set([1, 2, 3, 4]);
      const fixed = await both(values);
      assert.deepEqual(Array.from(fixed.data), [1, 2, 3, 4]);
      assert.equal(fixed.data.constructor, values.constructor);
      assert.notEqual(fixed.data.buffer, values.buffer);
      assert.equal(fixed.source, undefined);
    }
    const growable = new (SharedArrayBuffer as unknown as new (bytes: number, options: object) => SharedArrayBuffer)(
      4, { maxByteLength: 8 });
    assert.notEqual((await both(new Uint8Array(growable))).data.buffer, growable);
  });

  it('knows rows from the model\'s shape, with the batch axis or without', async () => {
    assert.deepEqual((await both(new Float32Array(24), [null, 3, 4])).shape, [2, 3, 4]);
    assert.deepEqual((await both(new Float32Array(24), [3, 4])).shape, [2, 3, 4]);
  });

  it('is lenient about a last axis of 1, as Keras is', async () => {
    assert.deepEqual((await both([1, 2, 3], [null, 1])).shape, [3, 1]);
    assert.deepEqual((await both(new NdArray(new Float32Array(6), [3, 2, 1]), [null, 2])).shape, [3, 2]);
  });

  it('takes row-major views of strided libraries and refuses others', async () => {
    const data = Float32Array.of(9, 1, 2, 3, 4);
    const view = { data, shape: [2, 2], stride: [2, 1], offset: 1 };
    assert.deepEqual(Array.from((await both(view)).data), [1, 2, 3, 4]);
    assert.throws(() => toInputSync('x', { data, shape: [2, 2], stride: [1, 2], offset: 0 } as never, [2]),
      { name: 'TypeError', message: /`x`.*row-major.*\[1, 2\]/ });
  });

  const refusals: [string, ArrayInput, RegExp, ('TypeError' | 'RangeError')?][] = [
    ['too few elements in a sample', [[1], [2]], /`x` must have shape \[rows, 2\], received \[2, 1\]/],
    ['a missing batch axis', [1, 2], /`x`.*\[rows, 2\], received \[2\].*\[1, 2\]/],
    ['too many axes', new NdArray(new Float32Array(8), [2, 2, 2]), /`x`.*\[rows, 2\], received \[2, 2, 2\]/],
    ['axes to be merged, with the way out', new NdArray(new Float32Array(4), [2, 1, 2]), /reshape it to \[2, 2\]/],
    ['a typed array of no whole samples', new Float32Array(5),
      /`x` must hold whole rows of 2 elements.*float32 array of 5/],
    ['an empty typed array', new Float32Array(0), /`x` must not be empty/],
    ['an empty array', new NdArray(new Float32Array(0), [0, 2]), /`x` must not be empty.*\[0, 2\]/],
    ['ragged arrays', [[1, 2], [3, 4, 5]], /`x\[1\]`.*2 elements.*received 3/],
    ['numbers among arrays', [[1, 2], 3] as never, /`x\[1\]`.*array of 2.*received 3/, 'TypeError'],
    ['arrays among numbers', [[1, [2]]] as never, /`x\[0\]\[1\]`.*number/],
    ['strings', [['1', '2']] as never, /`x\[0\]\[0\]`.*number.*"1"/, 'TypeError'],
    ['holes', [[1, undefined]] as never, /`x\[0\]\[1\]`.*undefined/, 'TypeError'],
    ['bigints that are not safe', [[1n, 2n ** 53n]], /`x\[0\]\[1\]`.*safe integer.*9007199254740992n/],
    ['typed bigints that are not safe', BigInt64Array.of(0n, -(2n ** 60n)), /`x\[1\]`.*safe integer/],
    ['a shape that contradicts the data', { data: new Float32Array(3), shape: [2, 2] }, /`x`.*4 elements.*\[2, 2\].*3/],
    ['a shape that is none', { data: new Float32Array(4), shape: [2, 'b'] } as never, /`x.shape`.*integers/,
      'TypeError'],
    ['a negative shape', { data: new Float32Array(4), shape: [-2, -2] }, /`x.shape`/],
    ['data that is a function', { data: () => 1, shape: [2, 2] } as never, /`x.data`.*function/, 'TypeError'],
    ['a string', wrong, /`x` must be an NdArray, a typed array.*"not an array"/, 'TypeError'],
    ['nothing', undefined as never, /`x`.*undefined/, 'TypeError'],
    ['null', null as never, /`x`.*null/, 'TypeError'],
    ['a number', 5 as never, /`x`.*5/, 'TypeError'],
    ['a promise', Promise.resolve([[1, 2]]) as never, /`x`.*Promise/, 'TypeError'],
    ['an ArrayBuffer', new ArrayBuffer(8) as never, /`x`.*ArrayBuffer/, 'TypeError'],
    ['a DataView', new DataView(new ArrayBuffer(8)) as never, /`x`/, 'TypeError'],
  ];
  for (const [what, value, message, name = 'RangeError'] of refusals) {
    it(`refuses ${what}`, async () => {
      assert.throws(() => toInputSync('x', value, [null, 2]), { name, message });
      await assert.rejects(toInput('x', value, [null, 2]), { name, message });
    });
  }

  it('refuses an array that contains itself', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    assert.throws(() => toInputSync('x', loop as never, [2]), { name: 'RangeError', message: /`x`.*32 axes/ });
  });

  it('refuses transferred memory', () => {
    const gone = new Float32Array(4);
    const array = new NdArray(gone, [2, 2]);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    for (const value of [gone, array]) {
      assert.throws(() => toInputSync('x', value, [2]), { name: 'TypeError', message: /`x`.*detached/ });
    }
  });

  it('says that memory was resized when an array of fixed length no longer fits in it', () => {
    const buffer = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 16 }]) as ArrayBuffer;
    const view = new Float32Array(buffer, 0, 4);
    const array = new NdArray(view, [2, 2]);
    (buffer as unknown as { resize(bytes: number): void }).resize(8);
    for (const value of [view, array]) {
      assert.throws(() => toInputSync('x', value, [2]),
        { name: 'TypeError', message: /`x` must be an array with its memory, .* ArrayBuffer was resized/ });
    }
    assert.throws(() => toInputSync('x', new Float32Array(buffer, 0, 0), [2]), /`x` must not be empty/);
  });

  it('refuses memory that was resized below its shape', () => {
    const buffer = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(16, { maxByteLength: 16 });
    const array = new NdArray(new Float32Array(buffer), [2, 2]);
    (buffer as unknown as { resize(bytes: number): void }).resize(8);
    assert.throws(() => toInputSync('x', array, [2]), { name: 'RangeError', message: /`x`.*4.*2.*resized/ });
  });

  it('notices memory that is transferred while it is converted', () => {
    const sources = [new Float64Array(1 << 16), new BigInt64Array(1 << 16)];
    for (const values of sources) {
      const work = convertToInput('x', values, [2]);
      work.next();
      structuredClone(values.buffer, { transfer: [values.buffer] });
      assert.throws(() => work.next(), { name: 'TypeError', message: /`x`.*transferred/ });
    }
  });

  it('notices memory that is transferred before the model has it', async () => {
    const values = new Float32Array(2);
    const converted = toInput('x', values, [2]);
    structuredClone(values.buffer, { transfer: [values.buffer] });
    await assert.rejects(converted, { name: 'TypeError', message: /`x`.*transferred/ });
  });

  it('can be asked later whether the memory is still there', () => {
    const values = new Float32Array(2);
    const fixed = toInputSync('x', values, [2]);
    checkIntact('x', fixed);
    structuredClone(values.buffer, { transfer: [values.buffer] });
    assert.throws(() => checkIntact('x', fixed), { name: 'TypeError', message: /`x`.*transferred/ });
  });
});

describe('toWeights', () => {
  it('is always floats, one a row', async () => {
    const floats = Float32Array.of(1, 2);
    assert.equal(toWeightsSync('sampleWeight', floats, 2).data, floats);
    for (const value of [[1, 2], [[1], [2]], Uint8Array.of(1, 2), Int32Array.of(1, 2), Float64Array.of(1, 2)]) {
      const fixed = await toWeights('sampleWeight', value, 2);
      assert.deepEqual([fixed.data, fixed.rowLength, fixed.rows], [floats, 1, 2]);
      assert.equal(fixed.source, undefined);
    }
  });

  it('refuses another number than there are samples', async () => {
    await assert.rejects(toWeights('sampleWeight', [1, 2], 3),
      { name: 'RangeError', message: /`sampleWeight`.*each of the 3 samples, received 2/ });
    assert.throws(() => toWeightsSync('sampleWeight', [[1, 2]], 1), { name: 'RangeError', message: /`sampleWeight`/ });
  });
});

describe('shapeOf', () => {
  it('is the shape with the batch axis, where the value has one', () => {
    assert.deepEqual(shapeOf('x', [[[1], [2]]]), [1, 2, 1]);
    assert.deepEqual(shapeOf('x', new NdArray(new Uint8Array(6), [2, 3])), [2, 3]);
    assert.deepEqual(shapeOf('x', [new Uint8Array(5)]), [1, 5]);
    assert.equal(shapeOf('x', new Uint8Array(6)), undefined);
    assert.throws(() => shapeOf('x', wrong), { name: 'TypeError', message: /`x`/ });
  });
});

describe('fixed arrays', () => {
  it('are compared by rows', () => {
    checkSameRows('x', { rows: 3 }, 'y', { rows: 3 });
    assert.throws(() => checkSameRows('x', { rows: 3 }, 'y', { rows: 4 }),
      { name: 'RangeError', message: '`x` and `y` must have the same number of rows, received 3 and 4' });
  });

  it('are cut by rows without a copy', () => {
    const array = fixedArray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
    const cut = sliceRows(array, 1, 3);
    assert.deepEqual([Array.from(cut.data), cut.rows, cut.shape, cut.rowLength], [[3, 4, 5, 6], 2, [2, 2], 2]);
    assert.equal(cut.data.buffer, array.data.buffer);
    assert.throws(() => sliceRows(array, 2, 4), { name: 'RangeError' });
  });
});
