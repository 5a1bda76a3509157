/** `predictSync`: how long a request takes at batch 1, and how much goes through in larger batches. */
import { cpu } from '../../lib/kernels.js';
import { NdArray, type Sequential } from '../../lib/index.js';
import { BaselineClassifier } from '../baseline.js';
import { classifier, hyper, inferenceFlops, modelName, seedSizes, skipZeros, weightBytes } from '../models.js';
import { sample, secondsOf } from '../sample.js';
import type { Settings } from '../settings.js';
import { summarizeLatencies } from '../statistics.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { checkBaseline } from './defaults.js';

/** Calls whose times give one figure of each percentile: enough for a hundred of them to lie beyond the 99th. */
const callsOfSample = 10_000;
const samplesOfRound = 3;

type Predict = (input: NdArray<Float32Array>, rows: number) => void;

/** What rows are made of, the floor of which is known where every product is computed. */
const kinds = [
  { name: 'dense', pixel: (i: number): number => ((i * 37) % 101 + 1) / 101, hasFloor: true },
  { name: 'four of five 0', pixel: (i: number): number => Math.max(0, ((i * 37) % 101) - 80) / 20, hasFloor: false },
];

/** Batches in turn: in one that it has just seen, the processor foresees where the next pixel is that is not 0. */
function inputs(sizes: readonly number[], rows: number, pixel: (i: number) => number): NdArray<Float32Array>[] {
  const length = rows * sizes[0]!;
  const seed = (batch: number): number => batch * 7919;
  return Array.from({ length: Math.max(1, Math.min(16, Math.floor(256 / rows))) }, (_, batch) =>
    new NdArray(Float32Array.from({ length }, (_, i) => pixel(seed(batch) + i + Math.floor(i / 97))), [rows, sizes[0]!]));
}

async function measureAll(settings: Settings, predictor: () => Predict): Promise<Measurement[]> {
  const sizes = settings.layers ?? seedSizes;
  const measured: Measurement[] = [];
  for (const { name: kind, pixel, hasFloor } of kinds) {
    skipZeros(!hasFloor);
    const predict = predictor();
    for (const rows of settings.batch ?? [1, 16, 128, 1024]) {
      const batches = inputs(sizes, rows, pixel);
      let next = 0;
      const call = (): void => predict(batches[next++ % batches.length]!, rows);
      const work = hasFloor ? { work: { flops: rows * inferenceFlops(sizes), bytes: weightBytes(sizes) } } : {};
      const name = `${modelName(sizes)}, batch ${rows}, ${kind}`;
      if (rows === 1) measured.push(...latencies(name, call, settings).map((one) => ({ ...one, ...work })));
      measured.push({ case: name, rows, ...work, samples: await sample(call, secondsOf(0.3, settings)) });
    }
  }
  return measured;
}

/** Each call is timed by itself. */
function latencies(name: string, call: () => void, { quick }: Settings): Measurement[] {
  const calls = quick ? 100 : callsOfSample;
  for (let i = 0; i < calls; i++) call();
  const runs = Array.from({ length: quick ? 1 : samplesOfRound }, () => {
    const times = Array.from({ length: calls }, () => {
      const start = performance.now();
      call();
      return (performance.now() - start) / 1000;
    });
    return summarizeLatencies(times);
  });
  return (['p50', 'p90', 'p99'] as const).map((percentile) =>
    ({ case: `${name}: ${percentile}`, samples: runs.map((run) => run[percentile]) }));
}

function quern(isa: string, threads: number, settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: `quern ${isa}, ${threadsName(threads)}`,
    machine: { isa, threads },
    env: { QUERN_ISA: isa, QUERN_THREADS: String(threads) },
    measure: () => measureAll(settings, () => predictor(classifier(sizes), sizes.at(-1)!)),
  };
}

function predictor(model: Sequential, outputs: number): Predict {
  const results = new Map<number, Float32Array>();
  return (input, rows) => {
    let out = results.get(rows);
    if (!out) results.set(rows, out = new Float32Array(rows * outputs));
    model.predictSync(input, { out });
  };
}

function baseline(settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: 'TypeScript',
    measure() {
      const weights = classifier(sizes).getWeights().map(({ data }) => data as Float32Array);
      const model = new BaselineClassifier(sizes, weights, Math.max(...(settings.batch ?? [1024])), hyper);
      return measureAll(settings, () => (input, rows) => model.predict(input.data, rows));
    },
  };
}

export const inferSuite: Suite = {
  name: 'infer',
  about: 'predictSync of the seed model or of any --layers, on dense rows and on mostly zeros: percentiles of the ' +
    'latency of one row, and larger batches',
  options: ['layers', 'batch', 'threads', 'isa', 'baseline'],
  contenders(settings) {
    checkBaseline(settings);
    const { isa, threads } = cpu();
    return [...(settings.isa ?? [isa]).flatMap((name) => (settings.threads ?? [threads]).map((count) =>
      quern(name, count, settings))), ...(settings.baseline ? [baseline(settings)] : [])];
  },
};
