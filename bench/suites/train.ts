/**
 * Epochs of training, shuffled, accuracy tracked: on noise, where every product is computed, and of the seed model on real
 * MNIST too, of which four pixels in five are 0 and skipped.
 */
import { cpu } from '../../lib/kernels.js';
import { BaselineClassifier } from '../baseline.js';
import {
  classifier, hyper, modelName, noise, seedSizes, skipZeros, takesMnist, trainingFlops, trainingSet, type TrainingSet,
} from '../models.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { checkBaseline } from './defaults.js';

/** Rows of noise that an epoch has: of the seed model as many as MNIST, else fewer. */
function noiseRowsOf(sizes: readonly number[]): number {
  return takesMnist(sizes) ? 60_000 : 12_800;
}

/** The baseline runs on a part of the rows; its time is scaled to all of them. */
const baselineRows = 6_000;

const epochsOfRound = 5;

/** With the work of an epoch only where all of it is done. */
function epoch(sizes: readonly number[], batchSize: number, rows: number, samples: number[],
               ofMnist = false): Measurement {
  const name = `epoch of ${modelName(sizes)}, batch ${batchSize}`;
  if (ofMnist) return { case: `${name}, MNIST`, samples, rows };
  return { case: `${name}, dense`, samples, rows, work: { flops: rows * trainingFlops(sizes), bytes: 0 } };
}

/** Seconds of epochs after a first one, which does not count: on dense noise, or on MNIST. */
export async function timeEpochs(sizes: readonly number[], batchSize: number, threads: number, settings: Settings,
                                 ofMnist = false): Promise<Measurement> {
  const { x, y } = ofMnist ? await trainingSet(sizes, 0) : noise(sizes, noiseRowsOf(sizes));
  const rows = settings.quick ? Math.min(2 * batchSize, x.shape[0]!) : x.shape[0]!;
  const [xs, ys] = [x.slice(0, rows), y.slice(0, rows)];
  skipZeros(ofMnist);
  const model = classifier(sizes);
  const times: number[] = [];
  for (let i = 0; i <= (settings.quick ? 1 : epochsOfRound); i++) {
    const start = performance.now();
    await model.fit(xs, ys, { batchSize, epochs: 1, verbose: 0, threads });
    times.push((performance.now() - start) / 1000);
  }
  return epoch(sizes, batchSize, rows, times.slice(1), ofMnist);
}

function quern(isa: string, threads: number, settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: `quern ${isa}, ${threadsName(threads)}`,
    machine: { isa, threads },
    env: { QUERN_ISA: isa },
    async measure() {
      const measured: Measurement[] = [];
      for (const batch of batchesOf(settings)) {
        measured.push(await timeEpochs(sizes, batch, threads, settings));
        if (takesMnist(sizes)) measured.push(await timeEpochs(sizes, batch, threads, settings, true));
      }
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
      const ofMnist = takesMnist(sizes);
      const { x, labels }: TrainingSet = await trainingSet(sizes, noiseRowsOf(sizes));
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
        return epoch(sizes, batchSize, rows, times, ofMnist);
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
  about: 'epochs of the seed model on dense noise and on MNIST (batch 128, shuffled), or of any --layers on noise',
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
