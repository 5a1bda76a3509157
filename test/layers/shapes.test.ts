/** Layers that only change shapes, and the bad arguments of the smaller layers. */
import assert from 'node:assert/strict';
import { Activation, Dropout, Flatten, Rescaling, Reshape, Softmax } from '../../lib/layers/index.js';

describe('Flatten', () => {
  it('makes rows of vectors', () => {
    assert.deepEqual(new Flatten().computeOutputShape([null, 28, 28, 3]), [null, 2352]);
    assert.deepEqual(new Flatten().computeOutputShape([null, 7]), [null, 7]);
  });

  it('refuses another data format', () => {
    assert.throws(() => new Flatten({ dataFormat: 'channels_first' as never }), /`dataFormat`/);
  });
});

describe('Reshape', () => {
  it('takes one -1 for what is left', () => {
    assert.deepEqual(new Reshape([28, 28]).computeOutputShape([null, 784]), [null, 28, 28]);
    assert.deepEqual(new Reshape([2, -1, 7]).computeOutputShape([null, 28, 28]), [null, 2, 56, 7]);
  });

  it('refuses shapes of another size', () => {
    assert.throws(
      () => new Reshape([5, 5]).computeOutputShape([null, 24]),
      /`targetShape` must be of the 24 values in a row of shape \[24\]/,
    );
    assert.throws(() => new Reshape([5, -1]).computeOutputShape([null, 24]), RangeError);
  });

  it('refuses what is no shape', () => {
    assert.throws(() => new Reshape([-1, -1]), /one -1 at most/);
    assert.throws(() => new Reshape([2.5]), /`targetShape\[0\]`/);
    assert.throws(() => new Reshape(4 as never), /`targetShape` must be an array/);
    assert.throws(() => new Reshape([]), RangeError);
  });
});

describe('arguments of small layers', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['a rate above 1', () => new Dropout(1.5), /`rate` must be a finite number from 0 to 1, received 1\.5/],
    ['a rate below 0', () => new Dropout(-0.1), /`rate`/],
    ['a rate that is no number', () => new Dropout('a' as never), /`rate`/],
    ['a seed that is no integer', () => new Dropout(0.5, { seed: 0.5 }), /`seed`/],
    ['a noise shape', () => new Dropout(0.5, { noiseShape: [1] } as never), /`noiseShape` yet/],
    ['a scale that is missing', () => new Rescaling(undefined as never), /`scale`/],
    ['a scale that is NaN', () => new Rescaling(NaN), /`scale`/],
    ['an offset that is no number', () => new Rescaling(1, { offset: [1] as never }), /`offset`/],
    [
      'an activation that is a function',
      () => new Activation((() => 0) as never),
      /`activation` must be an activation/,
    ],
    ['another axis', () => new Softmax({ axis: 1 }), /`axis`/],
  ];
  for (const [what, make, message] of cases) it(`${what} is refused by name`, () => assert.throws(make, message));
});
