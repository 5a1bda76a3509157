import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NdArray, type NestedValues } from '../lib/nd-array.js';
import { sizeOf, type TypedArray } from '../lib/data/typed-array.js';

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
const data: fc.Arbitrary<TypedArray> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }), fc.int16Array({ maxLength: 60 }), fc.uint32Array({ maxLength: 60 }),
  fc.float32Array({ maxLength: 60, noNaN: true }), fc.float64Array({ maxLength: 60, noNaN: true }));

function counting(shape: number[]): NdArray<Float64Array> {
  return new NdArray(Float64Array.from({ length: sizeOf(shape) }, (_, i) => i), shape);
}

/** The element at a position, read off nested arrays. */
function at(nested: NestedValues, position: number[]): unknown {
  return position.reduce<NestedValues>((inner, i) => (inner as NestedValues[])[i]!, nested);
}

describe('NdArray', () => {
  it('is data, shape and dtype', () => {
    const bytes = new Uint8Array(6);
    const array = new NdArray(bytes, [2, 3]);
    assert.equal(array.data, bytes);
    assert.deepEqual(array.shape, [2, 3]);
    assert.equal(array.dtype, 'uint8');
    assert.equal(array.size, 6);
    assert.deepEqual(new NdArray(new Float32Array(4)).shape, [4]);
  });

  it('names the types of elements as Keras does', () => {
    const types = [Float32Array, Float64Array, Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array,
      Uint32Array, Int32Array, BigInt64Array, BigUint64Array];
    assert.deepEqual(types.map((type) => new NdArray(new type(1)).dtype), ['float32', 'float64', 'uint8', 'uint8',
      'int8', 'uint16', 'int16', 'uint32', 'int32', 'int64', 'uint64']);
    assert.equal(new NdArray(Buffer.alloc(2)).dtype, 'uint8');
  });

  it('keeps its shape when the array it was given changes', () => {
    const shape = [2, 2];
    const array = new NdArray(new Float32Array(4), shape);
    shape[0] = 7;
    assert.deepEqual(array.shape, [2, 2]);
  });

  it('refuses what is no data and shapes that do not fit', () => {
    assert.throws(() => new NdArray([1, 2] as never, [2]), { name: 'TypeError', message: /`data` must be a typed array/ });
    assert.throws(() => new NdArray(new DataView(new ArrayBuffer(4)) as never), { name: 'TypeError', message: /`data`/ });
    assert.throws(() => new NdArray(new Uint8Array(4), [3]), { name: 'RangeError', message: /`shape`.* 4 .*\[3\]/ });
    assert.throws(() => new NdArray(new Uint8Array(4), [-2, -2]), { name: 'RangeError', message: /`shape`/ });
    assert.throws(() => new NdArray(new Uint8Array(4), [2.5, 1.6]), { name: 'RangeError', message: /`shape`/ });
    assert.throws(() => new NdArray(new Uint8Array(4), '4' as never), { name: 'TypeError', message: /`shape`/ });
  });

  it('says so when its memory was transferred or shrunk', () => {
    const uses: ((array: NdArray) => unknown)[] = [
      (array) => array.toArray(), (array) => array.slice(0, 1), (array) => array.divide(2), (array) => array.add(1),
      (array) => NdArray.from(array), (array) => new NdArray(array.data, [2, 2]),
    ];
    for (const use of uses) {
      const gone = counting([2, 2]);
      structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
      assert.throws(() => use(gone), { name: 'TypeError', message: /`(data|values)`.*transferred/ });
    }
    for (const use of uses.slice(0, 5)) {
      const buffer = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(32, { maxByteLength: 32 });
      const shrunk = new NdArray(new Float64Array(buffer), [2, 2]);
      (buffer as unknown as { resize(bytes: number): void }).resize(16);
      assert.throws(() => use(shrunk),
        { name: 'RangeError', message: /`(data|values)`.*4 elements.*received 2.*resized/ });
    }
  });

  describe('from', () => {
    it('makes float32 of nested numbers, uint8 of booleans, int64 of bigints', () => {
      const floats = NdArray.from([[1, 2.5], [3, -4]]);
      assert.deepEqual([floats.dtype, floats.shape, floats.data], ['float32', [2, 2], Float32Array.of(1, 2.5, 3, -4)]);
      assert.deepEqual(NdArray.from([[true], [false]]).data, Uint8Array.of(1, 0));
      assert.deepEqual(NdArray.from([2n ** 53n - 1n, -3n]).data, BigInt64Array.of(9007199254740991n, -3n));
      assert.deepEqual(NdArray.from([1n, 2, true]).data, Float32Array.of(1, 2, 1));
      assert.deepEqual(NdArray.from([]).shape, [0]);
      assert.deepEqual(NdArray.from([[], []]).shape, [2, 0]);
    });

    it('takes typed arrays and other libraries\' arrays without a copy', () => {
      const doubles = Float64Array.of(1, 2, 3, 4);
      assert.equal(NdArray.from(doubles).data, doubles);
      assert.deepEqual(NdArray.from(doubles, [2, -1]).shape, [2, 2]);
      const other = NdArray.from({ data: doubles, shape: [4, 1] });
      assert.equal(other.data, doubles);
      assert.deepEqual(other.shape, [4, 1]);
      assert.deepEqual(NdArray.from([Float32Array.of(1, 2), Float32Array.of(3, 4)]).toArray(), [[1, 2], [3, 4]]);
    });

    it('reshapes on the way', () => {
      assert.deepEqual(NdArray.from([1, 2, 3, 4, 5, 6], [3, -1]).toArray(), [[1, 2], [3, 4], [5, 6]]);
    });

    it('refuses what holds anything but numbers, and ragged arrays, by position', () => {
      assert.throws(() => NdArray.from([[1, 2], [3, 'a']] as never), { name: 'TypeError', message: /values\[1\]\[1\].*"a"/ });
      assert.throws(() => NdArray.from([[1, 2], [3]]), { name: 'RangeError', message: /values\[1\].*2.*ragged/ });
      assert.throws(() => NdArray.from([2n ** 53n]), { name: 'RangeError', message: /values\[0\].*safe integer/ });
      assert.throws(() => NdArray.from(new Map() as never), { name: 'TypeError', message: /`values`.*Map/ });
    });
  });

  describe('reshape', () => {
    it('is a view under any shape of the same size', () => {
      fc.assert(fc.property(shapes, shapes, (from, to) => {
        const array = counting(from);
        if (sizeOf(from) !== sizeOf(to)) {
          assert.throws(() => array.reshape(to), { name: 'RangeError', message: /`shape`/ });
          return;
        }
        const reshaped = array.reshape(to);
        assert.equal(reshaped.data, array.data);
        assert.deepEqual(reshaped.shape, to);
      }));
    });

    it('fills in one -1', () => {
      fc.assert(fc.property(shapes.filter((shape) => sizeOf(shape) > 0), fc.nat(), (shape, pick) => {
        const axis = pick % shape.length;
        const open = shape.map((size, i) => (i === axis ? -1 : size));
        assert.deepEqual(counting([sizeOf(shape)]).reshape(open).shape, shape);
      }));
    });

    it('takes sizes read from another shape', () => {
      const array = counting([6, 2]);
      assert.deepEqual(array.reshape([array.shape[0], 1, 2]).shape, [6, 1, 2]);
      assert.throws(() => array.reshape([array.shape[7], 12]), { name: 'TypeError', message: /`shape`/ });
    });

    it('refuses two -1, sizes that do not divide, and what is no shape', () => {
      const array = counting([12]);
      assert.throws(() => array.reshape([-1, -1]), { name: 'RangeError', message: /one -1/ });
      assert.throws(() => array.reshape([-1, 5]), { name: 'RangeError', message: /12 elements.*\[12\].*\[-1, 5\]/ });
      assert.throws(() => array.reshape([-1, 0]), { name: 'RangeError' });
      assert.throws(() => array.reshape([-2, -6]), { name: 'RangeError' });
      assert.throws(() => array.reshape(12 as never), { name: 'TypeError', message: /`shape`.*12/ });
    });
  });

  describe('slice', () => {
    it('cuts the first axis as Array.prototype.slice does, without a copy', () => {
      const positions = fc.option(fc.integer({ min: -8, max: 8 }), { nil: undefined });
      fc.assert(fc.property(shapes, positions, positions, (shape, begin, end) => {
        const array = counting(shape);
        const cut = array.slice(begin, end);
        assert.deepEqual(cut.toArray(), (array.toArray() as NestedValues[]).slice(begin, end));
        assert.equal(cut.data.buffer, array.data.buffer);
      }));
    });

    it('shares its memory', () => {
      const array = counting([3, 2]);
      array.slice(1, 2).data[1] = 99;
      assert.equal(array.data[3], 99);
    });

    it('refuses positions that are no integers', () => {
      assert.throws(() => counting([3]).slice(0.5),
        { name: 'RangeError', message: /^`begin` must be an integer, received 0\.5$/ });
      assert.throws(() => counting([3]).slice(0, '2' as never), { name: 'TypeError', message: /`end`/ });
      assert.throws(() => new NdArray(new Float32Array(1), []).slice(0, 1), { name: 'RangeError', message: /no|none/ });
    });
  });

  describe('toArray', () => {
    it('has every element at its place', () => {
      fc.assert(fc.property(shapes, (shape) => {
        const array = counting(shape);
        const nested = array.toArray();
        for (let i = 0; i < array.size; i++) {
          const position = shape.map((size, axis) => Math.floor(i / sizeOf(shape.slice(axis + 1))) % size);
          assert.equal(at(nested, position), i);
        }
      }));
    });

    it('is undone by from, where the shape has no empty axis', () => {
      fc.assert(fc.property(shapes.filter((shape) => sizeOf(shape) > 0), (shape) => {
        const array = counting(shape);
        const back = NdArray.from(array.toArray() as never);
        assert.deepEqual(back.shape, shape);
        assert.deepEqual(Array.from(back.data as Float32Array), Array.from(array.data));
      }));
    });

    it('gives the element itself for an array without axes, and bigints for int64', () => {
      assert.equal(new NdArray(Float32Array.of(2), []).toArray(), 2);
      assert.deepEqual(NdArray.from([1n, 2n]).toArray(), [1n, 2n]);
    });
  });

  describe('divide, multiply, add, subtract', () => {
    const operations: [string, (array: NdArray, n: number) => NdArray<Float32Array>, (x: number, n: number) => number][] = [
      ['divide', (array, n) => array.divide(n), (x, n) => x / n],
      ['multiply', (array, n) => array.multiply(n), (x, n) => x * n],
      ['add', (array, n) => array.add(n), (x, n) => x + n],
      ['subtract', (array, n) => array.subtract(n), (x, n) => x - n],
    ];

    for (const [name, apply, exact] of operations) {
      it(`${name} rounds once, to float32, and leaves the array alone`, () => {
        fc.assert(fc.property(data, fc.double({ noNaN: true }), (values, n) => {
          const before = values.slice();
          const result = apply(new NdArray(values), n);
          assert.equal(result.dtype, 'float32');
          assert.deepEqual(result.shape, [values.length]);
          assert.deepEqual(result.data, Float32Array.from(before as Float64Array, (x) => Math.fround(exact(x, n))));
          assert.deepEqual(values, before);
        }));
      });
    }

    it('reaches every element of arrays longer than a block', () => {
      const values = Uint16Array.from({ length: 10007 }, (_, i) => i);
      assert.deepEqual(new NdArray(values, [10007, 1]).divide(255).data, Float32Array.from(values, (x) => x / 255));
    });

    it('takes safe bigints and refuses others', () => {
      assert.deepEqual(NdArray.from([1n, 3n]).divide(2).data, Float32Array.of(0.5, 1.5));
      assert.throws(() => new NdArray(BigUint64Array.of(1n, 2n ** 60n)).add(1),
        { name: 'RangeError', message: /data\[1\].*1152921504606846976n/ });
    });

    it('refuses what is no number', () => {
      assert.throws(() => counting([2]).divide('255' as never), { name: 'TypeError', message: /`divisor`.*"255"/ });
      assert.throws(() => counting([2]).add(undefined as never), { name: 'TypeError', message: /`addend`/ });
    });
  });
});
