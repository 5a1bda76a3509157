/** What the compiler must refuse and accept: checked by `npm run typecheck`; here the accepted calls are run. */
import assert from 'node:assert/strict';
import {
  Dense, Input, layers, losses, metrics, type CallbackHooks, type Config, type FitOptions, type InputOptions,
  type LayerOptions, type SerializedObject,
} from '../lib/index.js';

describe('types', () => {
  it('refuse what is refused at run time', () => {
    // @ts-expect-error: only float32
    assert.throws(() => Input({ shape: [4], dtype: 'int32' }));
    // @ts-expect-error: only float32
    assert.throws(() => new Dense(3, { dtype: 'float16' }));
    // @ts-expect-error: only float32
    assert.throws(() => new metrics.MeanSquaredError({ dtype: 'float64' }));
    // @ts-expect-error: one of shape and batchShape
    assert.throws(() => Input({}));
    // @ts-expect-error: not both
    assert.throws(() => Input({ shape: [4], batchShape: [null, 4] }));
    // @ts-expect-error: Dense needs its units
    assert.throws(() => layers.get('dense'));
  });

  it('accept what is accepted', () => {
    const input: InputOptions = { batchShape: [null, 4], dtype: 'float32' };
    const common: LayerOptions = { dtype: { class_name: 'DTypePolicy', config: { name: 'float32' } } };
    const config: Config = new Dense(3, common).getConfig();
    const serialized: SerializedObject = { class_name: 'Dense', config };
    const hooks: CallbackHooks = { async setModel() {}, async setParams() {} };
    const options: FitOptions[] = [{ callbacks: hooks }, { callbacks: [hooks] }];
    assert.deepEqual(Input(input).shape, [null, 4]);
    assert.equal(layers.get(serialized).name, config['name']);
    assert.equal(layers.get('flatten').countParams, layers.Layer.prototype.countParams);
    assert.equal(losses.get({ class_name: 'function', config: 'mse' }).name, 'mean_squared_error');
    assert.equal(options.length, 2);
  });
});
