import assert from 'node:assert/strict';
import * as losses from '../../lib/losses/index.js';
import { Dense } from '../../lib/layers/index.js';
import { SGD } from '../../lib/optimizers/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { Interpreter } from '../reference/interpreter.js';
import { buildChain, referenceParameters } from '../reference/chain.js';

describe('losses by name', () => {
  const names: [string, new (...args: never[]) => losses.Loss][] = [
    ['mean_squared_error', losses.MeanSquaredError],
    ['meanSquaredError', losses.MeanSquaredError],
    ['mse', losses.MeanSquaredError],
    ['MSE', losses.MeanSquaredError],
    ['mean_absolute_error', losses.MeanAbsoluteError],
    ['mae', losses.MeanAbsoluteError],
    ['categorical_crossentropy', losses.CategoricalCrossentropy],
    ['categoricalCrossentropy', losses.CategoricalCrossentropy],
    ['CategoricalCrossentropy', losses.CategoricalCrossentropy],
    ['sparse_categorical_crossentropy', losses.SparseCategoricalCrossentropy],
    ['sparseCategoricalCrossentropy', losses.SparseCategoricalCrossentropy],
    ['binary_crossentropy', losses.BinaryCrossentropy],
    ['bce', losses.BinaryCrossentropy],
  ];
  for (const [name, type] of names) {
    it(name, () => assert.equal(losses.get(name as 'mse').constructor, type));
  }

  it("a name may come in the form in which Keras writes functions", () => {
    const keras = { module: 'builtins', class_name: 'function', config: 'categorical_crossentropy' };
    assert.ok(losses.get(keras) instanceof losses.CategoricalCrossentropy);
    assert.ok(losses.get({ class_name: 'bce', config: { from_logits: true } }) instanceof losses.BinaryCrossentropy);
    assert.throws(() => losses.get({ class_name: 'function', config: {} }), /`loss.class_name` is unknown: "function"/);
  });

  it('an unknown name is refused with the nearest', () => {
    assert.throws(
      () => losses.get('categorical_crosentropy' as never),
      (error: Error) =>
        error instanceof TypeError &&
        /`loss` is unknown: "categorical_crosentropy"; did you mean "categorical_crossentropy"/.test(error.message),
    );
  });

  it('a JavaScript function is refused with a sentence that points to the extension', () => {
    assert.throws(
      () => losses.get((() => 0) as never),
      /extend losses\.Loss and say in lower\(builder, target, prediction\)/,
    );
  });

  it('anything else is refused', () => {
    for (const bad of [undefined, null, 5, {}, []]) assert.throws(() => losses.get(bad as never), TypeError);
  });
});

describe('configs of losses', () => {
  const examples = [
    [new losses.MeanSquaredError(), { name: 'mean_squared_error', reduction: 'sum_over_batch_size' }],
    [new losses.MeanAbsoluteError({ name: 'm', reduction: 'sum' }), { name: 'm', reduction: 'sum' }],
    [
      new losses.CategoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1, reduction: 'meanWithSampleWeight' }),
      {
        name: 'categorical_crossentropy',
        reduction: 'mean_with_sample_weight',
        from_logits: true,
        label_smoothing: 0.1,
        axis: -1,
      },
    ],
    [
      new losses.SparseCategoricalCrossentropy({ reduction: 'mean' }),
      { name: 'sparse_categorical_crossentropy', reduction: 'mean', from_logits: false, ignore_class: null, axis: -1 },
    ],
    [
      new losses.BinaryCrossentropy({ labelSmoothing: 0.2, reduction: null }),
      { name: 'binary_crossentropy', reduction: 'none', from_logits: false, label_smoothing: 0.2, axis: -1 },
    ],
  ] as const;
  for (const [loss, config] of examples) {
    it(`${loss.name}: Keras's keys, and back`, () => {
      assert.deepEqual(loss.getConfig(), config);
      const Class = loss.constructor as typeof losses.MeanSquaredError;
      assert.deepEqual(Class.fromConfig(config).getConfig(), config);
      const serialized = losses.serialize(loss);
      assert.deepEqual(serialized, {
        module: 'keras.losses',
        class_name: Class.className,
        config,
        registered_name: null,
      });
      assert.deepEqual(losses.deserialize(serialized).getConfig(), config);
    });
  }
});

describe('arguments of losses', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['labelSmoothing above 1', () => new losses.CategoricalCrossentropy({ labelSmoothing: 1.5 }), /`labelSmoothing`/],
    ['labelSmoothing below 0', () => new losses.BinaryCrossentropy({ labelSmoothing: -0.1 }), /`labelSmoothing`/],
    ['fromLogits 1', () => new losses.CategoricalCrossentropy({ fromLogits: 1 as never }), /`fromLogits`/],
    [
      'an unknown reduction',
      () => new losses.MeanSquaredError({ reduction: 'men' as never }),
      /`reduction` is unknown: "men"; did you mean "mean"/,
    ],
    ['a reduction that is no string', () => new losses.MeanSquaredError({ reduction: 3 as never }), /`reduction`/],
    ['an empty name', () => new losses.MeanSquaredError({ name: '' }), /`name`/],
    [
      'an unknown option',
      () => new losses.MeanSquaredError({ fromLogits: true } as never),
      /MeanSquaredError has no option `fromLogits`/,
    ],
    ['ignoreClass', () => new losses.SparseCategoricalCrossentropy({ ignoreClass: 3 } as never), /`ignoreClass` yet/],
    [
      'smoothing of integers',
      () => new losses.SparseCategoricalCrossentropy({ labelSmoothing: 0.1 } as never),
      /no option `labelSmoothing`/,
    ],
    ['another axis', () => new losses.CategoricalCrossentropy({ axis: 1 }), /`axis`/],
  ];
  for (const [what, make, message] of cases) it(`${what} is refused by name`, () => assert.throws(make, message));
});

describe("a loss of one's own", () => {
  class Huber extends losses.Loss {
    static override readonly className = 'Huber';
    override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
      const error = builder.pointwise('abs', builder.subtract(prediction, target));
      const inside = builder.pointwise('relu', builder.affine(error, -1, 1));
      const beyond = builder.pointwise('relu', builder.affine(error, 1, -1));
      const bounded = builder.affine(inside, -1, 1);
      const square = builder.affine(builder.pointwise('square', bounded), 0.5, 0);
      return builder.mean(builder.add(square, beyond));
    }
  }

  /** Loss and gradient of the kernel, one weight per column of the target, by the formulas. */
  it('has the value and the gradient of its formula', () => {
    const chain = buildChain({
      layers: [new Dense(3)],
      inputShape: [2],
      loss: new Huber(),
      optimizer: new SGD(),
      rows: 5,
    });
    chain.values[0]!.forEach((_, i, values) => {
      values[i]! *= 3;
    });
    const interpreter = new Interpreter(chain.lowered.spec, referenceParameters(chain));
    const [total, count] = interpreter.run(chain.span);
    const [x, y] = [chain.span.inputs[0]!.data, chain.span.targets[0]!.data];
    const [kernel, bias] = chain.values as [Float32Array, Float32Array];
    let loss = 0;
    const gradient = new Float64Array(6);
    let beyond = 0;
    for (let row = 0; row < 5; row++) {
      for (let j = 0; j < 3; j++) {
        const error = x[row * 2]! * kernel[j]! + x[row * 2 + 1]! * kernel[3 + j]! + bias[j]! - y[row * 3 + j]!;
        const size = Math.abs(error);
        beyond += Number(size > 1);
        loss += (size > 1 ? size - 0.5 : (error * error) / 2) / 15;
        for (let i = 0; i < 2; i++) gradient[i * 3 + j]! += (Math.max(-1, Math.min(1, error)) * x[row * 2 + i]!) / 15;
      }
    }
    assert.ok(beyond > 0 && beyond < 15, 'both branches are tried');
    assert.ok(Math.abs(total! / count! - loss) < 1e-12, `${total! / count!} is not ${loss}`);
    gradient.forEach((value, i) => assert.ok(Math.abs(interpreter.gradients[i]! - value) < 1e-12));
  });

  it('is found by its name once it is registered', () => {
    const forget = losses.register(Huber, 'huber_loss');
    assert.ok(losses.get('huber' as never) instanceof Huber);
    assert.ok(losses.get('huberLoss' as never) instanceof Huber);
    forget();
    assert.throws(() => losses.get('huber' as never), TypeError);
  });
});
