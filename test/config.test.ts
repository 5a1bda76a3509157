import assert from 'node:assert/strict';
import { autoName, checkName, readOptions, toCamelCase, toSnakeCase } from '../lib/config.js';
import { drawSeed, RandomSequence, setRandomSeed, uniformValues } from '../lib/random.js';

describe('names of options', () => {
  it('go between snake_case and camelCase', () => {
    for (const [snake, camel] of [
      ['learning_rate', 'learningRate'],
      ['beta_1', 'beta1'],
      ['axis', 'axis'],
      ['kernel_initializer', 'kernelInitializer'],
    ]) {
      assert.equal(toCamelCase(snake!), camel);
    }
    for (const [name, snake] of [
      ['GlorotUniform', 'glorot_uniform'],
      ['SGD', 'sgd'],
      ['MeanSquaredError', 'mean_squared_error'],
      ['leakyRelu', 'leaky_relu'],
      ['InputLayer', 'input_layer'],
    ]) {
      assert.equal(toSnakeCase(name!), snake);
    }
  });

  it('are read in either, once', () => {
    assert.deepEqual(readOptions('it', { learning_rate: 1, useBias: null }, ['learningRate', 'useBias']), {
      learningRate: 1,
      useBias: null,
    });
    assert.throws(
      () => readOptions('it', { learning_rate: 1, learningRate: 2 }, ['learningRate']),
      /both `learningRate` and `learning_rate`/,
    );
    assert.deepEqual(readOptions('it', { name: undefined }, ['name']), {});
  });

  it('that are not supported yet may only be off', () => {
    const notYet = { useEma: false, clipnorm: null };
    assert.deepEqual(readOptions('it', { use_ema: false, clipnorm: null }, [], notYet), {});
    assert.throws(() => readOptions('it', { useEma: true }, [], notYet), /it does not support the option `useEma` yet/);
    assert.throws(
      () => readOptions('it', { useEna: true }, ['useEda'], notYet),
      /it has no option `useEna`; did you mean `useEda`/,
    );
    for (const bad of [null, 3, 'x', []]) assert.throws(() => readOptions('it', bad as never, []), /`options`/);
  });
});

describe('names of objects', () => {
  it('count up', () => {
    assert.deepEqual(
      [autoName('NeverUsed'), autoName('NeverUsed'), autoName('NeverUsed')],
      ['never_used', 'never_used_1', 'never_used_2'],
    );
    assert.equal(checkName('given', 'NeverUsed'), 'given');
  });
});

describe('random numbers', () => {
  it('seeds are safe integers that do not repeat', () => {
    setRandomSeed(1);
    const seeds = Array.from({ length: 100 }, drawSeed);
    assert.ok(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0));
    assert.equal(new Set(seeds).size, 100);
  });

  it('a sequence goes on across blocks, and again from its start', () => {
    const draw = () => {
      const sequence = new RandomSequence(9);
      return Array.from({ length: 5000 }, () => sequence.word());
    };
    const words = draw();
    assert.deepEqual(draw(), words);
    assert.ok(new Set(words).size > 4990);
    const sequence = new RandomSequence(9);
    const uniform = Array.from({ length: 1000 }, () => sequence.uniform());
    assert.ok(uniform.every((value) => value >= 0 && value < 1));
  });

  it('uniform values are those of a new sequence', () => {
    for (const length of [0, 1, 5000]) {
      const sequence = new RandomSequence(9);
      const expected = Float32Array.from({ length }, () => -3 + 5 * sequence.uniform());
      assert.deepEqual(uniformValues(9, length, -3, 5), expected);
    }
  });
});
