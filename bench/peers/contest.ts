/**
 * All contenders round by round, each in a process of its own, so that a slow minute of the machine hits every one of
 * them. A contender that cannot be installed or fails is left out with its reason, and the others go on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx, onnxCommand, peakCommand, weightsCommand, type Contender } from './contenders.js';
import type { Environment } from './environments.js';
import { run } from './processes.js';
import { seedWork, type Inference, type Peak, type Training, type Work } from './work.js';

export interface ContestOptions {
  rounds: number;
  /** Timed epochs of a process. */
  epochs: number;
  batchSize: number;
  log(line: string): void;
}

/** One contender's results, an entry a round. */
export interface Entry<T> {
  name: string;
  about: string;
  rounds: T[];
}

export interface Report {
  date: string;
  node: string;
  cpu: Peak['cpu'];
  work: Omit<Work, 'data' | 'weights' | 'onnx'>;
  /** FLOP/s of the best FMA loop on all threads, several in each round. */
  peaks: number[][];
  training: Entry<Training>[];
  inference: Entry<Inference>[];
  leftOut: { name: string; reason: string }[];
}

export async function runContest(chosen: readonly Contender[], options: ContestOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'quern-peers-'));
  try {
    const contest = new Contest(chosen, seedWork(options.epochs, options.batchSize, folder), options);
    return await contest.run();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Contest {
  readonly #results = new Map<Contender, unknown[]>();
  readonly #leftOut: Report['leftOut'] = [];

  constructor(contenders: readonly Contender[], private readonly work: Work, private readonly options: ContestOptions) {
    for (const contender of contenders) this.#results.set(contender, []);
  }

  async run(): Promise<Report> {
    await this.#prepare();
    const peaks: Peak[] = [];
    for (let round = 1; round <= this.options.rounds; round++) {
      peaks.push(await run<Peak>(peakCommand, this.work));
      for (const contender of this.#results.keys()) {
        this.options.log(`round ${round} of ${this.options.rounds}: ${contender.about}`);
        await this.#measure(contender);
      }
    }
    const { sizes, batchSize, epochs, learningRate, momentum, decay, batches } = this.work;
    return {
      date: new Date().toISOString(), node: process.version, cpu: peaks[0]!.cpu,
      work: { sizes, batchSize, epochs, learningRate, momentum, decay, batches },
      peaks: peaks.map(({ flops }) => flops), training: this.#entries<Training>('training'),
      inference: this.#entries<Inference>('inference'), leftOut: this.#leftOut,
    };
  }

  /** Makes the environments, and the model that inference reads. */
  async #prepare(): Promise<void> {
    const works = new Set([...this.#results.keys()].map(({ does }) => does));
    for (const contender of this.#results.keys()) this.#install(contender, contender.environment);
    if (!works.has('inference')) return;
    await run(weightsCommand, this.work);
    for (const contender of [...this.#results.keys()].filter(({ readsOnnx }) => readsOnnx)) {
      if (this.#install(contender, onnx)) await run(onnxCommand, this.work);
    }
  }

  #install(contender: Contender, environment: Environment | undefined): boolean {
    try {
      environment?.make(this.options.log);
      return true;
    } catch (error) {
      this.#leaveOut(contender, error as Error);
      return false;
    }
  }

  async #measure(contender: Contender): Promise<void> {
    const epochs = Math.min(this.work.epochs, contender.mostEpochs ?? Infinity);
    try {
      this.#results.get(contender)!.push(await run(contender.command, { ...this.work, epochs }));
    } catch (error) {
      this.#leaveOut(contender, error as Error);
    }
  }

  #leaveOut(contender: Contender, { message }: Error): void {
    // Without quern there is nothing to hold the others against.
    if (contender.name === 'quern') throw new Error(`quern failed: ${message}`);
    this.#results.delete(contender);
    this.#leftOut.push({ name: contender.name, reason: message });
    this.options.log(`${contender.name} is left out: ${message}`);
  }

  #entries<T>(does: Contender['does']): Entry<T>[] {
    return [...this.#results].filter(([contender]) => contender.does === does)
      .map(([{ name, about }, rounds]) => ({ name, about, rounds: rounds as T[] }));
  }
}
