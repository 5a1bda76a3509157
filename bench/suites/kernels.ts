/** Every pointwise function and its gradient over arrays that fit the L2 cache, against the bandwidth of reading it. */
import { cpu } from '../../lib/kernels.js';
import { native } from '../../lib/native.js';
import { pointwiseFunctions } from '../../lib/program/instruction.js';
import { sample, type Case, type Contender, type Suite } from '../suite.js';

/** 32 K floats: two arrays of them fit a 256 KB L2 cache. */
const length = 1 << 15;

const cases: readonly Case[] = pointwiseFunctions.flatMap((name): Case[] => [
  { name, flops: 0, bytes: 2 * 4 * length },
  { name: `${name} gradient`, flops: 0, bytes: 3 * 4 * length },
]);

/** From -4 to 4; log and sqrt get the half they are defined on. */
function inputs(name: string): Float32Array {
  const positive = name === 'log' || name === 'sqrt' || name === 'reciprocal';
  return Float32Array.from({ length }, (_, i) => (positive ? 1e-3 + (8 * i) / length : (8 * i) / length - 4));
}

function kernels(isa: string): Contender {
  return {
    name: isa,
    bandwidth: { bytes: 4 * length, threads: 1 },
    async measure() {
      const result: Record<string, number[]> = {};
      const out = new Float32Array(length);
      const dy = new Float32Array(length).fill(1);
      for (const name of pointwiseFunctions) {
        const x = inputs(name);
        result[name] = await sample(() => native().pointwise(isa, name, x, out, 1), 0.05, 0.02);
        result[`${name} gradient`] = await sample(() => native().pointwiseGradient(isa, name, x, dy, out, 1), 0.05, 0.02);
      }
      return result;
    },
  };
}

const plain: Partial<Record<string, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0), sigmoid: (x) => 1 / (1 + Math.exp(-x)), tanh: Math.tanh, exponential: Math.exp,
  log: Math.log, sqrt: Math.sqrt, silu: (x) => x / (1 + Math.exp(-x)),
};

const baseline: Contender = {
  name: 'TypeScript',
  async measure() {
    const result: Record<string, number[]> = {};
    const out = new Float32Array(length);
    for (const [name, apply] of Object.entries(plain)) {
      const x = inputs(name);
      result[name] = await sample(() => { for (let i = 0; i < length; i++) out[i] = apply!(x[i]!); }, 0.05, 0.02);
    }
    return result;
  },
};

export const kernelsSuite: Suite = {
  name: 'kernels',
  about: 'pointwise functions and their gradients, every instruction set, against the bandwidth of the cache',
  cases,
  contenders: () => [...[...cpu().isas].reverse().map(kernels), baseline],
};
