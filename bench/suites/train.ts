/** Epochs of training: the seed model on real MNIST (batch 128, shuffled, accuracy tracked), or others on noise. */
import { cpu } from '../../lib/kernels.js';
import { BaselineClassifier } from '../baseline.js';
import { classifier, hyper, modelName, seedSizes, trainingFlops, trainingSet } from '../models.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { checkBaseline } from './defaults.js';

/** Rows of noise that an epoch of a model has, unless it is trained on MNIST. */
const noiseRows = 12_800;

/** The baseline runs on a part of the rows; its time is scaled to all of them. */
const baselineRows = 6_000;

const epochsOfRound = 5;

function epoch(sizes: readonly number[], batchSize: number, rows: number, samples: number[]): Measurement {
  return { case: `epoch of ${modelName(sizes)}, batch ${batchSize}`, samples, rows,
    work: { flops: rows * trainingFlops(sizes), bytes: 0 } };
}

/** Seconds of epochs after a first one, which does not count. */
export async function timeEpochs(sizes: readonly number[], batchSize: number, threads: number,
                                 settings: Settings): Promise<Measurement> {
  const { x, y } = await trainingSet(sizes, noiseRows);
  const rows = settings.quick ? Math.min(2 * batchSize, x.shape[0]!) : x.shape[0]!;
  const [xs, ys] = [x.slice(0, rows), y.slice(0, rows)];
  const model = classifier(sizes);
  const times: number[] = [];
  for (let i = 0; i <= (settings.quick ? 1 : epochsOfRound); i++) {
    const start = performance.now();
    await model.fit(xs, ys, { batchSize, epochs: 1, verbose: 0, threads });
    times.push((performance.now() - start) / 1000);
  }
  return epoch(sizes, batchSize, rows, times.slice(1));
}

function quern(isa: string, threads: number, settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: `quern ${isa}, ${threadsName(threads)}`,
    machine: { isa, threads },
    env: { QUERN_ISA: isa },
    async measure() {
      const measured: Measurement[] = [];
      for (const batch of batchesOf(settings)) measured.push(await timeEpochs(sizes, batch, threads, settings));
      return measured;
    },
  };
}

function batchesOf({ batch }: Settings): number[] {
  return batch ?? [128];
}

function baseline(settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: 'TypeScript',
    async measure() {
      const { x, labels } = await trainingSet(sizes, noiseRows);
      const weights = classifier(sizes).getWeights().map(({ data }) => data as Float32Array);
      return batchesOf(settings).map((batchSize) => {
        const rows = settings.quick ? Math.min(2 * batchSize, labels.length) : labels.length;
        const trained = Math.min(rows, baselineRows);
        const model = new BaselineClassifier(sizes, weights, batchSize, hyper);
        const times = Array.from({ length: settings.quick ? 1 : 3 }, () => {
          const start = performance.now();
          trainEpoch(model, x.data as Float32Array, labels, trained);
          return (performance.now() - start) / 1000 * (rows / trained);
        });
        return epoch(sizes, batchSize, rows, times);
      });
    },
  };
}

function trainEpoch(model: BaselineClassifier, x: Float32Array, labels: Uint8Array, rows: number): void {
  const { batchSize } = model;
  const columns = model.sizes[0]!;
  const order = shuffled(rows);
  const batch = new Float32Array(batchSize * columns);
  const batchLabels = new Uint8Array(batchSize);
  for (let begin = 0; begin < rows; begin += batchSize) {
    const count = Math.min(batchSize, rows - begin);
    for (let i = 0; i < count; i++) {
      const row = order[begin + i]!;
      batch.set(x.subarray(row * columns, (row + 1) * columns), i * columns);
      batchLabels[i] = labels[row]!;
    }
    model.trainOnBatch(batch, batchLabels, count);
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
  about: 'an epoch of the seed model on MNIST (batch 128, shuffled, accuracy tracked), or of any --layers on noise',
  options: ['layers', 'batch', 'threads', 'isa', 'baseline'],
  contenders(settings) {
    const { isas, isa, threads } = cpu();
    checkBaseline(settings);
    const counts = settings.threads ?? (threads > 1 ? [threads, 1] : [1]);
    const further = settings.isa === undefined && isa !== 'avx2' && isas.includes('avx2')
      ? [quern('avx2', counts[0]!, settings)] : [];
    const asked = (settings.isa ?? [isa]).flatMap((name) => counts.map((count) => quern(name, count, settings)));
    return [...asked, ...further, ...(settings.baseline ? [baseline(settings)] : [])];
  },
};
