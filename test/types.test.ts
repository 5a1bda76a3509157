/** What the compiler must refuse and accept: checked by `npm run typecheck`; here the accepted calls are run. */
import assert from 'node:assert/strict';
import {
  Dense, Input, layers, losses, metrics, Sequential, type CallbackHooks, type Config, type CsrMatrix, type FitOptions,
  type InputData, type InputOptions, type LayerOptions, type SerializedObject,
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

  it('let only inputs be sparse', () => {
    const model = new Sequential([new Dense(1, { inputShape: [2] })]);
    const x: CsrMatrix = { indptr: [0, 1], indices: [1], values: [3], shape: [1, 2] };
    const data: InputData[] = [x, { ...x, indptr: Int32Array.of(0, 1), indices: BigInt64Array.of(1n), values: [true] }];
    const options: FitOptions = { validationData: [x, [1]] };
    for (const each of data) assert.equal(model.predictSync(each).size, 1);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    // @ts-expect-error: targets are dense
    return assert.rejects(model.fit(x, x, options), TypeError);
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
