/** What each instruction of a model's training program costs, beside the least it could. */
import { readCallOptions } from '../config.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { checkInteger } from '../errors.js';
import { native } from '../native.js';
import type { Instruction } from '../program/instruction.js';
import { operandsOf } from '../program/operands.js';
import type { ProgramSpec } from '../program/spec.js';
import { percent, quantity, quantityRange } from '../quantity.js';
import { floorOf, levelOf, measureBandwidth, workingSet, type Floor, type Peaks, type Work } from '../roofline.js';
import { clipped, textTable } from '../text-table.js';
import { resolveThreads } from '../threads.js';
import { labelledBatches, stepsOf } from './batches.js';
import { JobRunner } from './job-runner.js';
import type { ModelState } from './state.js';
import { train, type TrainingRange } from './training.js';

export interface ProfileOptions {
  /** Rows of a batch. Default 32. */
  batchSize?: number;
  /** Training steps to run; the data are gone through again where they end. Default 200. */
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
  /** Microseconds of a step that the first worker spent in it: the median of `samples`. */
  microseconds: number;
  /** The same, one figure for each of the blocks in which the steps were run. */
  samples: readonly number[];
  /** Part of the whole step, from 0 to 1. */
  share: number;
  /**
   * Floating-point operations of a step, all workers together, those with a factor of 0 too (dense equivalent); an
   * exponential or logarithm counts 10. An update that is applied by the product that computes its gradient counts
   * there.
   */
  flops: number;
  /** How many of them were left out as a factor was 0: the mean of all steps. */
  skippedFlops: number;
  /** Bytes of the operands, each once, all workers together. */
  bytes: number;
  /** Billions of floating-point operations a second, without those that were skipped; missing where there are none. */
  gflops?: number;
  /** The same with those that were skipped, where there are such: what a dense product would have to reach. */
  denseGflops?: number;
  /** Billions of bytes a second; missing where there are none. */
  gigabytesPerSecond?: number;
  /**
   * Microseconds that it takes at least: the FLOPs that were not skipped at the measured peak of multiply-adds, or the
   * bytes at the bandwidth of the fastest cache that can hold them, whichever is longer; `bound` says which.
   */
  floor?: number;
  bound?: Floor['bound'];
}

/** The times of a model's training step, instruction by instruction; prints as a table. */
export class Profile {
  constructor(
    /** In the order of the program. */
    readonly entries: readonly ProfileEntry[],
    /** Steps that were run. */
    readonly steps: number,
    readonly batchSize: number,
    readonly threads: number,
    /** What the floors were reckoned from, measured after the steps. */
    readonly peaks: Peaks,
  ) {}

  /** Microseconds of a whole step. */
  get microsecondsPerStep(): number {
    return this.entries.reduce((sum, { microseconds }) => sum + microseconds, 0);
  }

  /** A table, one line an instruction in the order of the program. */
  toString(): string {
    const { flops, bandwidth } = this.peaks;
    const threads = `${this.threads} ${this.threads === 1 ? 'thread' : 'threads'}`;
    const head = `${this.steps} steps of ${this.batchSize} rows on ${threads}: ` +
      `${quantity(this.microsecondsPerStep / 1e6, 's')} a step`;
    const measured = [`measured: ${quantity(flops, 'FLOP/s')} of FMA`,
      ...Object.entries(bandwidth).map(([level, rate]) => `${quantity(rate, 'B/s')} from ${level}`)].join(', ');
    const header = ['segment', 'instruction', 'median', 'quartiles', 'share', 'work', 'zeros skipped', 'operands',
      'compute rate', 'dense equivalent', 'data rate', 'floor', 'reached', 'of'];
    return [head, measured, ...textTable(header, this.entries.map(cellsOf), 2)].join('\n');
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Names of many results are cut: the table is wide enough. */
const widestName = 44;

function cellsOf(entry: ProfileEntry): string[] {
  const { segment, instruction, microseconds, samples, share, flops, skippedFlops, bytes } = entry;
  const rate = (billions: number | undefined, unit: string): string =>
    billions === undefined ? '' : quantity(billions * 1e9, unit, 3);
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]! / 1e6;
  const floor = entry.floor ?? 0;
  return [
    segment,
    clipped(instruction, widestName),
    quantity(microseconds / 1e6, 's', 3), quantityRange(quantile(0.25), quantile(0.75), 's'), percent(share),
    flops > 0 ? quantity(flops, 'FLOP', 3) : '', skippedFlops > 0 ? percent(skippedFlops / flops) : '',
    bytes > 0 ? quantity(bytes, 'B', 3) : '',
    rate(entry.gflops, 'FLOP/s'), rate(entry.denseGflops, 'FLOP/s'), rate(entry.gigabytesPerSecond, 'B/s'),
    floor > 0 ? quantity(floor / 1e6, 's', 3) : '', floor > 0 && microseconds > 0 ? percent(floor / microseconds) : '',
    entry.bound ?? '',
  ];
}

/** See `Model.profile`. */
export async function profile(state: ModelState, x: InputData, y: ArrayInput,
                              given: ProfileOptions): Promise<Profile> {
  return state.lock.step('profile', async () => {
    const { optimizer } = state.requireLoss('profile');
    const options = readCallOptions('profile', given, ['batchSize', 'steps', 'sampleWeight', 'threads']);
    const { sampleWeight } = options;
    const steps = checkInteger('steps', options.steps ?? 200, 1);
    const threads = resolveThreads(options.threads);
    const givenBatchSize = checkInteger('batchSize', options.batchSize ?? 32, 1);
    const spec = state.dataSpec('profile', 'training', x);
    const batches = await labelledBatches(spec, x, y, { sampleWeight, checkFinite: false });
    const planned = state.programFor(spec, 'profile', 'training', sampleWeight !== undefined);
    const batchSize = Math.min(givenBatchSize, batches.rows);
    const costs = planned.forRows(batchSize).costs(batchSize);
    const restore = state.remember();
    const pass = {
      batches, batchSize, threads, checkFinite: false, shuffle: true,
      seed: state.randomness.seed, epoch: state.randomness.singleStepEpoch(optimizer.iterations),
      accumulators: new Float64Array(2 * planned.lowered.accumulators.length),
    };
    const times: Float64Array[] = [];
    const stepper = new Stepper(state, pass, costs.length / 2);
    try {
      for (const block of blocksOf(steps)) times.push(await stepper.run(block));
    } finally {
      restore();
    }
    const works = worksOf(costs, stepper.skipped.map((flops) => flops / steps));
    const peaks = measurePeaks(works, threads);
    return new Profile(entriesOf(planned.lowered.spec, times, works, threads, peaks), steps, batchSize, threads, peaks);
  });
}

/** Steps of each block: 20 or more, as jobs of few steps do not lay out weights as those of a fit do. */
function blocksOf(steps: number): number[] {
  const count = Math.max(1, Math.min(50, Math.floor(steps / 20)));
  return Array.from({ length: count }, (_, i) =>
    Math.floor((steps * (i + 1)) / count) - Math.floor((steps * i) / count));
}

/** Trains on, from where it was in the data. */
class Stepper {
  #position = 0;
  /** FLOPs skipped in all steps so far, by instruction. */
  readonly skipped: Float64Array;

  constructor(private readonly state: ModelState, private readonly pass: Omit<TrainingRange, 'firstStep' | 'steps'>,
              instructions: number) {
    this.skipped = new Float64Array(instructions);
  }

  /** Microseconds of one of `steps` steps, by instruction; then in the gather and at barriers. */
  async run(steps: number): Promise<Float64Array> {
    const timings = new Float64Array(this.skipped.length + 2);
    const inPass = stepsOf(this.pass.batches, this.pass.batchSize);
    for (let left = steps; left > 0;) {
      if (this.#position === inPass) this.#position = 0;
      const now = Math.min(left, inPass - this.#position);
      const range = { ...this.pass, firstStep: this.#position, steps: now, timings, skipped: this.skipped };
      await train(this.state, new JobRunner(undefined), range);
      this.#position += now;
      left -= now;
    }
    return timings.map((seconds) => (seconds / steps) * 1e6);
  }
}

/** Seconds of each of the measurements that floors are reckoned from; the best of three counts. */
const measuring = 0.01;

function measurePeaks(works: readonly Work[], threads: number): Peaks {
  const machine = native().cpu();
  const needed = [...new Set(works.map(({ bytes }) => levelOf(bytes, threads, machine)))].sort();
  const best = (once: () => number): number => Math.max(once(), once(), once());
  const bandwidth = Object.fromEntries(needed.filter((level) => workingSet(level, threads, machine) !== undefined)
    .map((level) => [level, best(() => measureBandwidth(level, threads, measuring)!)]));
  return { flops: best(() => native().peakFlops(machine.isa, threads, measuring)), bandwidth };
}

/** What is done, and what was not. */
interface SkippingWork extends Work {
  skippedFlops: number;
}

/** Of pairs of FLOPs and bytes; nothing for the gather and the barriers, which come last. */
function worksOf(costs: Float64Array, skipped: Float64Array): SkippingWork[] {
  const workAt = (i: number): SkippingWork => {
    const skippedFlops = skipped[i] ?? 0;
    return { flops: (costs[2 * i] ?? 0) - skippedFlops, bytes: costs[2 * i + 1] ?? 0, skippedFlops };
  };
  return Array.from({ length: costs.length / 2 + 2 }, (_, i) => workAt(i));
}

function entriesOf(spec: ProgramSpec, times: readonly Float64Array[], works: readonly SkippingWork[],
                   threads: number, peaks: Peaks): ProfileEntry[] {
  const machine = native().cpu();
  const medians = works.map((_, i) => median(times.map((block) => block[i]!)));
  const total = medians.reduce((sum, time) => sum + time, 0);
  return namesOf(spec).map(([segment, instruction], i) => {
    const { flops, skippedFlops, bytes } = works[i]!;
    const billions = (done: number): number => done / microseconds / 1e3;
    const microseconds = medians[i]!;
    const floor = floorOf(works[i]!, threads, peaks, machine);
    return {
      segment, instruction, microseconds, samples: times.map((block) => block[i]!),
      share: total === 0 ? 0 : microseconds / total, flops: flops + skippedFlops, skippedFlops, bytes,
      ...(flops > 0 && microseconds > 0 ? { gflops: billions(flops) } : {}),
      ...(skippedFlops > 0 && microseconds > 0 ? { denseGflops: billions(flops + skippedFlops) } : {}),
      ...(bytes > 0 && microseconds > 0 ? { gigabytesPerSecond: billions(bytes) } : {}),
      ...(floor ? { floor: floor.seconds * 1e6, bound: floor.bound } : {}),
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Segment and name of what a step consists of, in the order in which it is timed. */
function namesOf(spec: ProgramSpec): [ProfileEntry['segment'], string][] {
  const instructions = (['forward', 'backward', 'update'] as const).flatMap((segment) =>
    spec[segment].map((instruction): [ProfileEntry['segment'], string] => [segment, describe(spec, instruction)]));
  return [...instructions, ['trainer', 'gather of rows'], ['trainer', 'barriers']];
}

function describe({ buffers }: ProgramSpec, instruction: Instruction): string {
  const written = operandsOf(instruction).filter(({ writes }) => writes).map(({ buffer }) => buffers[buffer]!.name);
  return written.length ? `${instruction.op} → ${written.join(', ')}` : instruction.op;
}
