/** What all layers have in common, and a layer of one's own. */
import assert from 'node:assert/strict';
import { setRandomSeed } from '../../lib/random.js';
import * as initializers from '../../lib/initializers/index.js';
import * as quern from '../../lib/index.js';
import * as layers from '../../lib/layers/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { lowerPrediction } from '../../lib/program/lower.js';
import type { Shape } from '../../lib/program/spec.js';
import { buildGraph } from '../reference/chain.js';

const { Activation, Dense, Dropout, Flatten, Input, InputLayer, Layer, Rescaling, Reshape, Softmax } = layers;

/** One of each, no option at its default. */
const examples: Record<string, () => layers.Layer> = {
  InputLayer: () => new InputLayer({ shape: [3, 4], name: 'i' }),
  Dense: () =>
    new Dense(3, {
      name: 'd',
      activation: 'leakyRelu',
      useBias: false,
      trainable: false,
      kernelInitializer: new initializers.VarianceScaling({
        scale: 2,
        mode: 'fanOut',
        distribution: 'untruncatedNormal',
        seed: 3,
      }),
      biasInitializer: new initializers.RandomNormal({ mean: 1, stddev: 2, seed: 4 }),
    }),
  Activation: () => new Activation('gelu', { name: 'a' }),
  Softmax: () => new Softmax({ name: 's' }),
  Flatten: () => new Flatten({ name: 'f' }),
  Reshape: () => new Reshape([2, -1], { name: 'r' }),
  Dropout: () => new Dropout(0.25, { name: 'o', seed: 5 }),
  Rescaling: () => new Rescaling(2, { name: 'c', offset: 3 }),
};

describe('every layer', () => {
  it('has an example here', () => {
    assert.deepEqual(
      [...layers.names].sort(),
      Object.keys(examples)
        .map((name) => layers.serialize(examples[name]!()).class_name)
        .map((name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase())
        .sort(),
    );
  });

  it('is registered, and exported beside the models', () => {
    const classes = Object.entries(layers).filter(([, member]) =>
      typeof member === 'function' && (member as { prototype?: unknown }).prototype instanceof Layer);
    assert.deepEqual(classes.map(([name]) => name).sort(), Object.keys(examples).sort());
    for (const [name, member] of classes) assert.equal(quern[name as 'Dense'], member, `quern has no ${name}`);
  });

  for (const [name, make] of Object.entries(examples)) {
    it(`${name} comes back from its config, which is plain data`, () => {
      const layer = make();
      const config = JSON.parse(JSON.stringify(layer.getConfig()));
      assert.deepEqual(config, layer.getConfig());
      const Class = layer.constructor as typeof Dense;
      const again = Class.fromConfig(config);
      assert.equal(again.constructor, layer.constructor);
      assert.deepEqual(again.getConfig(), config);
    });

    it(`${name} comes back from Keras's form`, () => {
      const layer = make();
      const serialized = layers.serialize(layer);
      assert.deepEqual(
        [serialized.module, serialized.class_name, serialized.registered_name],
        ['keras.layers', name, null],
      );
      assert.deepEqual(layers.deserialize(serialized).getConfig(), layer.getConfig());
      assert.equal(layers.get(layer), layer);
    });
  }

  it('has the common options', () => {
    const layer = new Softmax({ name: 'mine', trainable: false, inputShape: [3, 4] });
    assert.deepEqual([layer.name, layer.trainable, layer.batchInputShape], ['mine', false, [null, 3, 4]]);
    assert.deepEqual(new Softmax({ inputDim: 5 }).batchInputShape, [null, 5]);
    assert.deepEqual(new Softmax({ batchInputShape: [null, 5] }).batchInputShape, [null, 5]);
    assert.deepEqual(new Softmax({ batch_input_shape: [null, 6] } as never).batchInputShape, [null, 6]);
  });

  it('refuses bad common options by name', () => {
    const cases: [object, RegExp][] = [
      [{ name: '' }, /`name`/],
      [{ name: 3 }, /`name`/],
      [{ name: 'a/b' }, /`name`/],
      [{ trainable: 'yes' }, /`trainable`/],
      [{ inputShape: 784 }, /`inputShape` must be an array of sizes/],
      [{ inputShape: [2.5] }, /`inputShape\[0\]`/],
      [{ inputShape: [] }, /`inputShape` must be at least one size/],
      [{ inputShape: [null, 3] }, /`inputShape\[0\]`/],
      [{ batchInputShape: [32, 3] }, /`batchInputShape` must start with null/],
      [{ inputDim: 0 }, /`inputDim`/],
      [{ inputShape: [3], inputDim: 3 }, /only one of/],
      [{ dtype: 'float16' }, /`dtype` must be 'float32'/],
      [{ inputShape: [3], input_shape: [4] }, /both `inputShape` and `input_shape`/],
    ];
    for (const [options, message] of cases) assert.throws(() => new Softmax(options as never), message, `${message}`);
  });

  it('is named after its class, counting from the second one on', () => {
    class Unheard extends Softmax {
      static override readonly className = 'UnheardOf';
    }
    assert.deepEqual([new Unheard().name, new Unheard().name], ['unheard_of', 'unheard_of_1']);
  });

  it('refuses a config that is none by name', () => {
    for (const Class of [Activation, Dense, Dropout, Flatten, InputLayer, Rescaling, Reshape, Softmax]) {
      for (const config of [undefined, null, 'dense', [3]]) {
        assert.throws(() => Class.fromConfig(config as never),
          { name: 'TypeError', message: /^`config` must be an object, as getConfig returns it, received / });
      }
    }
    assert.throws(() => layers.get({ class_name: 'Dense', config: 'x' }), /`layer.config` must be an object/);
  });

  it('may leave a mode of quantization off', () => {
    assert.equal(Dense.fromConfig({ units: 3, quantization_mode: null }).units, 3);
    assert.throws(() => Dense.fromConfig({ units: 3, quantization_mode: 'int8' }), /`quantizationMode` yet/);
  });

  it('that needs no argument can be had by name', () => {
    assert.ok(layers.get('flatten') instanceof Flatten);
    assert.ok(layers.get('Softmax') instanceof Softmax);
  });

  it('refuses an unknown class with the nearest', () => {
    assert.throws(() => layers.get({ class_name: 'Dens', config: {} }), /did you mean "Dense"/);
    assert.throws(() => layers.get(7 as never), /`layer` must be a layer/);
  });
});

describe('weights of a layer', () => {
  const built = () => {
    const layer = new Dense(2);
    layer.build([null, 3]);
    return layer;
  };

  it('go in and out in order', () => {
    const layer = built();
    layer.setWeights([
      { data: [1, 2, 3, 4, 5, 6], shape: [3, 2] },
      { data: [7, 8], shape: [2] },
    ]);
    assert.deepEqual(
      layer.getWeights().map(({ data, shape }) => [[...data], shape]),
      [
        [
          [1, 2, 3, 4, 5, 6],
          [3, 2],
        ],
        [[7, 8], [2]],
      ],
    );
  });

  it('are left alone when one array does not fit', () => {
    const layer = built();
    const before = layer.getWeights().map(({ data }) => [...data]);
    const kernel = { data: [1, 2, 3, 4, 5, 6], shape: [3, 2] };
    assert.throws(
      () => layer.setWeights([kernel, { data: [7, 8, 9], shape: [3] }]),
      /`weights\[1\]` must be of shape \[2\] \(.*bias\), received shape \[3\]/,
    );
    assert.throws(() => layer.setWeights([kernel]), /`weights` must be 2 arrays, one for each weight, received 1/);
    assert.throws(() => layer.setWeights(5 as never), /`weights`/);
    assert.throws(
      () => layer.setWeights([kernel, { data: [1], shape: [2] }]),
      /`weights\[1\]` must hold the 2 elements of its shape/,
    );
    assert.deepEqual(
      layer.getWeights().map(({ data }) => [...data]),
      before,
    );
  });

  it('follow `trainable`', () => {
    const layer = built();
    assert.equal(layer.trainableWeights.length, 2);
    layer.trainable = false;
    assert.deepEqual([layer.trainableWeights.length, layer.nonTrainableWeights.length], [0, 2]);
  });

  it('that are never trained stay so', () => {
    class Counter extends Layer {
      static override readonly className = 'Counter';
      override build(inputShape: Shape): void {
        this.addWeight('count', [1], initializers.get('zeros'), false);
        super.build(inputShape);
      }
      override lower(_: ProgramBuilder, x: Value): Value {
        return x;
      }
    }
    const layer = new Counter();
    layer.build([null, 1]);
    layer.trainable = true;
    assert.equal(layer.trainableWeights.length, 0);
  });

  it('are the same for the same seed', () => {
    const kernel = () => {
      setRandomSeed(11);
      return built().kernel!.read();
    };
    assert.deepEqual(kernel(), kernel());
    assert.notDeepEqual(built().kernel!.read(), built().kernel!.read());
  });
});

describe("a layer of one's own", () => {
  class Scale extends Layer {
    static override readonly className = 'Scale';
    override build(inputShape: Shape): void {
      this.addWeight('factor', [inputShape.at(-1)!], initializers.get('ones'));
      super.build(inputShape);
    }
    override lower(builder: ProgramBuilder, x: Value): Value {
      return builder.multiply(x, builder.parameter(this.weights[0]!));
    }
  }

  it('is lowered like any other, and found by its name once it is registered', () => {
    const { spec } = lowerPrediction(buildGraph([new Dense(3), new Scale()], [2]), { name: 'm', maxRows: 1 });
    assert.deepEqual(
      spec.forward.map(({ op }) => op),
      ['gemm', 'combine'],
    );
    assert.deepEqual(layers.serialize(new Scale({ name: 's' })).registered_name, 'Scale');
    const again = Scale.fromConfig(new Scale({ name: 's', trainable: false }).getConfig());
    assert.deepEqual([again.name, again.trainable], ['s', false]);
    assert.throws(() => new Scale({ factor: 2 } as never), /Scale has no option `factor`/);
    const forget = layers.register(Scale);
    assert.ok(layers.get({ class_name: 'Scale', config: { name: 't' } }) instanceof Scale);
    forget();
    assert.throws(() => layers.get({ class_name: 'Scale', config: {} }), /`layer.class_name` is unknown/);
  });
});

describe('Input', () => {
  it('stands for rows of a shape', () => {
    const input = Input({ shape: [28, 28], name: 'image' });
    assert.deepEqual(
      [input.shape, input.name, input.dtype, input.layer instanceof InputLayer],
      [[null, 28, 28], 'image', 'float32', true],
    );
    assert.deepEqual(Input({ batchShape: [null, 5] }).shape, [null, 5]);
  });

  it("reads Keras's config", () => {
    const config = { batch_shape: [null, 784], dtype: 'float32', sparse: false, ragged: false, name: 'input_layer' };
    assert.deepEqual(layers.get({ class_name: 'InputLayer', config }).getConfig(), config);
  });

  it("reads Keras 2's config", () => {
    const config = { batch_input_shape: [null, 784], dtype: 'float32', sparse: false, ragged: false, name: 'x' };
    assert.deepEqual(layers.get({ class_name: 'InputLayer', config }).getConfig()['batch_shape'], [null, 784]);
  });

  it('refuses what is no shape', () => {
    assert.throws(() => Input({} as never), /`shape`/);
    assert.throws(() => Input({ shape: [0] }), /`shape\[0\]`/);
    assert.throws(() => Input({ shape: 3 } as never), /`shape`/);
    assert.throws(() => Input({ shape: [3], sparse: true } as never), /does not support the option `sparse` yet/);
    assert.throws(() => Input({ shape: [3], batchShape: [null, 3] } as never), /`shape`/);
  });
});
