/**
 * The native core as TypeScript sees it, and the only file that loads it.
 * Every shape that crosses here is plain data; what the user passed has been checked before it comes this far.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { usualBinary } from './binary.js';
import type { Precision } from './precision.js';
import type { ProgramSpec } from './program/spec.js';
import type { PointwiseFunction } from './program/instruction.js';

/** Fixed buffers the core reads in place. Row `i` starts at `i * rowLength`. */
export interface NativeArray {
  data: Float32Array | Uint8Array | Int32Array;
  /** Elements in a row. */
  rowLength: number;
}

/**
 * A matrix in CSR form. Row `i` holds `values[j]` in column `indices[j]` for j from `indptr[i]` to `indptr[i + 1]` - 1;
 * `indptr[0]` may be above 0. The core checks what indptr and indices hold whenever it reads them.
 */
export interface NativeCsr {
  indptr: Uint32Array;
  indices: Uint32Array;
  values: Float32Array;
  /** Columns. */
  rowLength: number;
}

/** What the rows of an input are read from. */
export type NativeInput = NativeArray | NativeCsr;

/** One model's parameters and optimizer slots: one slab each, the same layout. */
export interface NativeParameters {
  /** Copies parameter `index` (slot -1), or a slot of it, out or in. `write` throws while a training job runs. */
  read(index: number, slot: number, out: Float32Array): void;
  write(index: number, slot: number, values: Float32Array): void;
  /** Drops all slots and makes `count` new ones, zeroed. */
  resetSlots(count: number): void;
  /** Counts finished training steps and writes; equal versions mean equal weights. */
  readonly version: number;
}

/** A run over a range of steps of one pass over the data. Step s covers rows [s * batchSize, (s + 1) * batchSize). */
export interface SpanSpec<Input extends NativeInput = NativeArray> {
  /** In order of the program's input, target and weights buffers. */
  inputs: Input[];
  targets: NativeArray[];
  weights?: NativeArray;
  rows: number;
  batchSize: number;
  firstStep: number;
  steps: number;
  /** Rows in order, or in the permutation that (seed, epoch) gives. */
  shuffle: boolean;
  /** A safe integer >= 0; with `epoch` and the step it decides the permutation and every dropout mask. */
  seed: number;
  epoch: number;
  /** `steps` rows of as many scalars as the program's scalars buffer has. */
  scalars?: Float32Array;
  threads: number;
  checkFinite: boolean;
  /** Which segments a step runs: training runs all, evaluation and prediction only forward. */
  segments: { forward: boolean; backward: boolean; update: boolean };
  /** Where accumulators start: `2 * accumulators` doubles, total and count of each. Zeros when missing. */
  accumulators?: Float64Array;
  /** For each output buffer of the program, `rows` rows; the outputs of a step land at its rows. */
  outputs?: Float32Array[];
  /**
   * Adds the seconds worker 0 spent in each instruction (forward, backward, update in order), then in the gather, then
   * waiting at barriers: two more than there are instructions. Written when the job is over.
   */
  timings?: Float64Array;
  /**
   * Adds the FLOPs that each instruction left out because one factor was 0, all workers together: as many as there are
   * instructions. Written when the job is over.
   */
  skipped?: Float64Array;
}

export interface SpanResult {
  /** Steps finished; less than asked for when cancelled or failed. */
  steps: number;
  cancelled: boolean;
  /** Total and count of each accumulator. */
  accumulators: Float64Array;
  /** Bad data met on the way; the steps before it stand. `row` is the row in the user's arrays. */
  error?: { kind: 'label'; array: number; row: number; value: number; classes: number }
        | { kind: 'finite'; array: 'x' | 'y' | 'sampleWeight'; row: number; column: number; value: number }
        /** A row of a CSR matrix, an input, points outside it. */
        | { kind: 'indices'; array: number; row: number };
}

export interface NativeJob {
  /** Settles when the job is over; never rejects for bad data (see SpanResult.error). */
  readonly done: Promise<SpanResult>;
  /** Asks the job to stop after the step at hand. */
  cancel(): void;
  /** Steps finished and accumulators (consistent with each other), readable while the job runs. Allocates nothing. */
  progress(into: Float64Array): number;
}

export interface NativeProgram {
  /** Rows from which on `predict` and its like use more than the calling thread; may be infinite. */
  readonly helpersFrom: number;
  /** Starts a job on quern's own threads. */
  run(span: SpanSpec<NativeInput>): NativeJob;
  /** Runs at once on the calling thread (and helpers where it pays); returns what `run` would. For predictSync. */
  runSync(span: SpanSpec<NativeInput>): SpanResult;
  /**
   * As `runSync` of a program with one input and one output: all `rows` of `x` forward, in order, in batches of
   * `batchSize`, into `out`.
   */
  predict(x: Float32Array | Uint8Array | Int32Array, rowLength: number, rows: number, batchSize: number,
    threads: number, out: Float32Array): void;
  explain(): string;
  /**
   * FLOPs and bytes of the operands (each once) of each instruction (forward, backward, update in order) of a step of
   * `rows`, two numbers each. What is folded into a gemm counts there.
   */
  costs(rows: number): Float64Array;
  /** The last `runSync`'s contents of a buffer, for tests; only with `keepTemporaries`. */
  readBuffer(buffer: number): Float32Array | Int32Array;
}

export interface GemmCall {
  m: number; n: number; k: number;
  a: Float32Array; b: Float32Array; c: Float32Array; bias?: Float32Array;
  transposeA: boolean; transposeB: boolean; accumulate: boolean;
  function: PointwiseFunction; alpha: number; threads: number; isa?: string; precision?: Precision;
}

export interface CpuInfo {
  /** Instruction sets this machine runs, slowest first, and the one in use. */
  isas: string[]; isa: string;
  /** Where the processor has AMX: 'on', or 'off: ' and why it is not used. */
  amx?: string;
  /** Physical cores the process may use, and the default number of threads. */
  cores: number; threads: number;
  /** Cache sizes in bytes; l1d and l2 of one core, l3 as the core sees it. */
  l1d: number; l2: number; l3: number;
  brand: string;
}

/** Field of an instruction as the core declares it: for the contract test. */
export interface InstructionField {
  name: string;
  role: 'in' | 'out' | 'inOut' | 'flag' | 'number' | 'integer' | 'choice';
  optional: boolean;
  /** The names a `choice` knows. */
  choices?: string[];
}

export interface Native {
  Parameters: new (layout: { name: string; shape: number[] }[], slots: number) => NativeParameters;
  Program: new (spec: ProgramSpec, parameters: NativeParameters,
    options: { isa?: string; keepTemporaries?: boolean }) => NativeProgram;
  instructions(): { op: string; fields: InstructionField[] }[];
  cpu(): CpuInfo;
  gemm(call: GemmCall): void;
  /** One pointwise function of one instruction set over arrays: for the accuracy tests. */
  pointwise(isa: string, name: PointwiseFunction, x: Float32Array, y: Float32Array, alpha: number): void;
  pointwiseGradient(isa: string, name: PointwiseFunction, saved: Float32Array, dy: Float32Array, out: Float32Array,
    alpha: number): void;
  /** Largest error in ULPs, against double, over floats with bit patterns first, first + stride, … (all 2^32 range). */
  measureUlp(isa: string, name: 'exponential' | 'log' | 'tanh' | 'erf', first: number, stride: number):
    { ulp: number; at: number; checked: number };
  /** `count` words of the counter-based generator: for tests and initializers (see lib/random.ts). */
  random(seed: number, stream: number, first: number, out: Uint32Array): void;
  /** Numbers uniform in [low, low + width), each from two words of the generator (see lib/random.ts). */
  randomUniform(seed: number, stream: number, low: number, width: number, out: Float32Array): void;
  /** The permutation of (seed, epoch) that shuffling uses. */
  permutation(rows: number, seed: number, epoch: number, out: Uint32Array): void;
  peakFlops(isa: string, threads: number, seconds: number): number;
  /** Bytes a second of reading (kind read) or copying memory of a working set of `bytes` per thread. */
  bandwidth(kind: 'read' | 'copy', bytes: number, threads: number, seconds: number): number;
  /**
   * Starts to count hardware events of the calling thread and of threads started from now on: '', or a sentence that
   * says why they can't be counted. `readCounters`: cycles, instructions, misses of L1, L2 and L3 since then; NaN for
   * what the processor does not count.
   */
  openCounters(): string;
  readCounters(): Float64Array;
  /** Has the system back an array by large pages as it is first written to, where it knows them. */
  useLargePages(array: Float32Array): void;
  /** Live native objects and bytes, for leak tests. */
  counters(): { programs: number; parameters: number; jobs: number; bytes: number };
}

let loaded: Native | undefined;

/**
 * The binary: `QUERN_NATIVE` when set, else a local build, else the prebuilt one for this platform.
 * Loaded at the first use, so that importing quern costs nothing.
 */
export function native(): Native {
  return (loaded ??= load());
}

function load(): Native {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const path = process.env['QUERN_NATIVE'] || usualBinary(root);
  if (!path) return createRequire(import.meta.url)('node-gyp-build')(root) as Native;
  // What `require` would do in the end: four times as fast as to begin with it.
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports as Native;
}
