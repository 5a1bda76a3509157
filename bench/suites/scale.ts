/** What further threads bring: the same work with 1, 2, … of them. */
import { cpu, gemm } from '../../lib/kernels.js';
import { classifier, inferenceFlops, modelName, seedSizes } from '../models.js';
import { NdArray } from '../../lib/index.js';
import { sample, secondsOf } from '../sample.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { timeEpochs } from './train.js';

const side = 1024;
const rows = 1024;

async function product(threads: number, settings: Settings): Promise<Measurement> {
  const [a, b, c] = [new Float32Array(side * side).fill(0.5), new Float32Array(side * side).fill(2),
    new Float32Array(side * side)];
  const samples = await sample(() => gemm({ m: side, n: side, k: side, a, b, c, threads }), secondsOf(0.3, settings));
  return { case: `gemm ${side}x${side}x${side}`, samples,
    work: { flops: 2 * side ** 3, bytes: 3 * 4 * side * side } };
}

async function prediction(sizes: readonly number[], settings: Settings): Promise<Measurement> {
  const model = classifier(sizes);
  const x = new NdArray(new Float32Array(rows * sizes[0]!).fill(0.5), [rows, sizes[0]!]);
  const out = new Float32Array(rows * sizes.at(-1)!);
  return { case: `predictSync of ${modelName(sizes)}, ${rows} rows`, rows,
    samples: await sample(() => model.predictSync(x, { out }), secondsOf(0.3, settings)),
    work: { flops: rows * inferenceFlops(sizes), bytes: 0 } };
}

function contender(threads: number, settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: threadsName(threads),
    machine: { isa: cpu().isa, threads },
    env: { QUERN_THREADS: String(threads) },
    async measure() {
      const epochs: Measurement[] = [];
      for (const batch of settings.batch ?? [128]) epochs.push(await timeEpochs(sizes, batch, threads, settings));
      return [...epochs, await prediction(sizes, settings), await product(threads, settings)];
    },
  };
}

export const scaleSuite: Suite = {
  name: 'scale',
  about: 'an epoch, a prediction and a product with 1 thread, 2, and so on to all',
  options: ['layers', 'batch', 'threads'],
  contenders(settings) {
    const counts = settings.threads ?? Array.from({ length: cpu().threads }, (_, i) => i + 1);
    return counts.map((threads) => contender(threads, settings));
  },
};
