/** Inference of the seed model with `predictSync`, by batch size. */
import { cpu } from '../../lib/kernels.js';
import { BaselineClassifier } from '../baseline.js';
import { hyper, inferenceFlops, seedModel, sizes, trainingSet } from '../seed-model.js';
import { sample, type Case, type Contender, type Suite } from '../suite.js';

const batches = [1, 16, 128, 1024] as const;

const cases: readonly Case[] = batches.map((batch) =>
  ({ name: `batch ${batch}`, flops: batch * inferenceFlops, bytes: 0, samples: batch }));

const quern: Contender = {
  name: 'quern',
  get peak() { return { isa: cpu().isa, threads: cpu().threads }; },
  async measure() {
    const { x } = await trainingSet();
    const model = seedModel();
    const result: Record<string, number[]> = {};
    for (const batch of batches) {
      const input = x.slice(0, batch);
      const out = new Float32Array(batch * 10);
      result[`batch ${batch}`] = await sample(() => model.predictSync(input, { out }));
    }
    return result;
  },
};

const baseline: Contender = {
  name: 'TypeScript',
  async measure() {
    const { x } = await trainingSet();
    const weights = seedModel().getWeights().map(({ data }) => data as Float32Array);
    const classifier = new BaselineClassifier(sizes, weights, Math.max(...batches), hyper);
    const result: Record<string, number[]> = {};
    for (const batch of batches) {
      const input = x.slice(0, batch).data as Float32Array;
      result[`batch ${batch}`] = await sample(() => classifier.predict(input, batch));
    }
    return result;
  },
};

export const inferSuite: Suite = {
  name: 'infer',
  about: 'predictSync of the seed model, batches of 1, 16, 128 and 1024 rows',
  cases,
  contenders: () => [quern, baseline],
};
