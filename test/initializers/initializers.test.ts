import assert from 'node:assert/strict';
import * as initializers from '../../lib/initializers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { philox } from '../reference/random.js';

const seed = 3;
const shape = [200, 50];
const count = 10000;

/** Distribution function of the standard normal, from the series of erf (exact to 1e-12 within ±4). */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) sum += term *= (x * x) / (2 * n + 1);
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const uniformCdf = (low: number, high: number) => (x: number) => Math.min(1, Math.max(0, (x - low) / (high - low)));
const gaussianCdf = (mean: number, deviation: number) => (x: number) =>
  normalCdf(Math.max(-6, Math.min(6, (x - mean) / deviation)));
const truncatedCdf = (mean: number, deviation: number) => (x: number) => {
  const [low, high] = [normalCdf(-2), normalCdf(2)];
  return Math.min(1, Math.max(0, (normalCdf(Math.max(-2, Math.min(2, (x - mean) / deviation))) - low) / (high - low)));
};

/** The largest distance between the distribution of the values and `cdf`: below 1.95 / sqrt(n) but once in 1000. */
function assertDistribution(values: Float32Array, cdf: (x: number) => number): void {
  const sorted = values.slice().sort();
  const distance = sorted.reduce(
    (top, x, i) => Math.max(top, Math.abs(cdf(x) - i / sorted.length), Math.abs(cdf(x) - (i + 1) / sorted.length)),
    0,
  );
  assert.ok(distance < 1.95 / Math.sqrt(sorted.length), `the distribution is ${distance} off`);
}

const cut = 0.87962566103423978;

describe('distributions of initializers', () => {
  const cases: [string, initializers.Initializer, (x: number) => number][] = [
    ['RandomUniform', new initializers.RandomUniform({ minval: -1, maxval: 3, seed }), uniformCdf(-1, 3)],
    ['RandomUniform by default', new initializers.RandomUniform({ seed }), uniformCdf(-0.05, 0.05)],
    ['RandomNormal', new initializers.RandomNormal({ mean: 1, stddev: 2, seed }), gaussianCdf(1, 2)],
    ['TruncatedNormal', new initializers.TruncatedNormal({ mean: 1, stddev: 2, seed }), truncatedCdf(1, 2)],
    ['GlorotUniform', new initializers.GlorotUniform({ seed }), uniformCdf(-Math.sqrt(6 / 250), Math.sqrt(6 / 250))],
    ['GlorotNormal', new initializers.GlorotNormal({ seed }), truncatedCdf(0, Math.sqrt(2 / 250) / cut)],
    ['HeUniform', new initializers.HeUniform({ seed }), uniformCdf(-Math.sqrt(6 / 200), Math.sqrt(6 / 200))],
    ['HeNormal', new initializers.HeNormal({ seed }), truncatedCdf(0, Math.sqrt(2 / 200) / cut)],
    ['LecunUniform', new initializers.LecunUniform({ seed }), uniformCdf(-Math.sqrt(3 / 200), Math.sqrt(3 / 200))],
    ['LecunNormal', new initializers.LecunNormal({ seed }), truncatedCdf(0, Math.sqrt(1 / 200) / cut)],
    [
      'VarianceScaling by default',
      new initializers.VarianceScaling({ seed }),
      truncatedCdf(0, Math.sqrt(1 / 200) / cut),
    ],
    [
      'VarianceScaling of outputs',
      new initializers.VarianceScaling({ scale: 3, mode: 'fan_out', distribution: 'untruncated_normal', seed }),
      gaussianCdf(0, Math.sqrt(3 / 50)),
    ],
  ];
  for (const [name, initializer, cdf] of cases) {
    it(name, () => {
      const values = initializer.generate(shape);
      assert.equal(values.length, count);
      assertDistribution(values, cdf);
    });
  }

  it('count the window of a convolution into inputs and outputs', () => {
    const limit = Math.sqrt(6 / (3 * 5 * 8 + 3 * 5 * 16));
    const values = new initializers.GlorotUniform({ seed }).generate([3, 5, 8, 16]);
    const largest = values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    assert.ok(largest <= limit && largest > 0.99 * limit);
  });
});

describe('fixed initializers', () => {
  it('Zeros, Ones, Constant', () => {
    assert.deepEqual([...new initializers.Zeros().generate([2])], [0, 0]);
    assert.deepEqual([...new initializers.Ones().generate([2, 1])], [1, 1]);
    assert.deepEqual([...new initializers.Constant({ value: 0.5 }).generate([3])], [0.5, 0.5, 0.5]);
    assert.equal(new initializers.Constant().value, 0);
  });

  it('Identity, also of matrices that are not square', () => {
    assert.deepEqual([...new initializers.Identity({ gain: 2 }).generate([2, 3])], [2, 0, 0, 0, 2, 0]);
    assert.throws(() => new initializers.Identity().generate([2]), /`shape` must be of two axes/);
  });
});

describe('Orthogonal', () => {
  for (const [rows, cols] of [
    [6, 6],
    [7, 4],
    [4, 7],
    [1, 5],
  ] as const) {
    it(`${rows} by ${cols}: rows or columns are orthonormal`, () => {
      const values = new initializers.Orthogonal({ seed, gain: 3 }).generate([rows, cols]);
      const at = (i: number, j: number) => (rows < cols ? values[i * cols + j]! : values[j * cols + i]!);
      const [vectors, length] = [Math.min(rows, cols), Math.max(rows, cols)];
      for (let a = 0; a < vectors; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let k = 0; k < length; k++) dot += at(a, k) * at(b, k);
          // Each of the `length` values is rounded to float32, at most gain * 2^-25 off.
          assert.ok(Math.abs(dot - (a === b ? 9 : 0)) <= 2 * length * 9 * 2 ** -25, `${a}, ${b}: ${dot}`);
        }
      }
    });
  }

  it('merges the axes before the last', () => {
    const orthogonal = new initializers.Orthogonal({ seed });
    assert.deepEqual(orthogonal.generate([2, 3, 4]), orthogonal.generate([6, 4]));
    assert.throws(() => orthogonal.generate([4]), /`shape` must be of at least two axes/);
  });
});

describe('seeds of initializers', () => {
  /** Philox under the key splitmix64(seed), in the stream of initializers. */
  const words = (): number[] => {
    const mask = 2n ** 64n - 1n;
    let key = (BigInt(seed) + 0x9e3779b97f4a7c15n) & mask;
    key = ((key ^ (key >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    key = ((key ^ (key >> 27n)) * 0x94d049bb133111ebn) & mask;
    key ^= key >> 31n;
    return Array.from({ length: 4 }, (_, block) =>
      philox([block, 0, 0, 0xfffffffe], [Number(key & 0xffffffffn), Number(key >> 32n)]),
    ).flat();
  };

  it('a seed gives the documented numbers, on every machine', () => {
    const drawn = words();
    const expected = Array.from({ length: 8 }, (_, i) =>
      Math.fround(((drawn[2 * i]! >>> 5) * 2 ** 26 + (drawn[2 * i + 1]! >>> 6)) / 2 ** 53),
    );
    assert.deepEqual([...new initializers.RandomUniform({ minval: 0, maxval: 1, seed }).generate([8])], expected);
  });

  it('a seed gives the same values at every call, also across classes of it', () => {
    const he = new initializers.HeNormal({ seed });
    assert.deepEqual(he.generate([5, 5]), he.generate([5, 5]));
    assert.deepEqual(he.generate([5, 5]), new initializers.HeNormal({ seed }).generate([5, 5]));
    assert.notDeepEqual(he.generate([5, 5]), new initializers.HeNormal({ seed: seed + 1 }).generate([5, 5]));
  });

  it('without one every instance has values of its own, and keeps them', () => {
    const [a, b] = [new initializers.GlorotUniform(), new initializers.GlorotUniform()];
    assert.deepEqual(a.generate([9]), a.generate([9]));
    assert.notDeepEqual(a.generate([9]), b.generate([9]));
  });

  it('setRandomSeed decides them', () => {
    const two = () =>
      [new initializers.GlorotUniform(), new initializers.RandomNormal()].map((one) => one.generate([9]));
    setRandomSeed(5);
    const first = two();
    assert.notDeepEqual(two(), first);
    setRandomSeed(5);
    assert.deepEqual(two(), first);
    setRandomSeed(6);
    assert.notDeepEqual(two(), first);
  });

  it('are integers >= 0', () => {
    for (const bad of [-1, 1.5, NaN, '7']) {
      assert.throws(() => new initializers.HeNormal({ seed: bad as never }), /`seed` must be an integer >= 0/);
      assert.throws(() => setRandomSeed(bad as never), /`seed` must be an integer >= 0/);
    }
  });
});

describe('initializers by name and config', () => {
  it('every one has a name, and comes back from its config', () => {
    for (const name of initializers.names) {
      const initializer = initializers.get(name as 'zeros');
      const serialized = JSON.parse(JSON.stringify(initializers.serialize(initializer)));
      assert.equal(serialized.module, 'keras.initializers');
      assert.deepEqual(initializers.deserialize(serialized).getConfig(), initializer.getConfig());
    }
    assert.equal(initializers.names.length, 19);
  });

  it('options come back too', () => {
    const made = [
      new initializers.Constant({ value: 0.5 }),
      new initializers.Identity({ gain: 3 }),
      new initializers.Orthogonal({ gain: 2, seed }),
      new initializers.RandomUniform({ minval: 1, maxval: 2, seed }),
      new initializers.TruncatedNormal({ mean: 1, stddev: 2, seed }),
      new initializers.VarianceScaling({ scale: 2, mode: 'fan_avg', distribution: 'uniform', seed }),
      new initializers.HeNormal({ seed }),
    ];
    for (const initializer of made) {
      const again = initializers.deserialize(initializers.serialize(initializer));
      assert.equal(again.constructor, initializer.constructor);
      assert.deepEqual(again.generate([4, 4]), initializer.generate([4, 4]));
    }
    assert.deepEqual(new initializers.HeNormal({ seed }).getConfig(), { seed });
  });

  it('have the short names and the older class names that Keras knows', () => {
    const { Identity, Ones, Orthogonal, RandomNormal, RandomUniform, Zeros } = initializers;
    const short = { zero: Zeros, one: Ones, uniform: RandomUniform, normal: RandomNormal };
    for (const [name, Class] of Object.entries(short)) {
      assert.equal(initializers.get(name as 'zero').constructor, Class);
      assert.equal(initializers.get({ class_name: name, config: {} }).constructor, Class);
    }
    assert.ok(initializers.get({ class_name: 'OrthogonalInitializer', config: { gain: 2 } }) instanceof Orthogonal);
    assert.ok(initializers.get({ class_name: 'IdentityInitializer' }) instanceof Identity);
  });

  it("read Keras's configs of any version", () => {
    const config = { seed: 4, input_axes: null, output_axes: null };
    assert.deepEqual(initializers.get({ class_name: 'GlorotUniform', config }).getConfig(), { seed: 4 });
    const bad = { class_name: 'GlorotUniform', config: { ...config, input_axes: [0] } };
    assert.throws(() => initializers.get(bad), /`inputAxes` yet/);
    assert.equal(new initializers.Zeros({ dtype: 'float32' }).constructor, initializers.Zeros);
    assert.throws(() => new initializers.Zeros({ dtype: 'float16' }), /`dtype` yet/);
  });

  it('names may be camelCased', () => {
    assert.ok(initializers.get('glorotUniform') instanceof initializers.GlorotUniform);
    assert.ok(initializers.get('GlorotUniform' as never) instanceof initializers.GlorotUniform);
    assert.throws(
      () => initializers.get('glorot_unifrom' as never),
      /`initializer` is unknown: "glorot_unifrom"; did you mean "glorot_uniform"/,
    );
  });

  it('bad arguments are refused by name', () => {
    const cases: [() => unknown, RegExp][] = [
      [() => new initializers.Constant({ value: 'a' as never }), /`value`/],
      [() => new initializers.RandomNormal({ stddev: -1 }), /`stddev`/],
      [() => new initializers.RandomUniform({ minval: NaN }), /`minval`/],
      [() => new initializers.VarianceScaling({ scale: 0 }), /`scale`/],
      [() => new initializers.VarianceScaling({ mode: 'fan' as never }), /`mode` is unknown/],
      [() => new initializers.VarianceScaling({ distribution: 3 as never }), /`distribution`/],
      [() => new initializers.HeNormal({ scale: 2 } as never), /HeNormal has no option `scale`/],
      [() => new initializers.Zeros({ value: 2 }), /Zeros has no option `value`/],
    ];
    for (const [make, message] of cases) assert.throws(make, message);
  });
});

describe("an initializer of one's own", () => {
  class Diagonal extends initializers.Initializer {
    static override readonly className = 'Diagonal';
    override generate([rows = 1, cols = 1]: readonly number[]): Float32Array {
      return Float32Array.from({ length: rows * cols }, (_, i) => (i % (cols + 1) === 0 ? 0.5 : 0));
    }
  }

  it('is found by its name once it is registered', () => {
    const forget = initializers.register(Diagonal);
    assert.deepEqual([...initializers.get('diagonal' as never).generate([2, 2])], [0.5, 0, 0, 0.5]);
    forget();
  });
});
