/** Programs that are there for a single instruction, and the seconds it takes in them. */
import { native, type NativeArray, type SpanSpec } from '../../lib/native.js';
import type { Instruction } from '../../lib/program/instruction.js';
import type { BufferSpec, ProgramSpec, Shape } from '../../lib/program/spec.js';

export const rows = 256;
export const cols = 128;
export const classes = 10;
export const elements = rows * cols;

/** A program over x (rows, cols), its logits (rows, classes) and targets; `instruction` is what is measured. */
export interface OneInstruction {
  name: string;
  instruction: Instruction;
  segment: 'forward' | 'update';
  /** Bytes of its operands, each counted once. */
  bytes: number;
}

const matrix: Shape = [null, cols];
const f32 = 'f32' as const;

/** Operands by number, as the instructions below use them. */
export const operand = {
  x: 0, logits: 1, dense: 2, labels: 3, scalars: 4, w: 5, dw: 6, m: 7, v: 8, scale: 9, values: 10, out: 11, small: 12,
  column: 13, row: 14, copied: 15,
} as const;

const buffers: readonly BufferSpec[] = [
  { kind: 'input', name: 'x', dtype: f32, shape: matrix, scale: 1, offset: 0 },
  { kind: 'input', name: 'logits', dtype: f32, shape: [null, classes], scale: 1, offset: 0 },
  { kind: 'target', name: 'dense', dtype: f32, shape: [null, classes] },
  { kind: 'target', name: 'labels', dtype: 'i32', shape: [null], classes },
  { kind: 'scalars', name: 'scalars', dtype: f32, shape: [5] },
  { kind: 'parameter', name: 'w', dtype: f32, shape: [elements], first: 0, count: 1 },
  { kind: 'gradient', name: 'dw', dtype: f32, shape: [elements], first: 0, count: 1 },
  { kind: 'slot', name: 'm', dtype: f32, shape: [elements], first: 0, count: 1, slot: 0 },
  { kind: 'slot', name: 'v', dtype: f32, shape: [elements], first: 0, count: 1, slot: 1 },
  { kind: 'temp', name: 'scale', dtype: f32, shape: [null] },
  { kind: 'temp', name: 'values', dtype: f32, shape: [null] },
  { kind: 'temp', name: 'out', dtype: f32, shape: matrix },
  { kind: 'temp', name: 'small', dtype: f32, shape: [null, classes] },
  { kind: 'temp', name: 'column', dtype: f32, shape: [null, 1] },
  { kind: 'temp', name: 'row', dtype: f32, shape: [cols] },
  { kind: 'temp', name: 'copied', dtype: f32, shape: [null, 1] },
];

/** What the measured instructions read besides the batch: written before each of them. */
const preparation = {
  forward: [
    { op: 'lossScale', out: operand.scale, reduction: 'sumOverBatchSize' },
    { op: 'reduce', x: operand.x, out: operand.copied, function: 'sum', overRows: false },
  ],
  backward: [{ op: 'pointwise', x: operand.w, out: operand.dw, function: 'linear', alpha: 0 }],
} as const satisfies Record<string, readonly Instruction[]>;

function batch(): Pick<SpanSpec, 'inputs' | 'targets'> {
  const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const dense = new Float32Array(rows * classes);
  labels.forEach((label, i) => { dense[i * classes + label] = 1; });
  const array = (data: NativeArray['data']): NativeArray => ({ data, rowLength: data.length / rows });
  return { inputs: [array(wave(elements)), array(wave(rows * classes))], targets: [array(dense), array(labels)] };
}

/** Seconds of single runs of the instruction: `count` of them, each the mean of `steps` in a row. */
export function measure({ instruction, segment }: OneInstruction, isa: string, count: number, steps = 20): number[] {
  const forward = [...preparation.forward, ...(segment === 'forward' ? [instruction] : [])];
  const update = segment === 'update' ? [instruction] : [];
  const spec: ProgramSpec = { name: 'one instruction', maxRows: rows, buffers, accumulators: 1, forward,
    backward: preparation.backward, update };
  const parameters = new (native().Parameters)([{ name: 'w', shape: [elements] }], 2);
  const program = new (native().Program)(spec, parameters, { isa });
  const timings = new Float64Array(forward.length + spec.backward.length + update.length + 2);
  const span: SpanSpec = { ...batch(), rows, batchSize: rows, firstStep: 0, steps: 1, shuffle: false, seed: 1, epoch: 0,
    threads: 1, checkFinite: false, segments: { forward: true, backward: true, update: true }, timings,
    scalars: Float32Array.of(1e-3, 0.9, 0.999, 1e-7, 0) };
  const place = segment === 'forward' ? forward.length - 1 : forward.length + spec.backward.length;
  return Array.from({ length: count + 1 }, () => {
    timings.fill(0);
    for (let i = 0; i < steps; i++) program.runSync(span);
    return timings[place]! / steps;
  }).slice(1);
}
