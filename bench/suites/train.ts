/** An epoch of the seed model on real MNIST: batch 128, shuffled, accuracy tracked. */
import { cpu } from '../../lib/kernels.js';
import { BaselineClassifier } from '../baseline.js';
import { hyper, seedModel, sizes, trainingFlops, trainingSet } from '../seed-model.js';
import type { Case, Contender, Suite } from '../suite.js';

const rows = 60_000;
const batchSize = 128;

/** The baseline runs on a tenth of the rows; its time is scaled to the whole. */
const baselineRows = 6_000;

const epoch: Case = { name: 'epoch of MNIST', flops: rows * trainingFlops, bytes: 0, samples: rows };

function quern(isa: string, threads: number): Contender {
  return {
    name: `quern ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    peak: { isa, threads },
    env: { QUERN_ISA: isa },
    async measure() {
      const { x, y } = await trainingSet();
      const model = seedModel();
      const times: number[] = [];
      for (let i = 0; i < 6; i++) {
        const start = performance.now();
        await model.fit(x, y, { batchSize, epochs: 1, verbose: 0, threads });
        times.push((performance.now() - start) / 1000);
      }
      return { [epoch.name]: times.slice(1) };
    },
  };
}

const baseline: Contender = {
  name: 'TypeScript',
  async measure() {
    const { x, labels } = await trainingSet();
    const weights = seedModel().getWeights().map(({ data }) => data as Float32Array);
    const classifier = new BaselineClassifier(sizes, weights, batchSize, hyper);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      trainEpoch(classifier, x.data as Float32Array, labels);
      times.push((performance.now() - start) / 1000 * (rows / baselineRows));
    }
    return { [epoch.name]: times.slice(1) };
  },
};

function trainEpoch(classifier: BaselineClassifier, x: Float32Array, labels: Uint8Array): void {
  const order = shuffled(baselineRows);
  const batch = new Float32Array(batchSize * sizes[0]);
  const batchLabels = new Uint8Array(batchSize);
  for (let begin = 0; begin < baselineRows; begin += batchSize) {
    const count = Math.min(batchSize, baselineRows - begin);
    for (let i = 0; i < count; i++) {
      const row = order[begin + i]!;
      batch.set(x.subarray(row * sizes[0], (row + 1) * sizes[0]), i * sizes[0]);
      batchLabels[i] = labels[row]!;
    }
    classifier.trainOnBatch(batch, batchLabels, count);
  }
}

function shuffled(length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

export const trainSuite: Suite = {
  name: 'train',
  about: 'an epoch of the seed model (784-128-128-10) on MNIST: batch 128, shuffled, accuracy tracked',
  cases: [epoch],
  contenders() {
    const { isas, isa, threads } = cpu();
    const all = [quern(isa, threads), ...(threads > 1 ? [quern(isa, 1)] : [])];
    const avx2 = isa !== 'avx2' && isas.includes('avx2') ? [quern('avx2', threads)] : [];
    return [...all, ...avx2, baseline];
  },
};
