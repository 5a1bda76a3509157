/** What an optimizer remembers, and whose it is. */
import assert from 'node:assert/strict';
import { Zeros } from '../../lib/initializers/index.js';
import { Parameter } from '../../lib/layers/index.js';
import { NdArray } from '../../lib/nd-array.js';
import { native } from '../../lib/native.js';
import { Adam, SGD, type Optimizer } from '../../lib/optimizers/index.js';
import { TrainingLock } from '../../lib/models/training-lock.js';
import { InverseTimeDecay } from '../../lib/schedules/index.js';

const schedule = () => new InverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 1 });

/** Two weights in a slab, which the optimizer is bound to. */
function bound<T extends Optimizer>(optimizer: T): T {
  const shapes = [[2, 3], [3]];
  const slab = new (native().Parameters)(
    shapes.map((shape, i) => ({ name: `w${i}`, shape })),
    0,
  );
  const weights = shapes.map(
    (shape, i) => new Parameter({ layer: 'l', name: `w${i}`, shape, initializer: new Zeros() }),
  );
  weights.forEach((weight, i) => weight.adopt(slab, i));
  optimizer.adopt({ lock: new TrainingLock() });
  optimizer.bind(slab, weights);
  return optimizer;
}

describe('state of optimizers', () => {
  it('belongs to one model', () => {
    const [sgd, model] = [new SGD(), { lock: new TrainingLock() }];
    sgd.adopt(model);
    sgd.adopt(model);
    assert.throws(
      () => sgd.adopt({ lock: new TrainingLock() }),
      (error: Error) => error instanceof TypeError && /already belongs to another model/.test(error.message),
    );
  });

  it("is listed in Keras's order", () => {
    const shapes = (optimizer: Optimizer) =>
      bound(optimizer)
        .getWeights()
        .map(({ shape }) => shape);
    assert.deepEqual(shapes(new SGD()), [[], []]);
    assert.deepEqual(shapes(new SGD({ learningRate: schedule() })), [[]]);
    assert.deepEqual(shapes(new SGD({ momentum: 0.5 })), [[], [], [2, 3], [3]]);
    assert.deepEqual(shapes(new Adam()), [[], [], [2, 3], [2, 3], [3], [3]]);
    assert.deepEqual(shapes(new Adam({ amsgrad: true })), [[], [], [2, 3], [2, 3], [3], [3], [2, 3], [3]]);
  });

  it('goes out and in', () => {
    const numbered = (shape: number[], first: number) => ({
      shape,
      data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
    });
    const arrays = [
      { shape: [], data: [7] },
      { shape: [], data: [0.25] },
      numbered([2, 3], 10),
      numbered([2, 3], 20),
      numbered([3], 30),
      numbered([3], 40),
      numbered([2, 3], 50),
      numbered([3], 60),
    ];
    const adam = bound(new Adam({ amsgrad: true }));
    adam.setWeights(arrays);
    assert.deepEqual([adam.iterations, adam.learningRate], [7, 0.25]);
    assert.deepEqual(
      adam.getWeights().map(({ data }) => [...data]),
      arrays.map(({ data }) => data),
    );
    const again = bound(new Adam({ amsgrad: true }));
    again.setWeights(adam.getWeights());
    assert.deepEqual(again.getWeights(), adam.getWeights());
  });

  it('gives and takes the rate unrounded', () => {
    const sgd = bound(new SGD({ learningRate: 0.1 }));
    const other = bound(new SGD({ learningRate: 0.5 }));
    other.setWeights(sgd.getWeights());
    assert.equal(other.learningRate, 0.1);
    other.setWeights([Int32Array.of(0), Float32Array.of(0.1)]);
    assert.equal(other.learningRate, Math.fround(0.1));
  });

  it('comes as any kind of array, numbers alone too', () => {
    const kernel = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    for (const arrays of [
      [7, 0.1, kernel, [8, 9, 10]],
      [[7], [0.1], Float64Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(8, 9, 10)],
      [
        BigInt64Array.of(7n),
        new NdArray(Float64Array.of(0.1), []),
        NdArray.from(kernel),
        { data: [8, 9, 10], shape: [3] },
      ],
    ]) {
      const sgd = bound(new SGD({ momentum: 0.5 }));
      sgd.setWeights(arrays);
      assert.deepEqual(
        sgd.getWeights().map(({ data }) => [...data]),
        [[7], [0.1], [1, 2, 3, 4, 5, 6], [8, 9, 10]],
      );
    }
  });

  it('is left alone when an array does not fit', () => {
    const sgd = bound(new SGD({ momentum: 0.5 }));
    const kernel = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const cases: [unknown, RegExp][] = [
      [[7, 0.5, kernel], /`weights` must be 4 arrays \(iterations, learning rate, 2 slots\), received 3/],
      [
        [7, 0.5, kernel, { shape: [2], data: [1, 2] }],
        /`weights\[3\]` must be of shape \[3\] \(l\/w1\/momentum\), received shape \[2\]/,
      ],
      [[7, 0.5, kernel, { shape: [3], data: [1, 2] }], /`weights\[3\]` must hold the 3 elements/],
      [[7, 0.5, kernel, { shape: [3], data: { length: 3 } }], /`weights\[3\].data` must be a typed array/],
      [[7, 0.5, kernel, Float32Array.of(1, 2)], /`weights\[3\]` must be of shape \[3\]/],
      [[null, 0.5, kernel, [1, 2, 3]], /`weights\[0\] \(iterations\)` must be an NdArray, .* received null/],
      [[-1, 0.5, kernel, [1, 2, 3]], /`weights\[0\] \(iterations\)` must be an integer >= 0, received -1/],
      [[7, [0.5, 0.5], kernel, [1, 2, 3]], /`weights\[1\] \(learning rate\)` must be an array of one number/],
      [[7, NaN, kernel, [1, 2, 3]], /`weights\[1\] \(learning rate\)` must be a finite number/],
      [[7, 0.5, kernel, null], /`weights\[3\]` must be an NdArray, .* received null/],
      [3, /`weights` must be an array of arrays, received 3/],
    ];
    for (const [arrays, message] of cases) {
      assert.throws(() => sgd.setWeights(arrays as never), message);
      assert.deepEqual(
        sgd.getWeights().map(({ data }) => [...data]),
        [[0], [0.01], [0, 0, 0, 0, 0, 0], [0, 0, 0]],
      );
    }
  });

  it('needs a built model for slots', () => {
    assert.throws(
      () =>
        new SGD({ momentum: 0.5 }).setWeights([
          { shape: [], data: [1] },
          { shape: [], data: [1] },
          { shape: [3], data: [1, 2, 3] },
        ]),
      /compile and build the model first/,
    );
  });

  it('is zeroed only for other weights', () => {
    const store = new (native().Parameters)(
      [
        { name: 'w', shape: [2] },
        { name: 'v', shape: [2] },
      ],
      0,
    );
    const weights = ['w', 'v'].map((name) => new Parameter({ layer: 'l', name, shape: [2], initializer: new Zeros() }));
    weights.forEach((weight, i) => weight.adopt(store, i));
    const sgd = new SGD({ momentum: 0.5 });
    const momenta = () =>
      sgd
        .getWeights()
        .slice(2)
        .map(({ data }) => [...data]);
    sgd.bind(store, weights);
    store.write(0, 0, Float32Array.of(1, 2));
    sgd.bind(store, weights);
    assert.deepEqual(momenta(), [
      [1, 2],
      [0, 0],
    ]);
    sgd.bind(store, weights.slice(0, 1));
    assert.deepEqual(momenta(), [[0, 0]]);
    store.write(0, 0, Float32Array.of(1, 2));
    new Adam().bind(store, weights);
    store.write(0, 0, Float32Array.of(3, 4));
    sgd.bind(store, weights.slice(0, 1));
    assert.deepEqual(momenta(), [[0, 0]]);
  });
});
