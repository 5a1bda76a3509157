/** Losses of plain predictions on every instruction set against Keras: value and gradient. */
import assert from 'node:assert/strict';
import * as losses from '../../lib/losses/index.js';
import type { InstructionOf } from '../../lib/program/instruction.js';
import { batchShape, isas, newBuilder, prepare, rowsOf, runOnce, zeros } from './direct.js';
import {
  float64, isNear, readGolden, testCases, type GoldenArray, type JsonNumber, type KerasObject,
} from './golden.js';

interface Case {
  name: string; loss: KerasObject; y_true: GoldenArray; y_pred: GoldenArray; sample_weight: GoldenArray | null;
  value: GoldenArray; gradient: JsonNumber[]; float32: { value: number | number[]; gradient: JsonNumber[] };
}

const { cases } = readGolden<Case>('losses.json');

const notYet = {
  'SparseCategoricalCrossentropy/sparse/ignore_class=1': 'ignoreClass',
  'SparseCategoricalCrossentropy/sparse_logits/weighted/ignore_class=1/from_logits=True': 'ignoreClass',
  'CategoricalCrossentropy/onehot/axis=1': 'an axis other than the last',
};

/** At the ends of the clip, where 1 - 1e-7 is another number in float32, Keras's float32 answer counts as well. */
function isAtTheClip(c: Case): boolean {
  return /_edge|soft_bits/.test(c.name);
}

function assertEither(actual: ArrayLike<number>, c: Case, expected: Float64Array, float32: Float64Array,
                      absolute: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    const near = (e: number): boolean => isNear(actual[i]!, e, absolute, 2e-6);
    assert.ok(near(expected[i]!) || (isAtTheClip(c) && near(float32[i]!)),
      `${c.name}: ${what}[${i}] is ${actual[i]}, Keras has ${expected[i]}, in float32 ${float32[i]}`);
  }
}

function check(c: Case, isa: string): void {
  // 'none' leaves the values as they are; summing them has the gradient that the file gives.
  const isNone = c.loss.config['reduction'] === 'none';
  const loss = losses.get(isNone ? { ...c.loss, config: { ...c.loss.config, reduction: 'sum' } } : c.loss);
  const shape = batchShape(c.y_pred);
  const elements = shape.slice(0, -1);
  const rows = c.y_pred.shape[0]!;
  // The loss of x + 0, the 0 being a parameter, so that the loss has a gradient to give.
  const zero = zeros('zero', [shape.at(-1)!]);
  const builder = newBuilder('training', rows, [zero]);
  const prediction = builder.add(builder.input('x', shape), builder.parameter(zero));
  const { shape: targetShape, dtype, classes } = loss.targetSpec(shape);
  const target = builder.target('y', targetShape, dtype, classes);
  const weights = c.sample_weight ? builder.sampleWeights() : undefined;
  const scale = builder.scaleLoss(elements, loss.programReduction, weights);
  const values = loss.lower(builder, target, prediction);
  builder.accumulate(values, scale, true);
  const spec = builder.finish();

  const run = prepare(spec, isa, [zero]);
  const { accumulators } = runOnce(run, { rows, inputs: [rowsOf(c.y_pred)], targets: [rowsOf(c.y_true)],
    ...(c.sample_weight ? { weights: rowsOf(c.sample_weight) } : {}) });
  const instruction = spec.forward.find((i) => 'gradient' in i && 'values' in i) as InstructionOf<'loss'>;
  const weighted = Float64Array.from(run.program.readBuffer(instruction.values),
    (v, i) => v * run.program.readBuffer(scale.id)[i]!);
  const gradient = run.program.readBuffer(instruction.gradient!);

  const expected = float64(c.value.data);
  // Where the prediction is the target two terms of the size of the scale cancel, and their roundings are left.
  const scales = Float32Array.from(run.program.readBuffer(scale.id));
  const terms = scales.reduce((top, s) => Math.max(top, Math.abs(s)), 0) / shape.at(-1)!;
  const largest = float64(c.gradient).reduce((top, g) => Math.max(top, Math.abs(g)), terms);
  assertEither(isNone ? weighted : [accumulators[0]! / accumulators[1]!], c, expected,
    Float64Array.from([c.float32.value].flat(), Number), 1e-12, `${isa} value`);
  assertEither(gradient, c, float64(c.gradient), float64(c.float32.gradient), 1e-6 * largest, `${isa} gradient`);
}

describe('golden: losses', () => {
  testCases(cases, (c) => c.name, notYet, (c) => {
    for (const isa of isas) check(c, isa);
  });
});
