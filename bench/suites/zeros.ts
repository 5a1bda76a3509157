/** What skipping zeros brings: epochs of the seed model over data of many densities, against multiplying by the zeros. */
import { Dense, Sequential, SGD, toCategorical } from '../../lib/index.js';
import { cpu } from '../../lib/kernels.js';
import { hyper, trainingFlops } from '../models.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { sparseCases, type SparseCase } from '../zero-data.js';
import { isWanted } from './defaults.js';

const rowsOfCase = 12_800;
const batchSize = 128;
const epochs = 5;
const classes = 10;

function modelOf({ columns, before }: SparseCase): Sequential {
  const model = new Sequential([...before(), new Dense(128, { activation: 'relu' }),
    new Dense(128, { activation: 'relu' }), new Dense(classes, { activation: 'softmax' })]);
  model.build([null, columns]);
  model.compile({
    optimizer: new SGD({ lr: hyper.learningRate, decay: hyper.decay, momentum: hyper.momentum, nesterov: true }),
    loss: 'categorical_crossentropy', metrics: ['accuracy'],
  });
  return model;
}

/** Times of an epoch, with the FLOPs that are computed in one; then what a dense model would have to reach. */
async function measureCase(wanted: SparseCase, threads: number, { quick }: Settings): Promise<Measurement[]> {
  const rows = quick ? 2 * batchSize : rowsOfCase;
  const x = await wanted.load(rows);
  const y = toCategorical(Uint8Array.from({ length: rows }, () => Math.floor(classes * Math.random())), classes);
  const model = modelOf(wanted);
  const times: number[] = [];
  for (let i = 0; i <= (quick ? 1 : epochs); i++) {
    const start = performance.now();
    await model.fit(x, y, { batchSize, epochs: 1, verbose: 0, threads });
    times.push((performance.now() - start) / 1000);
  }
  const { entries } = await model.profile(x, y, { batchSize, steps: quick ? 2 : 100, threads });
  const share = entries.reduce((sum, { skippedFlops }) => sum + skippedFlops, 0) /
    entries.reduce((sum, { flops }) => sum + flops, 0);
  const flops = rows * trainingFlops([wanted.columns, 128, 128, classes]);
  const samples = times.slice(1);
  return [
    { case: wanted.name, samples, work: { flops: flops * (1 - share), bytes: 0 } },
    { case: `${wanted.name}: dense equivalent`, unit: 'FLOP/s', samples: samples.map((time) => flops / time) },
  ];
}

function quern(skips: boolean, threads: number, settings: Settings): Contender {
  return {
    name: `zeros ${skips ? 'skipped' : 'multiplied'}, ${threadsName(threads)}`,
    machine: { isa: cpu().isa, threads },
    env: { QUERN_SKIP_ZEROS: skips ? '1' : '0' },
    async measure() {
      const measured: Measurement[] = [];
      for (const wanted of sparseCases.filter(({ name }) => isWanted(name, settings))) {
        try {
          measured.push(...await measureCase(wanted, threads, settings));
        } catch (error) {
          if (!wanted.mayBeMissing) throw error;
          console.error(`${wanted.name} is left out: ${(error as Error).message.split('\n')[0]}`);
        }
      }
      return measured;
    },
  };
}

export const zerosSuite: Suite = {
  name: 'zeros',
  about: 'epochs of the seed model over data with zeros: skipped against multiplied, by density and kind',
  options: ['threads', 'only'],
  contenders(settings) {
    return (settings.threads ?? [cpu().threads]).flatMap((threads) =>
      [false, true].map((skips) => quern(skips, threads, settings)));
  },
};
