/** Matrix products: the seed model's and squares, shapes from the command line, or the grid. */
import { gemm } from '../../lib/kernels.js';
import { baselineGemm } from '../baseline-gemm.js';
import { productName, usualProducts, type Product } from '../products.js';
import { measureRuns, sample, secondsOf } from '../sample.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { isWanted, threadCounts, vectorIsas } from './defaults.js';

/** Plain loops take too long for more. */
const mostBaselineFlops = 2e8;

function filled(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
}

function flopsOf({ m, n, k }: Product): number {
  return 2 * m * n * k;
}

/** A and B read, C written. */
function bytesOf({ m, n, k }: Product): number {
  return 4 * (m * k + k * n + m * n);
}

async function measureAll(products: readonly Product[], settings: Settings,
                          run: (product: Product, a: Float32Array, b: Float32Array, c: Float32Array) => void):
    Promise<Measurement[]> {
  const seconds = settings.grid ? 0.004 : 0.1;
  const measured: Measurement[] = [];
  await warmUp(run, settings);
  for (const product of products) {
    const { m, n, k, transpose } = product;
    const [a, b, c] = [filled(m * k), filled(k * n), new Float32Array(m * n)];
    measured.push({
      case: productName(product), product: { m, n, k, transpose },
      work: { flops: flopsOf(product), bytes: bytesOf(product) },
      ...await measureRuns(() => run(product, a, b, c), seconds, settings),
    });
  }
  return measured;
}

/** Until the path from here to the core is compiled: the cases of a grid are too short for that. */
async function warmUp(run: Parameters<typeof measureAll>[2], settings: Settings): Promise<void> {
  const [a, b, c] = [filled(64), filled(64), new Float32Array(64)];
  await sample(() => run({ m: 8, n: 8, k: 8, transpose: 'nn' }, a, b, c), secondsOf(0.1, settings));
}

function productsOf(settings: Settings): Product[] {
  const all = settings.products ?? usualProducts;
  return all.filter((product) => isWanted(productName(product), settings));
}

function quern(isa: string, threads: number, settings: Settings): Contender {
  return {
    name: `${isa}, ${threadsName(threads)}`,
    machine: { isa, threads },
    measure: () => measureAll(productsOf(settings), settings, ({ m, n, k, transpose }, a, b, c) => {
      gemm({ m, n, k, transposeA: transpose[0] === 't', transposeB: transpose[1] === 't', a, b, c, isa, threads });
    }),
  };
}

function baseline(settings: Settings): Contender {
  return {
    name: 'TypeScript',
    measure: () => measureAll(productsOf(settings).filter((product) => flopsOf(product) <= mostBaselineFlops), settings,
      baselineGemm),
  };
}

export const gemmSuite: Suite = {
  name: 'gemm',
  about: 'matrix products, by default the seed model\'s and squares, against FMA peak and bandwidth',
  options: ['shapes', 'transpose', 'grid', 'threads', 'isa', 'only', 'baseline', 'counters'],
  contenders(settings) {
    const isas = settings.grid && !settings.isa ? vectorIsas(settings).slice(0, 1) : vectorIsas(settings);
    const threads = settings.grid && !settings.threads ? [1] : threadCounts(settings);
    return [...isas.flatMap((isa) => threads.map((count) => quern(isa, count, settings))),
      ...(settings.baseline ? [baseline(settings)] : [])];
  },
};
