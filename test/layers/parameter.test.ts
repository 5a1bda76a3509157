import assert from 'node:assert/strict';
import { Parameter } from '../../lib/layers/index.js';
import { Initializer } from '../../lib/initializers/index.js';
import { native } from '../../lib/native.js';

class Counting extends Initializer {
  static override readonly className = 'Counting';
  calls = 0;
  override generate(shape: readonly number[]): Float32Array {
    this.calls += 1;
    return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1);
  }
}

const parameter = (initializer = new Counting()) =>
  new Parameter({ layer: 'l', name: 'w', shape: [2, 3], initializer });
const slab = () =>
  new (native().Parameters)(
    [
      { name: 'other', shape: [5] },
      { name: 'l/w', shape: [2, 3] },
    ],
    0,
  );

describe('Parameter', () => {
  it('makes its values at the first read, once', () => {
    const initializer = new Counting();
    const weight = parameter(initializer);
    assert.equal(initializer.calls, 0);
    assert.deepEqual([...weight.read()], [1, 2, 3, 4, 5, 6]);
    weight.read().fill(0);
    assert.deepEqual([...weight.read()], [1, 2, 3, 4, 5, 6]);
    assert.equal(initializer.calls, 1);
  });

  it('takes as many values as it has', () => {
    const weight = parameter();
    weight.write([6, 5, 4, 3, 2, 1]);
    assert.deepEqual([...weight.read()], [6, 5, 4, 3, 2, 1]);
    assert.throws(() => weight.write([1]), /`l\/w` has 6 values in shape \[2, 3\]/);
  });

  it('moves into a slab, to another, and back', () => {
    const weight = parameter();
    const [first, second] = [slab(), slab()];
    weight.adopt(first, 1);
    assert.deepEqual([weight.isIn(first), weight.index, [...weight.read()]], [true, 1, [1, 2, 3, 4, 5, 6]]);
    weight.write([1, 1, 1, 1, 1, 1]);
    const stored = new Float32Array(6);
    first.read(1, -1, stored);
    assert.deepEqual([...stored], [1, 1, 1, 1, 1, 1]);
    weight.adopt(second, 1);
    assert.deepEqual([weight.isIn(first), [...weight.read()]], [false, [1, 1, 1, 1, 1, 1]]);
    weight.release();
    assert.deepEqual([weight.index, [...weight.read()]], [-1, [1, 1, 1, 1, 1, 1]]);
  });

  it('refuses values of another number from its initializer', () => {
    class Short extends Initializer {
      static override readonly className = 'Short';
      override generate(): Float32Array {
        return new Float32Array(5);
      }
    }
    const weight = new Parameter({ layer: 'l', name: 'w', shape: [2, 3], initializer: new Short() });
    assert.throws(() => weight.read(), /`initializer of l\/w` must be one that generates a Float32Array of 6 values/);
  });
});
