/** Inference with onnxruntime-node: the model that quern has trained, from its ONNX file. */
import { createRequire } from 'node:module';
import { sample } from '../../sample.js';
import { accuracyOf, answer, loadData, seconds } from '../contender.js';
import type { Inference, Work } from '../work.js';

// The package is not among the project's own, so its types are not there when it is checked.
const require = createRequire(import.meta.url);
const { InferenceSession, Tensor, env } = require('onnxruntime-node');

async function infer(work: Work): Promise<Inference> {
  const { xTest, testLabels } = await loadData(work);
  const session = await InferenceSession.create(work.onnx);
  const inputOf = (rows: number) => {
    const { data, shape } = xTest.slice(0, rows);
    return { x: new Tensor('float32', data, shape) };
  };
  const { probabilities } = await session.run(inputOf(xTest.shape[0]!));
  const testAccuracy = accuracyOf(probabilities.data, testLabels);
  const setup = seconds();
  const batches: Record<string, number[]> = {};
  for (const rows of work.batches) {
    const input = inputOf(rows);
    batches[rows] = await sample(() => session.run(input), 1);
  }
  return { version: env.versions.node, setup, batches, testAccuracy };
}

await answer(infer);
