/** What each instruction of a model's training program costs. */
import { inspect } from 'node:util';
import { readCallOptions } from '../config.js';
import type { ArrayInput } from '../data/arrays.js';
import { checkInteger } from '../errors.js';
import type { Instruction } from '../program/instruction.js';
import { operandsOf } from '../program/operands.js';
import type { ProgramSpec, Shape } from '../program/spec.js';
import { resolveThreads } from '../threads.js';
import { labelledBatches, stepsOf } from './batches.js';
import { JobRunner } from './job-runner.js';
import type { ModelState } from './state.js';
import { train } from './training.js';

export interface ProfileOptions {
  /** Rows of a batch. Default 32. */
  batchSize?: number;
  /** Training steps to run; the data are gone through again where they end. Default 100. */
  steps?: number;
  /** One weight a row. */
  sampleWeight?: ArrayInput;
  /** Default: `QUERN_THREADS`, else the physical cores. */
  threads?: number;
}

/** One instruction, or what a step does beside them. */
export interface ProfileEntry {
  /** `forward`, `backward`, `update`, or `trainer` for the gather of rows and the wait at barriers. */
  segment: 'forward' | 'backward' | 'update' | 'trainer';
  /** What it computes: `gemm → dense/matmul`. */
  instruction: string;
  /** Microseconds of a step that the first worker spent in it. */
  microseconds: number;
  /** Part of the whole step, from 0 to 1. */
  share: number;
  /** Billions of floating-point operations a second, all workers together; for products of matrices. */
  gflops?: number;
}

/** The times of a model's training step, instruction by instruction; prints as a table. */
export class Profile {
  constructor(
    /** In the order of the program. */
    readonly entries: readonly ProfileEntry[],
    /** Steps that were run; times are means over them. */
    readonly steps: number,
    readonly batchSize: number,
    readonly threads: number,
  ) {}

  /** Microseconds of a whole step. */
  get microsecondsPerStep(): number {
    return this.entries.reduce((sum, { microseconds }) => sum + microseconds, 0);
  }

  /** A table, one line an instruction in the order of the program. */
  toString(): string {
    const head = `${this.steps} steps of ${this.batchSize} rows on ${this.threads} ` +
      `${this.threads === 1 ? 'thread' : 'threads'}: ${this.microsecondsPerStep.toFixed(1)} us a step`;
    const width = Math.max(...this.entries.map(({ instruction }) => instruction.length));
    const lines = this.entries.map(({ segment, instruction, microseconds, share, gflops }) => [
      segment.padEnd(8), instruction.padEnd(width), `${microseconds.toFixed(1)} us`.padStart(12),
      `${(100 * share).toFixed(1)} %`.padStart(8),
      gflops === undefined ? '' : `${gflops.toFixed(1)} GFLOP/s`.padStart(16),
    ].join(' ').trimEnd());
    return [head, ...lines].join('\n');
  }

  /** @internal */
  [inspect.custom](): string {
    return this.toString();
  }
}

/** See `Model.profile`. */
export async function profile(state: ModelState, x: ArrayInput, y: ArrayInput,
                              given: ProfileOptions): Promise<Profile> {
  return state.lock.step('profile', async () => {
    const { optimizer } = state.requireLoss('profile');
    const options = readCallOptions('profile', given, ['batchSize', 'steps', 'sampleWeight', 'threads']);
    const { sampleWeight } = options;
    const wanted = checkInteger('steps', options.steps ?? 100, 1);
    const threads = resolveThreads(options.threads);
    const givenBatchSize = checkInteger('batchSize', options.batchSize ?? 32, 1);
    const spec = state.dataSpec('profile', 'training', x);
    const batches = await labelledBatches(spec, x, y, { sampleWeight, checkFinite: false });
    const { lowered } = state.programFor(spec, 'profile', 'training', sampleWeight !== undefined);
    const batchSize = Math.min(givenBatchSize, batches.rows);
    const timings = new Float64Array(countInstructions(lowered.spec) + 2);
    const restore = state.remember();
    const pass = {
      batches, batchSize, firstStep: 0, threads, checkFinite: false, shuffle: true, timings,
      seed: state.randomness.seed, epoch: state.randomness.singleStepEpoch(optimizer.iterations),
    };
    try {
      for (let done = 0; done < wanted;) {
        const steps = Math.min(wanted - done, stepsOf(batches, batchSize));
        const accumulators = new Float64Array(2 * lowered.accumulators.length);
        await train(state, new JobRunner(undefined), { ...pass, steps, accumulators });
        done += steps;
      }
    } finally {
      restore();
    }
    return new Profile(entriesOf(lowered.spec, timings, wanted, batchSize), wanted, batchSize, threads);
  });
}

function countInstructions({ forward, backward, update }: ProgramSpec): number {
  return forward.length + backward.length + update.length;
}

function entriesOf(spec: ProgramSpec, timings: Float64Array, steps: number, batchSize: number): ProfileEntry[] {
  const total = timings.reduce((sum, seconds) => sum + seconds, 0);
  const entry = (segment: ProfileEntry['segment'], instruction: string, seconds: number, flops = 0): ProfileEntry => ({
    segment, instruction,
    microseconds: (seconds / steps) * 1e6,
    share: total === 0 ? 0 : seconds / total,
    ...(flops > 0 && seconds > 0 ? { gflops: (flops * steps) / seconds / 1e9 } : {}),
  });
  let next = 0;
  const entries = (['forward', 'backward', 'update'] as const).flatMap((segment) => spec[segment].map((instruction) =>
    entry(segment, describe(spec, instruction), timings[next++]!, flopsOf(spec, instruction, batchSize))));
  const [gather, barriers] = timings.subarray(next);
  return [...entries, entry('trainer', 'gather of rows', gather!), entry('trainer', 'barriers', barriers!)];
}

function describe({ buffers }: ProgramSpec, instruction: Instruction): string {
  const written = operandsOf(instruction).filter(({ writes }) => writes).map(({ buffer }) => buffers[buffer]!.name);
  return written.length ? `${instruction.op} → ${written.join(', ')}` : instruction.op;
}

/** 2 m n k of a product, where a has m k elements and the result n columns; 0 for what is bound by memory. */
function flopsOf({ buffers }: ProgramSpec, instruction: Instruction, rows: number): number {
  if (instruction.op !== 'gemm') return 0;
  const sizeOf = (shape: Shape): number => shape.reduce<number>((size, axis) => size * (axis ?? rows), 1);
  return 2 * sizeOf(buffers[instruction.a]!.shape) * (buffers[instruction.out]!.shape.at(-1) ?? rows);
}
