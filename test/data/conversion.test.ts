import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lookThrough } from '../../lib/data/finite.js';
import { convertToInput } from '../../lib/data/inputs.js';
import { convertToTarget } from '../../lib/data/labels.js';
import { finishAtOnce, finishInSlices, sliceLength, type SlicedWork } from '../../lib/data/slices.js';
import type { ArrayInput } from '../../lib/data/arrays.js';
import type { TypedArray } from '../../lib/data/typed-array.js';

const typed: fc.Arbitrary<TypedArray> = fc.oneof(
  fc.float32Array({ minLength: 1 }), fc.float64Array({ minLength: 1 }), fc.uint8Array({ minLength: 1 }),
  fc.uint8ClampedArray({ minLength: 1 }), fc.int8Array({ minLength: 1 }), fc.int16Array({ minLength: 1 }),
  fc.uint16Array({ minLength: 1 }), fc.int32Array({ minLength: 1 }), fc.uint32Array({ minLength: 1 }));

describe('conversion of inputs', () => {
  it('gives the float32 of every element, whatever its type', () => {
    fc.assert(fc.property(typed, (values) => {
      const { data } = finishAtOnce(convertToInput('x', values, [1]));
      assert.deepEqual(Float32Array.from(data), Float32Array.from(values as Float64Array));
    }));
  });

  it('is the same for nested arrays, arrays with a shape and typed arrays', () => {
    const matrices = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
      fc.array(fc.array(fc.double(), { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }));
    fc.assert(fc.property(matrices, (nested) => {
      const columns = nested[0]!.length;
      const forms: ArrayInput[] = [nested, { data: nested.flat(), shape: [nested.length, columns] },
        Float64Array.from(nested.flat())];
      for (const form of forms) {
        const fixed = finishAtOnce(convertToInput('x', form, [columns]));
        assert.deepEqual(fixed.data, Float32Array.from(nested.flat()));
        assert.equal(fixed.rows, nested.length);
      }
    }));
  });

  it('refuses nested arrays with any one row longer or shorter', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat(), fc.boolean(),
      (rows, columns, pick, longer) => {
        const nested = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
        const row = 1 + (pick % (rows - 1));
        nested[row] = new Array<number>(longer ? columns + 1 : columns - 1).fill(0);
        assert.throws(() => finishAtOnce(convertToInput('x', nested, [columns])),
          { name: 'RangeError', message: new RegExp(`\`x\\[${row}\\]\``) });
      }));
  });

  it('keeps safe bigints and refuses the others', () => {
    fc.assert(fc.property(fc.bigInt64Array({ minLength: 1, maxLength: 8 }), (values) => {
      const isSafe = Array.from(values).every((value) => Number.isSafeInteger(Number(value)));
      const convert = (): unknown => finishAtOnce(convertToInput('x', values, [1])).data;
      if (isSafe) assert.deepEqual(convert(), Float32Array.from(values, Number));
      else assert.throws(convert, { name: 'RangeError', message: /safe integer/ });
    }));
    fc.assert(fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1 }), (values) => {
      const { data } = finishAtOnce(convertToInput('x', BigInt64Array.from(values.map(BigInt)), [1]));
      assert.deepEqual(data, Float32Array.from(values));
    }));
  });

  it('leaves what it reads as it was', () => {
    fc.assert(fc.property(typed, (values) => {
      const before = values.slice();
      finishAtOnce(convertToInput('x', values, [1]));
      assert.deepEqual(values, before);
    }));
  });
});

describe('conversion of labels', () => {
  it('takes exactly the integers from 0 to classes - 1', () => {
    const label = fc.oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom(0.5, NaN, Infinity, -0.1));
    fc.assert(fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 6 }),
      (values, classes) => {
        const convert = (): unknown =>
          finishAtOnce(convertToTarget('y', values, { dtype: 'i32', shape: [null], classes })).data;
        const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
        if (bad < 0) assert.deepEqual(convert(), Int32Array.from(values));
        else assert.throws(convert, { name: 'RangeError', message: new RegExp(`in row ${bad}$`) });
      }));
  });
});

describe('slices of work', () => {
  /** Elements that are converted between two chances to interrupt, at most. */
  const slices = (work: SlicedWork<unknown>): number => {
    let count = 1;
    while (!work.next().done) count++;
    return count;
  };

  const length = 20 * sliceLength + 5;
  const numbers = Array.from({ length }, (_, i) => i % 7);
  const rows = Array.from({ length: length / 5 }, () => [1, 2, 3, 4, 5]);
  const sources: [string, () => SlicedWork<unknown>][] = [
    ['doubles', () => convertToInput('x', new Float64Array(length), [1])],
    ['bigints', () => convertToInput('x', new BigInt64Array(length), [1])],
    ['a look for what is not finite', () => lookThrough('x', new Float32Array(length), 1)],
    ['a long list', () => convertToInput('x', numbers, [1])],
    ['many short rows', () => convertToInput('x', rows, [5])],
    ['labels in place', () => convertToTarget('y', new Uint8Array(length), { dtype: 'i32', shape: [null], classes: 10 })],
    ['labels in a list', () => convertToTarget('y', numbers, { dtype: 'i32', shape: [null], classes: 10 })],
  ];
  for (const [what, convert] of sources) {
    it(`can be interrupted between slices of ${what}`, () => {
      assert.ok(slices(convert()) > 20);
    });
  }

  it('needs no slices for what is read in place', () => {
    assert.equal(slices(convertToInput('x', new Float32Array(length), [1])), 1);
    assert.equal(slices(convertToInput('x', new Uint8Array(length), [1])), 1);
  });

  it('gives the event loop a turn between long slices', async () => {
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const seen: number[] = [];
    await finishInSlices(busySlices(seen));
    running = false;
    for (let i = 1; i < seen.length; i++) assert.ok(seen[i]! > seen[i - 1]!, `turns before each slice: ${seen.join(' ')}`);

    function* busySlices(turnsSeen: number[]): SlicedWork<void> {
      for (let i = 0; i < 5; i++) {
        turnsSeen.push(turns);
        const end = performance.now() + 10;
        while (performance.now() < end);
        yield;
      }
    }
  });

  it('gives results and errors through', async () => {
    function* result(): SlicedWork<number> {
      yield;
      return 7;
    }
    function* failure(): SlicedWork<number> {
      yield;
      throw new RangeError('seven');
    }
    assert.equal(finishAtOnce(result()), 7);
    assert.equal(await finishInSlices(result()), 7);
    assert.throws(() => finishAtOnce(failure()), /seven/);
    await assert.rejects(finishInSlices(failure()), /seven/);
  });
});
