/** The seed model in TensorFlow.js on its wasm backend. In Node that backend has SIMD and no threads. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { accuracyOf, answer, loadData, seconds } from '../contender.js';
import type { Training, Work } from '../work.js';

// The packages are not among the project's own, so their types are not there when it is checked.
const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const layers = require('@tensorflow/tfjs-layers');
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');

async function train(work: Work): Promise<Training> {
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  if (!await tf.setBackend('wasm')) throw new Error('tfjs has no wasm backend here');
  const { x, y, xTest, testLabels } = await loadData(work);
  const [xs, ys] = [x, y].map(({ data, shape }) => tf.tensor2d(data, shape));
  const [inputs, ...units] = work.sizes;
  const model = layers.sequential({ layers: units.map((width, layer) => layers.layers.dense({
    units: width, activation: layer < units.length - 1 ? 'relu' : 'softmax',
    ...(layer === 0 ? { inputShape: [inputs] } : {}),
  })) });
  model.compile({ optimizer: tf.train.momentum(work.learningRate, work.momentum, true),
    loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const ends: number[] = [];
  const history: Training['history'] = [];
  for (let epoch = 0; epoch <= work.epochs; epoch++) {
    const steps = Math.ceil(x.shape[0]! / work.batchSize);
    // Its optimizers take a new rate between fits alone, so the decay comes once an epoch: 5 in 10,000 of the rate.
    model.optimizer.learningRate = work.learningRate / (1 + work.decay * epoch * steps);
    const { history: { loss, acc } } = await model.fit(xs, ys, { batchSize: work.batchSize, epochs: 1, verbose: 0,
      yieldEvery: 'never' });
    ends.push(seconds());
    history.push({ loss: loss[0], accuracy: acc[0] });
  }
  const testAccuracy = accuracyOf(await model.predict(tf.tensor2d(xTest.data, xTest.shape)).data(), testLabels);
  return { version: tf.version_core, setup: ends[0]!, epochs: ends.slice(1).map((end, i) => end - ends[i]!), history,
    testAccuracy };
}

await answer(train);
