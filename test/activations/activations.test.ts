import assert from 'node:assert/strict';
import * as activations from '../../lib/activations.js';
import { Activation, Dense } from '../../lib/layers/index.js';
import { ProgramBuilder, type Value } from '../../lib/program/builder.js';

describe('activations by name', () => {
  it('have one object each, in snake_case and camelCase', () => {
    assert.deepEqual(
      [...activations.names],
      [
        'linear',
        'relu',
        'sigmoid',
        'tanh',
        'softmax',
        'elu',
        'selu',
        'leaky_relu',
        'gelu',
        'silu',
        'softplus',
        'exponential',
        'swish',
      ],
    );
    assert.equal(activations.get('leakyRelu'), activations.leakyRelu);
    assert.equal(activations.get('leaky_relu'), activations.leakyRelu);
    assert.equal(activations.get('swish'), activations.silu);
    assert.equal(activations.get(activations.relu), activations.relu);
    assert.equal(activations.get(null), activations.linear);
    assert.equal(activations.get(undefined), activations.linear);
  });

  it("are written by Keras's name, and come back from it", () => {
    for (const name of activations.names) {
      const activation = activations.get(name as 'relu');
      assert.equal(activations.get(activations.serialize(activation) as 'relu'), activation);
    }
    assert.equal(activations.get({ class_name: 'function', config: 'relu' }), activations.relu);
    assert.equal(activations.get({ class_name: 'relu', config: {} }), activations.relu);
    assert.throws(
      () => activations.get({ class_name: 'LeakyReLU', config: {} }),
      /\("LeakyReLU"\) is not supported yet/,
    );
    assert.throws(() => activations.get({ class_name: 'elu', config: { alpha: 2 } }), /without options/);
  });

  it('are refused when unknown', () => {
    assert.throws(
      () => activations.get('sigmiod' as never),
      /`activation` is unknown: "sigmiod"; did you mean "sigmoid"/,
    );
    assert.throws(() => activations.get(5 as never), /`activation` must be an activation/);
    assert.throws(() => activations.get(Math.tanh as never), TypeError);
  });
});

describe('what activations are lowered to', () => {
  const lower = (activation: activations.Activation) => {
    const builder = new ProgramBuilder({ mode: 'prediction' });
    const y = activation.lower(builder, builder.input('x', [null, 3]));
    return { y, code: builder.finish().forward };
  };

  it("Keras's slopes", () => {
    const alphas = { elu: 1, leakyRelu: 0.2 } as const;
    for (const [name, alpha] of Object.entries(alphas)) {
      const [code] = lower(activations.get(name as 'elu')).code;
      assert.equal(code?.op === 'pointwise' && code.alpha, alpha);
    }
  });

  it('linear is nothing, and softmax and sigmoid remember their logits', () => {
    assert.deepEqual(lower(activations.linear).code, []);
    for (const name of ['softmax', 'sigmoid'] as const) {
      const { logits } = lower(activations.get(name)).y;
      assert.deepEqual([logits?.kind, logits?.value.id], [name, 0]);
    }
    assert.equal(lower(activations.tanh).y.logits, undefined);
  });
});

describe("an activation of one's own", () => {
  const squareplus: activations.Activation = {
    name: 'half_squareplus',
    lower: (builder: ProgramBuilder, x: Value) =>
      builder.pointwise('sqrt', builder.affine(builder.pointwise('square', x), 1, 4)),
  };

  it('is an object with a name and `lower`', () => {
    assert.equal(new Dense(2, { activation: squareplus }).activation, squareplus);
    assert.equal(new Activation(squareplus).getConfig()['activation'], 'half_squareplus');
  });
});
