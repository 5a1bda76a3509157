import assert from 'node:assert/strict';
import { initializers, losses } from '../lib/index.js';
import { nearest } from '../lib/nearest.js';

describe('names that may have been meant', () => {
  const crossentropies = ['binary_crossentropy', 'categorical_crossentropy', 'sparse_categorical_crossentropy'];
  const cases: [string, readonly string[], string[]][] = [
    ['glorot', initializers.names, ['glorot_normal', 'glorot_uniform']],
    ['he', initializers.names, ['he_normal', 'he_uniform']],
    ['leaky', ['relu', 'leaky_relu', 'elu'], ['leaky_relu']],
    ['leak', ['relu', 'leaky_relu', 'elu'], ['leaky_relu']],
    ['crossentropy', losses.names, crossentropies],
    ['cross_entropy', losses.names, crossentropies],
    ['sparse_crossentropy', losses.names, ['sparse_categorical_crossentropy', 'binary_crossentropy']],
    ['uniform_random', initializers.names, ['random_uniform']],
    ['rleu', ['relu', 'leaky_relu', 'elu'], ['relu']],
    ['batchsize', ['batchSize', 'validationBatchSize'], ['batchSize', 'validationBatchSize']],
    ['initializer', ['useBias', 'kernelInitializer', 'biasInitializer'], ['biasInitializer', 'kernelInitializer']],
    ['quux', losses.names, []],
    ['', losses.names, []],
  ];
  for (const [name, known, expected] of cases) {
    it(`"${name}": ${expected.join(', ') || 'none'}`, () => assert.deepEqual(nearest(name, known), expected));
  }

  it('share a word where nothing is nearer', () => {
    assert.ok(nearest('xavier_uniform', initializers.names).includes('glorot_uniform'));
  });
});
