/**
 * The kernels but gemm, one at a time on one thread: pointwise functions and their gradients over arrays in L2, and the
 * losses, reductions, optimizers and the like as programs of a single instruction.
 */
import { cpu } from '../../lib/kernels.js';
import { native } from '../../lib/native.js';
import { pointwiseFunctions } from '../../lib/program/instruction.js';
import { plainFunctions, plainInstructions } from '../baseline-kernels.js';
import { measureRuns } from '../sample.js';
import type { Settings } from '../settings.js';
import type { Contender, Measurement, Suite } from '../suite.js';
import { isWanted } from './defaults.js';
import { measure } from './one-instruction.js';
import { singleInstructions } from './single-instructions.js';

/** 32 K floats: two arrays of them fit a 256 KB L2 cache. */
const length = 1 << 15;
const seconds = 0.05;

/** Functions whose gradient needs nothing of what went in or came out. */
const readsOnlyGradient: ReadonlySet<string> = new Set(['linear', 'negate']);

/** From -4 to 4; log, sqrt and reciprocal get the half they are defined on. */
function inputs(name: string): Float32Array {
  const positive = name === 'log' || name === 'sqrt' || name === 'reciprocal';
  return Float32Array.from({ length }, (_, i) => (positive ? 1e-3 + (8 * i) / length : (8 * i) / length - 4));
}

async function pointwise(isa: string, settings: Settings): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  const out = new Float32Array(length);
  const dy = new Float32Array(length).fill(1);
  const add = async (name: string, arrays: number, run: () => void): Promise<void> => {
    if (!isWanted(name, settings)) return;
    const work = { flops: 0, bytes: arrays * 4 * length };
    measured.push({ case: name, work, ...await measureRuns(run, seconds, settings) });
  };
  for (const name of pointwiseFunctions) {
    const x = inputs(name);
    await add(name, 2, () => native().pointwise(isa, name, x, out, 1));
    await add(`${name} gradient`, readsOnlyGradient.has(name) ? 2 : 3,
      () => native().pointwiseGradient(isa, name, x, dy, out, 1));
  }
  return measured;
}

function instructions(isa: string, settings: Settings): Measurement[] {
  return singleInstructions.filter(({ name }) => isWanted(name, settings)).map((one) =>
    ({ case: one.name, work: { flops: 0, bytes: one.bytes }, samples: measure(one, isa, settings.quick ? 1 : 20) }));
}

function quern(isa: string, settings: Settings): Contender {
  return {
    name: isa,
    machine: { isa, threads: 1 },
    async measure() {
      return [...await pointwise(isa, settings), ...instructions(isa, settings)];
    },
  };
}

function baseline(settings: Settings): Contender {
  return {
    name: 'TypeScript',
    async measure() {
      const measured: Measurement[] = [];
      const add = async (name: string, run: () => void): Promise<void> => {
        if (isWanted(name, settings)) measured.push({ case: name, ...await measureRuns(run, seconds, settings) });
      };
      const out = new Float32Array(length);
      for (const [name, apply] of Object.entries(plainFunctions)) {
        const x = inputs(name);
        await add(name, () => { for (let i = 0; i < length; i++) out[i] = apply(x[i]!); });
      }
      for (const [name, run] of Object.entries(plainInstructions)) await add(name, run);
      return measured;
    },
  };
}

export const kernelsSuite: Suite = {
  name: 'kernels',
  about: 'pointwise functions, losses, reductions, optimizers, …, one at a time on one thread, against bandwidth',
  options: ['isa', 'only', 'baseline', 'counters'],
  contenders(settings) {
    const isas = settings.isa ?? [...cpu().isas].reverse();
    return [...isas.map((isa) => quern(isa, settings)), ...(settings.baseline ? [baseline(settings)] : [])];
  },
};
