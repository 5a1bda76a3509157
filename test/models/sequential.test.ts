import assert from 'node:assert/strict';
import {
  Activation, Dense, Dropout, Flatten, Input, NdArray, Rescaling, Sequential, SGD, Softmax, type ArrayInput,
} from '../../lib/index.js';
import { blobs, classifier, line, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(12);

describe('Sequential', () => {
  it('is built as soon as the shape of its input is known', () => {
    const models = [
      new Sequential([new Dense(4, { inputShape: [3] }), new Dense(2)]),
      new Sequential([Input({ shape: [3] }), new Dense(4), new Dense(2)]),
      new Sequential().add(Input({ shape: [3] })).add(new Dense(4)).add(new Dense(2)),
      new Sequential([new Dense(4, { inputDim: 3 }), new Dense(2)]),
    ];
    const late = new Sequential([new Dense(4), new Dense(2)]);
    assert.equal(late.built, false);
    late.build([null, 3]);
    for (const model of [...models, late]) {
      assert.equal(model.built, true);
      assert.equal(model.countParams(), 3 * 4 + 4 + 4 * 2 + 2);
      assert.deepEqual([model.inputShape, model.outputShape], [[null, 3], [null, 2]]);
      assert.deepEqual(model.getWeights().map(({ shape }) => shape), [[3, 4], [4], [4, 2], [2]]);
    }
  });

  it('has layers that can be found by name and place', () => {
    const model = new Sequential([new Dense(4, { inputShape: [3], name: 'first' }),
      new Activation('relu', { name: 'second' })],
      { name: 'mine' });
    assert.equal(model.name, 'mine');
    assert.equal(model.layers.length, 2);
    assert.equal(model.getLayer('second'), model.layers[1]);
    assert.equal(model.getLayer(0), model.layers[0]);
    assert.throws(() => model.getLayer('secnd'), /`name` is unknown: "secnd"; did you mean "second"\?/);
    assert.throws(() => model.getLayer(2),
      { name: 'RangeError', message: /`index` must be an integer from 0 to 1, received 2/ });
    assert.throws(() => model.getLayer({} as never), TypeError);
  });

  it('loses its last layer with pop', () => {
    const model = new Sequential([new Dense(4, { inputShape: [3] }), new Dense(2)]);
    const last = model.layers[1];
    assert.equal(model.pop(), last);
    assert.deepEqual(model.outputShape, [null, 4]);
    assert.equal(model.add(new Dense(5)).countParams(), 16 + 25);
    model.pop();
    model.pop();
    assert.equal(model.built, false);
    assert.throws(() => model.pop(), { name: 'RangeError', message: /`pop` needs a model with layers/ });
  });

  it('refuses what is no layer, and layers that do not fit', () => {
    const model = new Sequential([new Dense(4, { inputShape: [3], name: 'same' })]);
    assert.throws(() => model.add('dense' as never), /`layer` must be a layer, .*received "dense"/);
    assert.throws(() => model.add(new Dense(4, { name: 'same' })), /different names, received "same" twice/);
    assert.throws(() => model.add(Input({ shape: [3] })), /an Input must stand first/);
    assert.throws(() => model.build([null, 4]),
      { name: 'RangeError', message: /`inputShape` must be \[null, 3\], received \[null, 4\]/ });
    assert.throws(() => model.build([4] as never), RangeError);
    assert.throws(() => new Sequential('layers' as never), /`layers` must be an array of layers/);
    assert.throws(() => new Sequential([], { nam: 'x' } as never), /no option `nam`; did you mean `name`\?/);
    assert.equal(model.layers.length, 1);
    assert.equal(model.countParams(), 16);
    assert.throws(() => new Sequential().build(), /`build` needs a model with layers, this has none/);
    assert.throws(() => new Sequential([new Dense(4)]).build(), /`build` needs a model that is built/);
  });

  it('is compiled and trained again after its layers changed', async () => {
    const model = classifier();
    model.add(new Softmax());
    await model.fit(x, labels, quiet());
    model.pop();
    await assert.rejects(model.fit(x, labels, quiet()), /`fit` needs a compiled model/);
    const before = weightsOf(model);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    assert.deepEqual(weightsOf(model), before);
    await model.fit(x, labels, quiet());
    assert.notDeepEqual(weightsOf(model), before);
  });

  it('computes what its layers say', () => {
    const model = new Sequential([
      new Flatten({ inputShape: [2, 2] }), new Rescaling(0.5,
        { offset: 1 }), new Dense(1), new Activation('relu'), new Dropout(0.9),
    ]);
    model.setWeights([[[1], [2], [3], [-4]], [0.5]]);
    const y = model.predictSync([[[2, 4], [6, 8]], [[0, 0], [0, 8]]]);
    // x / 2 + 1 is [2, 3, 4, 5] and [1, 1, 1, 5].
    assert.deepEqual(y.toArray(), [[2 + 6 + 12 - 20 + 0.5], [0]]);
  });
});

describe('weights of a model', () => {
  it('are copies, in Keras\'s order', () => {
    const model = line(2, 3);
    const [kernel] = model.getWeights();
    kernel!.data[0] = 100;
    assert.deepEqual(weightsOf(model), [2, 3]);
  });

  it('are given as any kind of array', () => {
    const model = new Sequential([new Dense(2, { inputShape: [3] })]);
    const kernel = [[1, 2], [3, 4], [5, 6]];
    const kinds: ArrayInput[] = [kernel, NdArray.from(kernel), Float64Array.of(1, 2, 3, 4, 5, 6),
      { data: kernel.flat(), shape: [3, 2] },
      new NdArray(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 2])];
    for (const kind of kinds) {
      model.setWeights([kind, [7, 8]]);
      assert.deepEqual(weightsOf(model), [1, 2, 3, 4, 5, 6, 7, 8]);
      model.setWeights([[[0, 0], [0, 0], [0, 0]], [0, 0]]);
    }
  });

  it('are refused when one has another shape, and nothing changes', () => {
    const model = new Sequential([new Dense(2, { inputShape: [3] })]);
    const before = weightsOf(model);
    const good = [[1, 2], [3, 4], [5, 6]];
    assert.throws(() => model.setWeights([good]),
      { name: 'RangeError', message: /`weights` must be 2 arrays, .* received 1/ });
    assert.throws(() => model.setWeights([good, [1, 2, 3]]),
      { name: 'RangeError', message: /`weights\[1\]` must be of shape \[2\] \(dense.*\/bias\), received shape \[3\]/ });
    assert.throws(() => model.setWeights([good, Float32Array.of(1)]), RangeError);
    assert.throws(() => model.setWeights([[[1, 2, 3], [4, 5, 6]], [1, 2]]), /received shape \[2, 3\]/);
    assert.throws(() => model.setWeights([good, ['a', 'b']] as never), TypeError);
    assert.throws(() => model.setWeights(good as never), RangeError);
    assert.throws(() => model.setWeights(1 as never),
      { name: 'TypeError', message: /`weights` must be an array of arrays, received 1/ });
    assert.deepEqual(weightsOf(model), before);
  });

  it('can be set on layers too', () => {
    const model = line(1, 2);
    model.layers[0]!.setWeights([NdArray.from(Float32Array.of(5), [1, 1]), NdArray.from(Float32Array.of(6))]);
    assert.deepEqual(weightsOf(model), [5, 6]);
    assert.deepEqual(model.layers[0]!.getWeights().map(({ data }) => [...data]), [[5], [6]]);
  });

  it('need a model that is built', () => {
    const model = new Sequential([new Dense(2)]);
    for (const call of [() => model.getWeights(), () => model.setWeights([]), () => model.countParams()]) {
      assert.throws(call, { name: 'TypeError', message: /needs a model that is built/ });
    }
  });
});

describe('config of a model', () => {
  it('has Keras\'s keys, and makes the same model again', () => {
    const model = new Sequential([new Dense(4, { activation: 'relu', inputShape: [3], name: 'a' }),
      new Dropout(0.5, { name: 'b' })],
      { name: 'mine' });
    const config = JSON.parse(JSON.stringify(model.getConfig())) as Record<string, unknown>;
    assert.deepEqual(Object.keys(config), ['name', 'trainable', 'dtype', 'layers', 'build_input_shape', 'randomness']);
    assert.deepEqual(config['build_input_shape'], [null, 3]);
    const layers = config['layers'] as { class_name: string; module: string }[];
    assert.deepEqual(layers.map(({ class_name: name }) => name), ['Dense', 'Dropout']);
    assert.equal(layers[0]!.module, 'keras.layers');
    const again = Sequential.fromConfig(config);
    assert.deepEqual(again.getConfig(), model.getConfig());
    assert.equal(again.countParams(), 16);
  });

  it('keeps an Input in its place', () => {
    const model = new Sequential([Input({ shape: [3], name: 'in' }), new Dense(4)]);
    const config = model.getConfig();
    assert.deepEqual((config['layers'] as { class_name: string }[]).map(({ class_name: name }) => name),
      ['InputLayer', 'Dense']);
    assert.deepEqual(Sequential.fromConfig(config).inputShape, [null, 3]);
  });

  it('remembers the shape that build was given', () => {
    const model = new Sequential([new Dense(4)]);
    assert.equal('build_input_shape' in model.getConfig(), false);
    model.build([null, 6]);
    assert.deepEqual(Sequential.fromConfig(model.getConfig()).inputShape, [null, 6]);
  });

  it('is refused when it is none', () => {
    assert.throws(() => Sequential.fromConfig(undefined as never), /`config` must be an object, as getConfig/);
    assert.throws(() => Sequential.fromConfig({}), /`config.layers` must be an array of serialized layers/);
    assert.throws(() => Sequential.fromConfig({ layers: ['Dense'] }),
      /`config.layers\[0\]` must be an object \{ class_name, config \}/);
    assert.throws(() => Sequential.fromConfig({ layers: [{ class_name: 'Dens', config: {} }] }),
      /did you mean "Dense"/);
    assert.throws(() => Sequential.fromConfig({ layers: [], randomness: { seed: -1 } }), RangeError);
  });
});

describe('summary', () => {
  const lines = (model: Sequential, lineLength = 60): string[] => {
    const printed: string[] = [];
    model.summary({ print: (text) => { printed.push(text); }, lineLength });
    return printed;
  };

  it('is a table of layers with counts of weights', () => {
    const model = new Sequential([
      new Dense(128, { inputShape: [784], name: 'hidden' }), new Dense(10, { name: 'output', trainable: false }),
    ], { name: 'seed' });
    assert.deepEqual(lines(model), [
      'Model: "seed"',
      '┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┓',
      '┃ Layer (type)             ┃ Output Shape   ┃      Param # ┃',
      '┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━┩',
      '│ hidden (Dense)           │ (None, 128)    │      100,480 │',
      '├──────────────────────────┼────────────────┼──────────────┤',
      '│ output (Dense)           │ (None, 10)     │        1,290 │',
      '└──────────────────────────┴────────────────┴──────────────┘',
      ' Total params: 101,770 (397.54 KB)',
      ' Trainable params: 100,480 (392.50 KB)',
      ' Non-trainable params: 1,290 (5.04 KB)',
    ]);
  });

  it('counts what the optimizer keeps once it has been at work', async () => {
    const model = line(1, 1, { optimizer: new SGD({ momentum: 0.5 }) });
    assert.ok(!lines(model).some((text) => text.includes('Optimizer')));
    await model.fit([1], [1], quiet());
    assert.deepEqual(lines(model).slice(-4), [
      ' Total params: 6 (24.00 B)', ' Trainable params: 2 (8.00 B)', ' Non-trainable params: 0 (0.00 B)',
      ' Optimizer params: 4 (16.00 B)',
    ]);
  });

  it('says so when the model is not built', () => {
    assert.ok(lines(new Sequential([new Dense(3)])).some((text) => /│ \?\s+│\s+0 \(unbuilt\) │/.test(text)));
    assert.equal(lines(new Sequential()).length, 7);
  });

  it('breaks what is too long for its column, at the width that was asked for', () => {
    const model = new Sequential([new Dense(3, { inputShape: [2], name: 'a_layer_with_a_very_long_name_indeed' })]);
    for (const lineLength of [40, 60, 120]) {
      const table = lines(model, lineLength).filter((text) => /^[┏┃┡│├└]/.test(text));
      assert.ok(table.every((text) => text.length === lineLength));
      const name = table.filter((text) => text.startsWith('│')).map((text) => text.split('│')[1]!.trim()).join('');
      assert.equal(name.replace(' (', '('), 'a_layer_with_a_very_long_name_indeed(Dense)');
    }
  });

  it('is 88 wide on a terminal that gives its width as 0', () => {
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    Object.defineProperty(process.stdout, 'columns', { value: 0, configurable: true });
    const printed: string[] = [];
    try {
      line(1, 1).summary({ print: (text) => { printed.push(text); } });
    } finally {
      if (before) Object.defineProperty(process.stdout, 'columns', before);
      else delete (process.stdout as { columns?: number }).columns;
    }
    assert.equal(printed[1]!.length, 88);
  });

  it('prints to the console by default', () => {
    const printed: unknown[] = [];
    const { log } = console;
    console.log = (text: unknown) => { printed.push(text); };
    try {
      line(1, 1).summary();
    } finally {
      console.log = log;
    }
    assert.ok(printed.length > 5);
  });
});
