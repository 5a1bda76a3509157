/**
 * Runs spans natively on behalf of one call of fit, evaluate or predict: watches the user's arrays and the signal
 * while a job runs, reports its progress, and says why it ended early.
 */
import { checkIntact, type FixedArray, type FixedInput } from '../data/arrays.js';
import { notFinite } from '../data/finite.js';
import type { NativeInput, NativeJob, NativeProgram, SpanResult, SpanSpec } from '../native.js';

/** An array of the user's under the name that errors give it; `firstRow` is where it starts in what was passed. */
export interface NamedArray<T extends FixedInput = FixedArray> {
  argument: string;
  array: T;
  firstRow?: number;
}

/** The arrays of one pass; all have the same rows. */
export interface Batches {
  inputs: readonly NamedArray<FixedInput>[];
  targets: readonly NamedArray[];
  weights?: NamedArray;
  rows: number;
}

/** How a span ended. The steps before a failure stand and must be accounted for before it is thrown. */
export interface SpanOutcome {
  steps: number;
  accumulators: Float64Array;
  /** What to reject with: the signal's reason, or an error about the data. */
  failure?: { reason: unknown };
}

/**
 * How often a running job is looked at: soon enough after an array is taken away, and seldom, as on a machine whose
 * every core trains each look takes a core from a worker and lets the others sleep at a barrier.
 */
const tickMilliseconds = 50;

export class JobRunner {
  constructor(private readonly signal: AbortSignal | undefined) {}

  /** Throws the signal's reason once it is aborted. */
  checkSignal(): void {
    if (this.signal?.aborted) throw this.signal.reason;
  }

  /** Runs a span to its end; `onProgress` is called now and then with the steps and accumulators so far. */
  async run(program: NativeProgram, batches: Batches, span: SpanSpec<NativeInput>,
            onProgress?: (steps: number, accumulators: Float64Array) => void): Promise<SpanOutcome> {
    this.checkSignal();
    checkArrays(batches);
    const job = program.run(span);
    let failure: { reason: unknown } | undefined;
    const stop = (reason: unknown): void => {
      failure ??= { reason };
      job.cancel();
    };
    const onAbort = (): void => stop(this.signal!.reason);
    const ticks = watch(job, batches, span, stop, onProgress);
    this.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const result = await job.done;
      // What was read from memory that is gone says nothing, so this comes before what the core found there.
      failure ??= caught(() => checkArrays(batches)) ?? failureOf(result, batches);
      return { steps: result.steps, accumulators: result.accumulators, ...(failure ? { failure } : {}) };
    } finally {
      clearInterval(ticks);
      this.signal?.removeEventListener('abort', onAbort);
    }
  }
}

/** Unreferenced: the job itself keeps the process alive. */
function watch(job: NativeJob, batches: Batches, span: SpanSpec<NativeInput>, stop: (reason: unknown) => void,
               onProgress?: (steps: number, accumulators: Float64Array) => void): NodeJS.Timeout {
  const accumulators = new Float64Array(span.accumulators?.length ?? 0);
  const tick = (): void => {
    const failure = caught(() => {
      checkArrays(batches);
      onProgress?.(job.progress(accumulators), accumulators);
    });
    if (failure) stop(failure.reason);
  };
  return setInterval(tick, tickMilliseconds).unref();
}

function checkArrays({ inputs, targets, weights }: Batches): void {
  const arrays = [...inputs, ...targets, ...(weights ? [weights] : [])];
  for (const { argument, array } of arrays) checkIntact(argument, array);
}

function caught(check: () => void): { reason: unknown } | undefined {
  try {
    check();
    return undefined;
  } catch (reason) {
    return { reason };
  }
}

/** Bad data that the core met, as an error in the user's terms. */
export function failureOf({ error }: SpanResult, batches: Batches): { reason: Error } | undefined {
  if (!error) return undefined;
  if (error.kind === 'label') {
    const { argument, firstRow = 0 } = batches.targets[error.array]!;
    return { reason: new RangeError(`\`${argument}\` must hold integer labels from 0 to ${error.classes - 1}, ` +
      `received ${error.value} in row ${firstRow + error.row}`) };
  }
  if (error.kind === 'indices') {
    const { argument, firstRow = 0 } = batches.inputs[error.array]!;
    return { reason: new TypeError(`\`${argument}\` was changed while the model was reading it: ` +
      `row ${firstRow + error.row} points outside the matrix`) };
  }
  const found = { x: batches.inputs[0], y: batches.targets[0], sampleWeight: batches.weights }[error.array]!;
  return { reason: notFinite(found.argument, error.value, (found.firstRow ?? 0) + error.row, error.column) };
}
