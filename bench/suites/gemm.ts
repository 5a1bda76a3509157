/** Matrix products of the seed model and squares, per instruction set and number of threads, against the FMA peak. */
import { cpu, gemm } from '../../lib/kernels.js';
import { sample, type Case, type Contender, type Suite } from '../suite.js';

interface Product extends Case {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
}

function product(about: string, m: number, n: number, k: number, transposes = ''): Product {
  return { name: `${m}x${n}x${k} ${transposes}${transposes && ' '}${about}`.trim(), m, n, k,
    transposeA: transposes.includes('At'), transposeB: transposes.includes('Bt'), flops: 2 * m * n * k, bytes: 0 };
}

const products: readonly Product[] = [
  product('forward 1', 128, 128, 784),
  product('forward 2', 128, 128, 128),
  product('forward 3', 128, 10, 128),
  product('weight gradient 1', 784, 128, 128, 'At'),
  product('weight gradient 2', 128, 128, 128, 'At'),
  product('weight gradient 3', 128, 10, 128, 'At'),
  product('input gradient 2', 128, 128, 128, 'Bt'),
  product('input gradient 3', 128, 128, 10, 'Bt'),
  product('', 128, 784, 128),
  product('one row', 1, 128, 784),
  product('', 256, 256, 256),
  product('', 512, 512, 512),
  product('', 1024, 1024, 1024),
  product('', 2048, 2048, 2048),
];

function filled(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
}

function native(isa: string, threads: number): Contender {
  return {
    name: `${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    peak: { isa, threads },
    async measure() {
      const result: Record<string, number[]> = {};
      for (const { name, m, n, k, transposeA, transposeB } of products) {
        const call = { m, n, k, transposeA, transposeB, a: filled(m * k), b: filled(k * n), c: new Float32Array(m * n),
          isa, threads };
        result[name] = await sample(() => gemm(call), 0.1, 0.03);
      }
      return result;
    },
  };
}

/** Inner loops run along rows; zeros of A are skipped. */
const baseline: Contender = {
  name: 'TypeScript',
  async measure() {
    const result: Record<string, number[]> = {};
    for (const { name, m, n, k, transposeA, transposeB } of products) {
      if (m * n * k > 1e8) continue;
      const run = transposeA ? multiplyTransposedA : transposeB ? multiplyTransposedB : multiply;
      const a = filled(m * k);
      const b = filled(k * n);
      const c = new Float32Array(m * n);
      result[name] = await sample(() => run(a, b, c, m, n, k), 0.1, 0.03);
    }
    return result;
  },
};

function multiply(a: Float32Array, b: Float32Array, c: Float32Array, m: number, n: number, k: number): void {
  c.fill(0);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const value = a[i * k + p]!;
      if (value === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j]! += value * b[p * n + j]!;
    }
  }
}

/** A is k×m as it lies. */
function multiplyTransposedA(a: Float32Array, b: Float32Array, c: Float32Array, m: number, n: number, k: number): void {
  c.fill(0);
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < m; i++) {
      const value = a[p * m + i]!;
      if (value === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j]! += value * b[p * n + j]!;
    }
  }
}

/** B is n×k as it lies. */
function multiplyTransposedB(a: Float32Array, b: Float32Array, c: Float32Array, m: number, n: number, k: number): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[j * k + p]!;
      c[i * n + j] = sum;
    }
  }
}

export const gemmSuite: Suite = {
  name: 'gemm',
  about: 'matrix products: the seed model\'s and squares, every instruction set, one thread and all',
  cases: products,
  contenders() {
    const { isas, threads } = cpu();
    const counts = threads > 1 ? [1, threads] : [1];
    const vectorised = isas.filter((isa) => isa !== 'scalar').reverse();
    return [...vectorised.flatMap((isa) => counts.map((count) => native(isa, count))), native('scalar', 1), baseline];
  },
};
