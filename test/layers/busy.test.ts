/** Weights and optimizer state cannot be written past the model while a fit runs on it. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Dense, ModelBusyError, Sequential, SGD } from '../../lib/index.js';

describe('writing while a fit runs', () => {
  it('throws a ModelBusyError from layers and optimizers', async () => {
    const layer = new Dense(64, { inputShape: [256] });
    const sgd = new SGD({ learningRate: 0, momentum: 0.5 });
    const model = new Sequential([layer]);
    model.compile({ optimizer: sgd, loss: 'mse' });
    const rows = 512;
    const [x, y] = [new Float32Array(rows * 256), new Float32Array(rows * 64)];
    const abort = new AbortController();
    const fitted = model
      .fit(x, y, { epochs: 100_000, verbose: 0, signal: abort.signal })
      .catch((error: Error) => error);
    const refused = async (write: () => void) => {
      // Between two epochs nothing runs for a moment, and what is written then is what is there already.
      for (;;) {
        try {
          write();
        } catch (error) {
          return error;
        }
        await setImmediate();
      }
    };
    const weights = layer.getWeights();
    const state = sgd.getWeights();
    assert.ok((await refused(() => layer.setWeights(weights))) instanceof ModelBusyError);
    assert.ok((await refused(() => sgd.setWeights(state))) instanceof ModelBusyError);
    abort.abort();
    await fitted;
    layer.setWeights(weights);
  });
});
