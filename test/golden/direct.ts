/** Small programs built directly, to put one loss, metric or optimizer on the native core under exact inputs. */
import { Parameter } from '../../lib/layers/parameter.js';
import * as initializers from '../../lib/initializers/index.js';
import {
  native, type NativeArray, type NativeParameters, type NativeProgram, type SpanResult, type SpanSpec,
} from '../../lib/native.js';
import { ProgramBuilder, type Mode } from '../../lib/program/builder.js';
import type { ProgramSpec } from '../../lib/program/spec.js';
import { typed, type GoldenArray } from './golden.js';

export const isas = native().cpu().isas;

/** A parameter of zeros, which stands where a test needs something that training would change. */
export function zeros(name: string, shape: readonly number[]): Parameter {
  return new Parameter({ layer: 'test', name, shape, initializer: initializers.get('zeros') });
}

export function newBuilder(mode: Mode, maxRows: number, parameters: readonly Parameter[] = []): ProgramBuilder {
  return new ProgramBuilder({ mode, name: 'golden', maxRows, parameters });
}

export interface Direct { program: NativeProgram; parameters: NativeParameters }

/** The spec on one instruction set, over parameters that are zero, with every buffer readable. */
export function prepare(spec: ProgramSpec, isa: string, layout: readonly Parameter[] = [], slots = 0): Direct {
  const slab = layout.map(({ path, shape }) => ({ name: path, shape: [...shape] }));
  const parameters = new (native().Parameters)(slab, slots);
  return { parameters, program: new (native().Program)(spec, parameters, { isa, keepTemporaries: true }) };
}

/** One step over all rows. */
export function runOnce({ program }: Direct, span: Pick<SpanSpec, 'rows' | 'inputs'> & Partial<SpanSpec>): SpanResult {
  const result = program.runSync({
    targets: [], batchSize: span.rows, firstStep: 0, steps: 1, shuffle: false, seed: 0, epoch: 0, threads: 1,
    checkFinite: false, segments: { forward: true, backward: false, update: false }, ...span,
  });
  if (result.error || result.steps !== (span.steps ?? 1)) throw new Error(`the run ended with ${JSON.stringify(result)}`);
  return result;
}

/** Rows as the core reads them. */
export function rowsOf(array: GoldenArray): NativeArray {
  const { data } = typed(array);
  if (data instanceof Float64Array) throw new Error('inputs are float32, int32 or uint8');
  return { data, rowLength: data.length / array.shape[0]! };
}

/** Shape with the batch axis in front; a vector of predictions is a column. */
export function batchShape({ shape }: GoldenArray): (number | null)[] {
  return shape.length === 1 ? [null, 1] : [null, ...shape.slice(1)];
}
