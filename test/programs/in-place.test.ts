/** Where an instruction may write onto an operand, it leaves the same bits as when it writes beside it. */
import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';
import type { BufferId, Instruction } from '../../lib/program/instruction.js';
import type { BufferSpec, ProgramSpec } from '../../lib/program/spec.js';
import { Dice } from '../reference/dice.js';

const [rows, cols] = [19, 37];
const shape = [null, cols];

type Make = (a: BufferId, b: BufferId, out: BufferId) => Instruction;

/** Each instruction, given operands a and b and an output; and which of the operands the output may be. */
const instructions: Record<string, [Make, ('a' | 'b')[]]> = {
  pointwise: [(x, _, out) => ({ op: 'pointwise', x, out, function: 'gelu', alpha: 0 }), ['a']],
  pointwiseGradient: [(saved, dy, out) =>
    ({ op: 'pointwiseGradient', saved, dy, out, function: 'tanh', alpha: 0 }), ['a', 'b']],
  combine: [(a, b, out) => ({ op: 'combine', a, b, out, function: 'multiply' }), ['a', 'b']],
  softmax: [(x, _, out) => ({ op: 'softmax', x, out }), ['a']],
  softmaxGradient: [(y, dy, out) => ({ op: 'softmaxGradient', y, dy, out }), ['a', 'b']],
  dropout: [(x, _, out) => ({ op: 'dropout', x, out, rate: 0.3, stream: 1 }), ['a']],
  affine: [(x, _, out) => ({ op: 'affine', x, out, scale: 0.3, offset: 0.7 }), ['a']],
};

/** Copies both inputs, runs the instruction on the copies, and delivers what it wrote. */
function run(isa: string, threads: number, make: Make, onto?: 'a' | 'b'): Float32Array {
  const buffers: BufferSpec[] = [
    ...['x', 'y'].map((name) => ({ kind: 'input', name, dtype: 'f32', shape, scale: 1, offset: 0 }) as const),
    ...['a', 'b', 'beside'].map((name) => ({ kind: 'temp', name, dtype: 'f32', shape }) as const),
    { kind: 'output', name: 'result', dtype: 'f32', shape },
  ];
  const copy = (x: BufferId, out: BufferId): Instruction => ({ op: 'pointwise', x, out, function: 'linear', alpha: 0 });
  const out = onto === 'a' ? 2 : onto === 'b' ? 3 : 4;
  const spec: ProgramSpec = { name: 'in place', maxRows: rows, buffers, accumulators: 0,
    forward: [copy(0, 2), copy(1, 3), make(2, 3, out), copy(out, 5)], backward: [], update: [] };
  const result = new Float32Array(rows * cols);
  const dice = new Dice(3);
  const inputs = [0, 1].map(() => ({ data: dice.floats(rows * cols, -1, 1), rowLength: cols }));
  const parameters = new (native().Parameters)([], 0);
  new (native().Program)(spec, parameters, { isa, keepTemporaries: true }).runSync({
    inputs, targets: [], rows, batchSize: rows, firstStep: 0, steps: 1, shuffle: false, seed: 1, epoch: 0, threads,
    checkFinite: false, segments: { forward: true, backward: false, update: false }, outputs: [result],
  });
  return result;
}

describe('in place', () => {
  for (const [name, [make, operands]] of Object.entries(instructions)) {
    for (const onto of operands) {
      it(`${name} onto ${onto}`, () => {
        for (const isa of native().cpu().isas) {
          const beside = run(isa, 1, make);
          assert.ok(beside.some((v) => v !== 0));
          for (const threads of [1, 3]) {
            assert.deepEqual(run(isa, threads, make, onto), beside, `${isa}, ${threads} threads`);
          }
        }
      });
    }
  }
});
