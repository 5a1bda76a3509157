import assert from 'node:assert/strict';
import {
  Dense, metrics, NdArray, Sequential, type ArrayInput, type CompileOptions, type FitOptions,
} from '../../lib/index.js';
import { blobs, classifier, quiet, weightsOf } from './blobs.js';

interface BadFit {
  what: string;
  x?: unknown;
  y?: unknown;
  options?: object;
  loss?: CompileOptions['loss'];
  type: 'TypeError' | 'RangeError';
  message: string | RegExp;
}

const rows = 6;
const { x, labels, oneHot } = blobs(rows);
const withValue = (array: NdArray<Float32Array>, at: number, value: number): NdArray<Float32Array> => {
  const data = array.data.slice();
  data[at] = value;
  return new NdArray(data, array.shape);
};
const dense = 'categorical_crossentropy';
const weights = NdArray.from(new Float32Array(rows).fill(1));

const cases: BadFit[] = [
  { what: 'x of wrong length', x: new NdArray(new Float32Array(24), [6, 4]), type: 'RangeError',
    message: '`x` must have shape [rows, 5], received [6, 4]' },
  { what: 'x of wrong rank', x: new NdArray(new Float32Array(60), [6, 2, 5]), type: 'RangeError',
    message: '`x` must have shape [rows, 5], received [6, 2, 5]' },
  { what: 'one row without its batch axis', x: [1, 2, 3, 4, 5], type: 'RangeError',
    message: '`x` must have shape [rows, 5], received [5]: the first axis counts samples, so one alone is [1, 5]' },
  { what: 'a typed array of half a row', x: new Float32Array(13), type: 'RangeError',
    message: '`x` must hold whole rows of 5 elements (shape [rows, 5]), received a float32 array of 13' },
  { what: 'ragged nested arrays', x: [[1, 2, 3, 4, 5], [1, 2]], type: 'RangeError', message: /`x/ },
  { what: 'strings', x: [['a', 'b', 'c', 'd', 'e']], y: [0], type: 'TypeError', message: /`x/ },
  { what: 'no x', x: undefined, type: 'TypeError',
    message: '`x` must be an NdArray, a typed array, an object { data, shape } or nested arrays of numbers, received undefined' },
  { what: 'no y', y: undefined, type: 'TypeError', message: /^`y` must be an NdArray, .* received undefined$/ },
  { what: 'x and y of different lengths', y: labels.slice(0, 5), type: 'RangeError',
    message: '`x` and `y` must have the same number of rows, received 6 and 5' },
  { what: 'empty data', x: [], y: [], type: 'RangeError', message: '`x` must not be empty, received shape [0]' },
  { what: 'an empty typed array', x: new Float32Array(0), type: 'RangeError', message: /`x` must not be empty/ },
  { what: 'empty targets', y: [], type: 'RangeError', message: /`y` must not be empty/ },
  { what: 'empty one-hot targets', y: [], loss: dense, type: 'RangeError',
    message: '`y` must not be empty, received shape [0]' },
  { what: 'a label out of range', y: [0, 1, 2, 3, 0, 0], type: 'RangeError',
    message: '`y` must hold integer labels from 0 to 2, received 3 in row 3' },
  { what: 'a negative label', y: Int8Array.of(0, 1, -1, 0, 0, 0), type: 'RangeError',
    message: '`y` must hold integer labels from 0 to 2, received -1 in row 2' },
  { what: 'a label that is no integer', y: [0, 1.5, 0, 0, 0, 0], type: 'RangeError',
    message: '`y` must hold integer labels from 0 to 2, received 1.5 in row 1' },
  { what: 'one-hot targets where labels are due', y: oneHot, type: 'RangeError',
    message: /integer labels .* 'categorical_crossentropy'/ },
  { what: 'labels where one-hot targets are due', y: labels, loss: dense, type: 'RangeError',
    message: /'sparse_categorical_crossentropy', or make them one-hot with toCategorical\(y, 3\)/ },
  { what: 'targets of another width', y: new NdArray(new Float32Array(12), [6, 2]), loss: dense, type: 'RangeError',
    message: '`y` must have shape [rows, 3], received [6, 2]' },
  { what: 'NaN in x', x: withValue(x, 17, NaN), options: { checkFinite: true }, type: 'RangeError',
    message: '`x` must hold finite numbers, received NaN in row 3, column 2' },
  { what: 'Infinity in y', y: withValue(oneHot, 4, Infinity), loss: dense, options: { checkFinite: true },
    type: 'RangeError',
    message: '`y` must hold finite numbers, received Infinity in row 1, column 1' },
  { what: 'NaN in the weights of samples', options: { checkFinite: true, sampleWeight: withValue(weights, 5, NaN) },
    type: 'RangeError', message: '`sampleWeight` must hold finite numbers, received NaN in row 5, column 0' },
  { what: 'batchSize 0', options: { batchSize: 0 }, type: 'RangeError',
    message: '`batchSize` must be a positive integer, received 0' },
  { what: 'batchSize 2.5', options: { batchSize: 2.5 }, type: 'RangeError', message: /`batchSize` .* received 2.5/ },
  { what: 'batchSize as a string', options: { batchSize: '32' }, type: 'TypeError',
    message: '`batchSize` must be a positive integer, received "32"' },
  { what: 'epochs -1', options: { epochs: -1 }, type: 'RangeError',
    message: '`epochs` must be an integer >= 0, received -1' },
  { what: 'initialEpoch -1', options: { initialEpoch: -1 }, type: 'RangeError', message: /`initialEpoch`/ },
  { what: 'a seed that is no integer', options: { seed: 0.5 }, type: 'RangeError', message: /`seed` .* received 0.5/ },
  { what: 'shuffle as a string', options: { shuffle: 'batch' }, type: 'TypeError',
    message: '`shuffle` must be true or false, received "batch"' },
  { what: 'checkFinite as a number', options: { checkFinite: 1 }, type: 'TypeError', message: /`checkFinite`/ },
  { what: 'verbose 3', options: { verbose: 3 }, type: 'RangeError',
    message: "`verbose` must be 'auto', 0, 1 or 2, received 3" },
  { what: 'verbose true', options: { verbose: true }, type: 'TypeError', message: /`verbose`/ },
  { what: 'threads 0', options: { threads: 0 }, type: 'RangeError',
    message: '`threads` must be an integer from 1 to 256, received 0' },
  { what: 'threads 257', options: { threads: 257 }, type: 'RangeError', message: /`threads` .* received 257/ },
  { what: 'stepsPerEpoch 0', options: { stepsPerEpoch: 0 }, type: 'RangeError', message: /`stepsPerEpoch`/ },
  { what: 'more steps than there are batches', options: { stepsPerEpoch: 4, batchSize: 2 }, type: 'RangeError',
    message: '`stepsPerEpoch` must be an integer from 1 to 3, received 4' },
  { what: 'validationFreq 0', options: { validationFreq: 0 }, type: 'RangeError', message: /`validationFreq`/ },
  { what: 'validationFreq as a string', options: { validationFreq: '1' }, type: 'TypeError',
    message: /`validationFreq`/ },
  { what: 'validationFreq of no epochs', options: { validationFreq: [0] }, type: 'RangeError',
    message: /`validationFreq\[0\]`/ },
  { what: 'validationData that are no list', options: { validationData: x }, type: 'TypeError',
    message: /^`validationData` must be \[x, y\] or \[x, y, sampleWeight\], received a NdArray of shape \[6, 5\]$/ },
  { what: 'validationData of one array', options: { validationData: [x] }, type: 'RangeError',
    message: /`validationData`/ },
  { what: 'validationData of another shape', options: { validationData: [oneHot, labels] }, type: 'RangeError',
    message: /`validationData\[0\]` must have shape \[rows, 5\], received \[6, 3\]/ },
  { what: 'a validation label out of range', options: { validationData: [x, [0, 1, 2, 0, 7, 0]] }, type: 'RangeError',
    message: '`validationData[1]` must hold integer labels from 0 to 2, received 7 in row 4' },
  { what: 'an unknown option', options: { batchsize: 3 }, type: 'TypeError',
    message: /fit has no option `batchsize`; did you mean `batchSize`/ },
  { what: 'an option in both spellings', options: { batch_size: 3, batchSize: 3 }, type: 'TypeError',
    message: 'fit was given both `batchSize` and `batch_size`' },
  { what: 'an option that quern lacks', options: { workers: 4 }, type: 'TypeError',
    message: 'fit does not support the option `workers` yet' },
  { what: "an option of compile's", options: { stepsPerExecution: 4 }, type: 'TypeError',
    message: /^fit has no option `stepsPerExecution`/ },
  { what: 'options that are no object', options: 3 as never, type: 'TypeError',
    message: /`options` must be an object/ },
];

describe('bad input to fit', () => {
  for (const { what, type, message, loss, options = {}, ...data } of cases) {
    it(`${what} is refused, and nothing changes`, async () => {
      const model = classifier(7, loss ? { loss } : {});
      const given = { x: 'x' in data ? data.x : x, y: 'y' in data ? data.y : loss ? oneHot : labels };
      const before = structuredClone([weightsOf(model), model.optimizer.getWeights(), given]);
      const merged = (typeof options === 'object' ? quiet(options) : options) as FitOptions;
      await assert.rejects(model.fit(given.x as ArrayInput, given.y as ArrayInput, merged), { name: type, message });
      assert.deepEqual(structuredClone([weightsOf(model), model.optimizer.getWeights(), given]), before);
      assert.equal(model.optimizer.iterations, 0);
      await model.fit(x, loss ? oneHot : labels, quiet());
    });
  }

  describe('asked to check for NaN and infinities', () => {
    const many = blobs(100);
    const refused: [string, Parameters<Sequential['fit']>, string][] = [
      ['x', [withValue(many.x, 90 * 5, NaN), many.oneHot],
        '`x` must hold finite numbers, received NaN in row 90, column 0'],
      ['y', [many.x, withValue(many.oneHot, 90 * 3 + 1, Infinity)],
        '`y` must hold finite numbers, received Infinity in row 90, column 1'],
      ['doubles beyond float32', [Float64Array.from(many.x.data, (value, i) => (i === 499 ? 1e300 : value)), many.oneHot],
        '`x` must hold finite numbers, received Infinity in row 99, column 4'],
      ['the weights of samples', [many.x, many.oneHot, { sampleWeight: [...new Array<number>(99).fill(1), NaN] }],
        '`sampleWeight` must hold finite numbers, received NaN in row 99, column 0'],
      ['validationData', [many.x, many.oneHot, { validationData: [withValue(many.x, 7, -Infinity), many.oneHot] }],
        '`validationData[0]` must hold finite numbers, received -Infinity in row 1, column 2'],
      ['the part split off', [withValue(many.x, 499, NaN), many.oneHot, { validationSplit: 0.1 }],
        '`x` must hold finite numbers, received NaN in row 99, column 4'],
    ];
    for (const [what, [given, targets, options], message] of refused) {
      it(`refuses them in ${what} before the first step`, async () => {
        const model = classifier(7, { loss: dense });
        const before = weightsOf(model);
        const asked = quiet({ batchSize: 10, shuffle: false, checkFinite: true, ...options });
        await assert.rejects(model.fit(given, targets, asked), { name: 'RangeError', message });
        assert.equal(model.optimizer.iterations, 0);
        assert.deepEqual(weightsOf(model), before);
      });
    }

    it('does not mind integers', async () => {
      const model = classifier();
      await model.fit(new Uint8Array(50), Int32Array.from(new Array(10).fill(1)), quiet({ checkFinite: true }));
      assert.equal(model.optimizer.iterations, 1);
    });

    it('notices those that come while it trains', async () => {
      const model = classifier();
      const data = many.x.data.slice();
      const callbacks = { onEpochEnd(): void { data[450] = NaN; } };
      await assert.rejects(model.fit(data, many.labels, quiet({ epochs: 2, checkFinite: true, callbacks })),
        /`x` must hold finite numbers, received NaN in row 90, column 0/);
    });

    it('calls no hook of evaluate and predict', async () => {
      const model = classifier();
      const options = { checkFinite: true, verbose: 0, callbacks: { setModel() { assert.fail(); } } } as const;
      await assert.rejects(model.evaluate(withValue(many.x, 1, NaN), many.labels, options), /received NaN in row 0/);
      await assert.rejects(model.predict(withValue(many.x, 1, NaN), options), /received NaN in row 0/);
    });
  });

  it('names the row in what was passed when bad data lie in the part split off', async () => {
    await assert.rejects(classifier().fit(withValue(x, 5 * 5, NaN), labels,
      quiet({ validationSplit: 0.34, checkFinite: true })),
      { message: '`x` must hold finite numbers, received NaN in row 5, column 0' });
  });

  it('lets NaN through unless asked to check', async () => {
    const { history } = await classifier().fit(withValue(x, 3, NaN), labels, quiet());
    assert.ok(Number.isNaN(history['loss']![0]));
  });

  it('before compile is refused', async () => {
    const model = new Sequential([new Dense(3, { inputShape: [5] })]);
    await assert.rejects(model.fit(x, labels),
      { name: 'TypeError', message: '`fit` needs a compiled model: call compile({ optimizer, loss }) first' });
    assert.throws(() => model.optimizer, { name: 'TypeError', message: /`optimizer` needs a compiled model/ });
  });
});

describe('bad input to compile', () => {
  const model = classifier();
  const compile = (options: unknown) => () => model.compile(options as CompileOptions);
  const good = { optimizer: 'sgd', loss: 'mse' };

  it('is refused by name, with the nearest known ones, and the model stays as it was', async () => {
    const { optimizer } = model;
    assert.throws(compile({ ...good, optimizer: 'sdg' }),
      { name: 'TypeError', message: /`optimizer` is unknown: "sdg"; did you mean "sgd"/ });
    assert.throws(compile({ ...good, loss: 'categorical_crosentropy' }),
      /`loss` is unknown: .*did you mean "categorical_crossentropy"/);
    assert.throws(compile({ ...good, metrics: ['acuracy'] }),
      /`metrics\[0\]` is unknown: "acuracy"; did you mean "accuracy"/);
    assert.throws(compile({ ...good, metrics: 'accuracy' }),
      /`metrics` must be an array of metrics, received "accuracy"/);
    assert.throws(compile({ loss: 'mse' }), /`optimizer` must be an optimizer or one of the names/);
    assert.throws(compile({ ...good, loss: () => 1 }), /`loss` cannot be a JavaScript function, .* extend losses.Loss/);
    assert.throws(compile({ ...good, metric: [] }), /compile has no option `metric`; did you mean `metrics`/);
    assert.throws(compile({ ...good, lossWeights: [1] }), /compile does not support the option `lossWeights` yet/);
    assert.throws(compile({ ...good, run_eagerly: true }), /compile does not support the option `runEagerly` yet/);
    assert.throws(compile({ ...good, metrics: [new metrics.MeanSquaredError({ name: 'val_loss' })] }),
      /`metrics\[0\].name` must be a name that does not start with val_, .*received "val_loss"/);
    assert.throws(compile(undefined), TypeError);
    assert.equal(model.optimizer, optimizer);
    await model.fit(x, labels, quiet());
  });
});

describe('bad input to evaluate and predict', () => {
  const model = classifier();

  it('is refused as in fit', async () => {
    await assert.rejects(model.evaluate(x, labels.slice(1), { verbose: 0 }), /same number of rows, received 6 and 5/);
    await assert.rejects(model.evaluate(x, [0, 1, 2, 0, 1, 3], { verbose: 0 }), /received 3 in row 5/);
    await assert.rejects(model.evaluate(x, labels, { batchSize: 0 }), RangeError);
    await assert.rejects(model.evaluate(x, labels, { epochs: 1 } as never), /evaluate has no option `epochs`/);
    await assert.rejects(model.predict(oneHot, { verbose: 0 }), /`x` must have shape \[rows, 5\], received \[6, 3\]/);
    await assert.rejects(model.predict(x, { sampleWeight: [] } as never), /predict has no option `sampleWeight`/);
    await assert.rejects(model.predict([], { verbose: 0 }), /`x` must not be empty/);
    await assert.rejects(model.predict(withValue(x, 7, -Infinity), { verbose: 0, checkFinite: true }),
      /`x` must hold finite numbers, received -Infinity in row 1, column 2/);
    assert.throws(() => model.predictSync(oneHot), RangeError);
    await assert.rejects(model.evaluate(x, labels, { verbose: 0, threads: 1.5 }), RangeError);
  });

  it('QUERN_THREADS must be an integer from 1 to 256', async () => {
    const before = process.env['QUERN_THREADS'];
    try {
      for (const value of ['0', 'two', '257', '1.5']) {
        process.env['QUERN_THREADS'] = value;
        await assert.rejects(model.evaluate(x, labels, { verbose: 0 }),
          { name: 'RangeError', message: `\`QUERN_THREADS\` must be an integer from 1 to 256, received "${value}"` });
        await model.evaluate(x, labels, { verbose: 0, threads: 1 });
      }
      process.env['QUERN_THREADS'] = '3';
      await model.evaluate(x, labels, { verbose: 0 });
    } finally {
      if (before === undefined) delete process.env['QUERN_THREADS'];
      else process.env['QUERN_THREADS'] = before;
    }
  });
});
