/** Activations on every instruction set against Keras: value and gradient. */
import assert from 'node:assert/strict';
import * as activations from '../../lib/activations.js';
import { native } from '../../lib/native.js';
import { pointwiseSaves, type InstructionOf, type PointwiseFunction } from '../../lib/program/instruction.js';
import { isas, newBuilder, prepare, rowsOf, runOnce } from './direct.js';
import { assertNear, float64, inputs, readGolden, testCases, type GoldenArray, type JsonNumber } from './golden.js';

interface Case {
  name: string; kind: 'elementwise' | 'rows'; variant?: string; arguments: Record<string, number | boolean>;
  output: JsonNumber[]; gradient: JsonNumber[]; x?: GoldenArray; upstream?: number[];
}

const { cases, x } = readGolden<Case, { x: JsonNumber[] }>('activations.json');
const nameOf = (c: Case): string => [c.name, c.variant, ...Object.entries(c.arguments).map(([k, v]) => `${k}=${v}`)]
  .filter((part) => part !== undefined).join('/');

/** Functions with arguments that the core has, though no activation of quern's spells them yet. */
const withArguments: Record<string, [PointwiseFunction, number]> = {
  'elu/alpha=0.3': ['elu', 0.3],
  'gelu/approximate=true': ['geluTanh', 0],
  'leaky_relu/negative_slope=0.01': ['leakyRelu', 0.01],
  'relu/negative_slope=0.1': ['leakyRelu', 0.1],
};

const missing = (names: string[], what: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, what]));
const notYet = {
  ...missing(['celu', 'celu/alpha=0.5', 'hard_shrink', 'hard_shrink/threshold=1', 'hard_sigmoid', 'hard_silu',
    'hard_tanh', 'log_sigmoid', 'mish', 'relu6', 'soft_shrink', 'soft_shrink/threshold=1', 'softsign', 'sparse_plus',
    'sparse_sigmoid', 'squareplus', 'squareplus/b=1', 'tanh_shrink', 'threshold/threshold=1/default_value=-1.5'],
  'the activation'),
  ...missing(['relu/max_value=6', 'relu/threshold=1', 'relu/negative_slope=0.25/max_value=3/threshold=0.5'],
    "relu's further arguments"),
  ...missing(['log_softmax/rows', 'log_softmax/rows_one_column', 'log_softmax/rows_wide', 'log_softmax/rows_nan_inf',
    'sparsemax/rows', 'sparsemax/rows_one_column', 'sparsemax/rows_wide', 'glu'], 'the activation'),
};

/** The instruction that an activation lowers to; linear emits none. */
function instructionOf(c: Case): Pick<InstructionOf<'pointwise'>, 'function' | 'alpha'> {
  const known = withArguments[nameOf(c)];
  if (known) return { function: known[0], alpha: known[1] };
  if (Object.keys(c.arguments).length > 0) throw new TypeError(`${nameOf(c)} has arguments`);
  const builder = newBuilder('prediction', 1);
  activations.get(c.name as 'relu').lower(builder, builder.input('x', [null, 1]));
  const [instruction] = builder.finish().forward;
  assert.ok(instruction === undefined || instruction.op === 'pointwise');
  return instruction ?? { function: 'linear', alpha: 0 };
}

/** Values are Keras's also at infinity where Keras has a number; gradients at kinks and beyond the finite are not. */
function isCompared(value: number, expected: number, what: 'output' | 'gradient'): boolean {
  if (what === 'output') return !Number.isNaN(expected) || Number.isNaN(value);
  return Number.isFinite(value) && Math.abs(value) > 1e-16;
}

function checkElementwise(c: Case, isa: string): void {
  const { function: f, alpha } = instructionOf(c);
  const values = Float32Array.from(inputs(x));
  const y = new Float32Array(values.length);
  const slope = new Float32Array(values.length);
  native().pointwise(isa, f, values, y, alpha);
  const saved = pointwiseSaves[f] === 'output' ? y : values;
  native().pointwiseGradient(isa, f, saved, new Float32Array(y.length).fill(1), slope, alpha);
  for (const [what, actual] of [['output', y], ['gradient', slope]] as const) {
    const expected = float64(c[what]);
    values.forEach((value, i) => {
      if (!isCompared(value, expected[i]!, what)) return;
      assertNear([actual[i]!], [expected[i]!], 1e-6, 1e-6, `${isa} ${what} at ${value}`);
    });
  }
}

function checkRows(c: Case, isa: string): void {
  if (c.name !== 'softmax') activations.get(c.name as 'softmax');
  const [rows, cols] = c.x!.shape as [number, number];
  const builder = newBuilder('prediction', rows);
  const z = builder.input('x', [null, cols]);
  const dy = builder.input('dy', [null, cols]);
  const y = activations.get('softmax').lower(builder, z);
  const dz = builder.temp([null, cols], 'dz');
  builder.emit({ op: 'softmaxGradient', y: y.id, dy: dy.id, out: dz.id });
  const run = prepare(builder.finish(), isa);
  runOnce(run, { rows, inputs: [rowsOf(c.x!), { data: Float32Array.from(c.upstream!), rowLength: cols }] });
  assertNear(run.program.readBuffer(y.id), c.output, 1e-6, 1e-6, `${isa} output`);
  assertNear(run.program.readBuffer(dz.id), c.gradient, 1e-6, 1e-6, `${isa} gradient`);
}

describe('golden: activations', () => {
  testCases(cases, nameOf, notYet, (c) => {
    for (const isa of isas) (c.kind === 'rows' ? checkRows : checkElementwise)(c, isa);
  });
});
