/** Runs random programs on the native core and collects everything they leave behind. */
import { native, type NativeParameters, type NativeProgram, type SpanResult, type SpanSpec } from '../../lib/native.js';
import type { RandomProgram } from '../reference/random-program.js';

export interface Outcome {
  accumulators: Float64Array;
  /** Of each parameter: its values, then its slots. */
  parameters: Float32Array[][];
  outputs: Float32Array[];
}

export interface NativeRun {
  program: NativeProgram;
  parameters: NativeParameters;
  /** Runs the program's span with some fields replaced. */
  span(changes?: Partial<SpanSpec>): SpanSpec;
}

/** A fresh program over fresh parameters that hold the initial values. */
export function prepare({ spec, layout, values, slots, span }: RandomProgram,
                        options: { isa?: string; keepTemporaries?: boolean } = {}): NativeRun {
  const parameters = new (native().Parameters)(layout, slots);
  values.forEach((array, index) => parameters.write(index, -1, array));
  const program = new (native().Program)(spec, parameters, options);
  return { program, parameters, span: (changes = {}) => ({ ...span, ...changes }) };
}

/** An output array for each output buffer, filled with NaN. */
export function outputsOf({ spec, span }: RandomProgram): Float32Array[] {
  return spec.buffers.filter((b) => b.kind === 'output').map((b) => {
    const perRow = b.shape.slice(1).reduce<number>((size, axis) => size * axis!, 1);
    return new Float32Array(span.rows * perRow).fill(NaN);
  });
}

export function readParameters({ layout, slots }: RandomProgram, parameters: NativeParameters): Float32Array[][] {
  return layout.map(({ shape }, index) => Array.from({ length: slots + 1 }, (_, i) => {
    const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
    parameters.read(index, i - 1, out);
    return out;
  }));
}

/** Runs spans one after the other, each starting from the accumulators that the one before left. */
export function runSpans(random: RandomProgram, run: NativeRun, spans: Partial<SpanSpec>[],
                         outputs = outputsOf(random)): Outcome {
  let accumulators: Float64Array = new Float64Array(2 * random.spec.accumulators);
  for (const changes of spans) {
    const delivered = changes.shuffle ? {} : { outputs };
    const result: SpanResult = run.program.runSync(run.span({ ...changes, ...delivered, accumulators }));
    if (result.error) throw new Error(`the run ended with ${JSON.stringify(result.error)}`);
    accumulators = result.accumulators;
  }
  return { accumulators, outputs, parameters: readParameters(random, run.parameters) };
}
