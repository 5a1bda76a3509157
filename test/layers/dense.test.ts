import assert from 'node:assert/strict';
import * as initializers from '../../lib/initializers/index.js';
import { Dense } from '../../lib/layers/index.js';

describe('Dense', () => {
  it('has a kernel (inputs, units) and a bias (units), named as in Keras', () => {
    const dense = new Dense(3, { name: 'd' });
    dense.build([null, 4, 5]);
    assert.deepEqual(
      dense.weights.map(({ path, shape }) => [path, shape]),
      [
        ['d/kernel', [5, 3]],
        ['d/bias', [3]],
      ],
    );
    assert.equal(dense.countParams(), 18);
    assert.deepEqual(dense.computeOutputShape([null, 4, 5]), [null, 4, 3]);
    assert.equal(
      dense.kernel?.read().some((value) => value !== 0),
      true,
    );
    assert.deepEqual([...dense.bias!.read()], [0, 0, 0]);
  });

  it('has no bias with useBias false', () => {
    const dense = new Dense(3, { useBias: false });
    dense.build([null, 5]);
    assert.deepEqual(
      dense.weights.map(({ name }) => name),
      ['kernel'],
    );
    assert.equal(dense.bias, undefined);
  });

  it('takes initializers by name, instance and config', () => {
    const ones = new Dense(2, {
      kernelInitializer: 'ones',
      biasInitializer: new initializers.Constant({ value: 0.5 }),
    });
    ones.build([null, 2]);
    assert.deepEqual(
      ones.getWeights().map(({ data }) => [...data]),
      [
        [1, 1, 1, 1],
        [0.5, 0.5],
      ],
    );
    const identity = new Dense(2, { kernelInitializer: { class_name: 'Identity', config: { gain: 3 } } });
    identity.build([null, 2]);
    assert.deepEqual([...identity.kernel!.read()], [3, 0, 0, 3]);
  });

  it("writes Keras's config, with all defaults", () => {
    assert.deepEqual(new Dense(7, { name: 'd' }).getConfig(), {
      name: 'd',
      trainable: true,
      dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
      units: 7,
      activation: 'linear',
      use_bias: true,
      kernel_initializer: {
        module: 'keras.initializers',
        class_name: 'GlorotUniform',
        config: { seed: null },
        registered_name: null,
      },
      bias_initializer: { module: 'keras.initializers', class_name: 'Zeros', config: {}, registered_name: null },
      kernel_regularizer: null,
      bias_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
      quantization_config: null,
    });
  });

  it('refuses bad arguments by name', () => {
    const cases: [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [() => new Dense(2.5), RangeError, /`units` must be a positive integer, received 2\.5/],
      [() => new Dense(0), RangeError, /`units`/],
      [() => new Dense('3' as never), TypeError, /`units` must be a positive integer, received "3"/],
      [() => new Dense(undefined as never), TypeError, /`units`/],
      [
        () => new Dense(3, { activation: 'rellu' as never }),
        TypeError,
        /`activation` is unknown: "rellu"; did you mean "relu"/,
      ],
      [() => new Dense(3, { useBias: 1 as never }), TypeError, /`useBias` must be true or false/],
      [() => new Dense(3, { kernelInitializer: 'glorot' as never }), TypeError, /`kernelInitializer` is unknown/],
      [
        () => new Dense(3, { activaton: 'relu' } as never),
        TypeError,
        /Dense has no option `activaton`; did you mean `activation`/,
      ],
      [
        () => new Dense(3, { kernelRegularizer: 'l2' } as never),
        TypeError,
        /Dense does not support the option `kernelRegularizer` yet/,
      ],
      [() => new Dense(3, { bias_constraint: 'non_neg' } as never), TypeError, /`biasConstraint` yet/],
      [() => new Dense(3, { loraRank: 4 } as never), TypeError, /`loraRank` yet/],
      [() => new Dense(3, { quantizationConfig: {} } as never), TypeError, /`quantizationConfig` yet/],
      [() => new Dense(3, { activityRegularizer: 'l1' } as never), TypeError, /`activityRegularizer` yet/],
      [() => new Dense(3, 'relu' as never), TypeError, /options/],
      [() => new Dense(3).build([null]), RangeError, /inputShape/],
    ];
    for (const [make, type, message] of cases) {
      assert.throws(make, (error: Error) => error instanceof type && message.test(error.message), `${message}`);
    }
  });

  it('refuses inputs of another length than it was built for', () => {
    const dense = new Dense(3, { name: 'd' });
    dense.build([null, 5]);
    assert.throws(
      () => dense.computeOutputShape([null, 4]),
      /input of layer "d"` must be of 5 values in the last axis/,
    );
  });

  it('accepts snake_case, and null where Keras writes it', () => {
    const dense = new Dense(3, { use_bias: false, kernel_regularizer: null, activation: null } as never);
    assert.equal(dense.useBias, false);
    assert.equal(dense.activation.name, 'linear');
  });
});
