/** Programs that lowering would never make are refused with a sentence, and never run. */
import assert from 'node:assert/strict';
import { native, type SpanSpec } from '../../lib/native.js';
import type { Instruction } from '../../lib/program/instruction.js';
import { operandsOf } from '../../lib/program/operands.js';
import type { BufferSpec, ProgramSpec } from '../../lib/program/spec.js';
import { Dice } from '../reference/dice.js';
import { randomProgram } from '../reference/random-program.js';
import { outputsOf, prepare } from './native-run.js';

type Draft = { -readonly [K in keyof ProgramSpec]: ProgramSpec[K] extends readonly (infer T)[] ? T[] : ProgramSpec[K] };

const layout = [{ name: 'w', shape: [4, 3] }, { name: 'b', shape: [3] }];
/** The buffers of the draft, in order. */
const [x, w, b, z, label, values, scale] = [0, 1, 2, 3, 4, 5, 6];
const [dz, dw, slab, gradients, slot, scalars, db] = [7, 8, 9, 10, 11, 12, 13];
const f32 = 'f32' as const;

/** x w + b, a sparse cross-entropy, and a step of SGD with momentum. */
function draft(): Draft {
  const plain = { transposeA: false, transposeB: false, accumulate: false, function: 'linear', alpha: 0 } as const;
  const range = { dtype: f32, first: 0, count: 2, shape: [32] };
  return {
    name: 'draft', maxRows: 8, accumulators: 1,
    buffers: [
      { kind: 'input', name: 'x', dtype: f32, shape: [null, 4], scale: 1, offset: 0 },
      { kind: 'parameter', name: 'w', dtype: f32, shape: [4, 3], first: 0, count: 1 },
      { kind: 'parameter', name: 'b', dtype: f32, shape: [3], first: 1, count: 1 },
      { kind: 'temp', name: 'z', dtype: f32, shape: [null, 3] },
      { kind: 'target', name: 'label', dtype: 'i32', shape: [null], classes: 3 },
      { kind: 'temp', name: 'values', dtype: f32, shape: [null] },
      { kind: 'temp', name: 'scale', dtype: f32, shape: [null] },
      { kind: 'temp', name: 'dz', dtype: f32, shape: [null, 3] },
      { kind: 'gradient', name: 'dw', dtype: f32, shape: [4, 3], first: 0, count: 1 },
      { kind: 'parameter', name: 'slab', ...range }, { kind: 'gradient', name: 'gradients', ...range },
      { kind: 'slot', name: 'momentum', slot: 0, ...range }, { kind: 'scalars', name: 'scalars', dtype: f32, shape: [3] },
      { kind: 'gradient', name: 'db', dtype: f32, shape: [3], first: 1, count: 1 },
    ],
    forward: [
      { op: 'gemm', a: x, b: w, bias: b, out: z, ...plain },
      { op: 'lossScale', out: scale, reduction: 'sumOverBatchSize' },
      { op: 'softmaxCrossentropy', logits: z, target: label, scale, values, gradient: dz, labelSmoothing: 0 },
      { op: 'accumulate', values, weights: scale, into: 0, asLoss: true },
    ],
    backward: [
      { op: 'gemm', a: x, b: dz, out: dw, ...plain, transposeA: true },
      { op: 'reduce', x: dz, out: db, function: 'sum', overRows: true },
    ],
    update: [{ op: 'sgd', parameters: slab, gradients, momentum: slot, scalars, nesterov: false, weightDecay: false }],
  };
}

function build(spec: ProgramSpec): void {
  new (native().Program)(spec, new (native().Parameters)(layout, 1), {});
}

/** Changes to the draft, and what the refusal must name. */
const changes: Record<string, [(spec: Draft) => void, RegExp]> = {
  'a product of shapes that do not fit': [(s) => set(s, w, { shape: [3, 4] }),
    /forward\[0\] gemm.*`b`.*\[3, 4\].*`a`.*\[rows, 4\]/],
  'an output of another shape': [(s) => set(s, z, { shape: [null, 4] }), /forward\[0\] gemm.*`out`.*\[rows, 4\]/],
  'a bias of another length': [(s) => edit(s.forward, 0, { bias: w }), /forward\[0\] gemm.*`bias`.*\[4, 3\]/],
  'an operand that does not exist': [(s) => edit(s.forward, 0, { a: 99 }), /a`?.*99|99.*`a`/],
  'a negative operand': [(s) => edit(s.forward, 0, { a: -1 }), /-1/],
  'an operand that is no integer': [(s) => edit(s.forward, 0, { a: 0.5 }), /0\.5/],
  'an operand that is missing': [(s) => edit(s.forward, 0, { a: undefined }), /\.a\b|`a`/],
  'an unknown field': [(s) => edit(s.forward, 0, { beta: 1 }), /gemm has no field "beta"/],
  'an unknown instruction': [(s) => edit(s.forward, 0, { op: 'conv' }), /"conv"/],
  'an unknown function': [(s) => edit(s.forward, 0, { function: 'sine' }), /"sine"/],
  'a read before the write': [(s) => s.forward.reverse(), /forward\[0\] accumulate.*read before it is written/],
  'a read of a gradient nobody wrote': [(s) => void s.backward.pop(), /update\[0\] sgd.*`gradients`.*read before/],
  'a write to an input': [(s) => edit(s.forward, 0, { out: x, b: w }), /gemm/],
  'a write to a parameter': [(s) => edit(s.backward, 1, { out: b }), /backward\[1\] reduce.*`out`.*parameter/],
  'an optimizer outside of the update': [(s) => s.backward.push(s.update[0]!), /backward\[2\] sgd.*update/],
  'a product onto its own operand': [(s) => {
    set(s, w, { shape: [4, 4], first: 0 });
    edit(s.forward, 0, { out: x });
  }, /w`.*\[4, 4\]|overlaps|written/],
  'gradients that are too few for the range': [(s) => edit(s.update, 0, { gradients: dw }),
    /update\[0\] sgd.*`gradients`/],
  'a slot that is a parameter': [(s) => edit(s.update, 0, { momentum: slab }), /update\[0\] sgd.*`momentum`/],
  'a slot beyond all number': [(s) => set(s, slot, { slot: 1e6 }), /`slot` is 1000000/],
  'too few scalars': [(s) => set(s, scalars, { shape: [2] }), /update\[0\] sgd.*scalars.*3/],
  'two buffers of scalars': [(s) => s.buffers.push(s.buffers[scalars]!), /scalars/],
  'an accumulator too many': [(s) => edit(s.forward, 3, { into: 1 }), /forward\[3\] accumulate.*`into`.*1/],
  'labels that nobody checks': [(s) => set(s, label, { classes: undefined }),
    /forward\[2\] softmaxCrossentropy.*classes/],
  'labels beyond the logits': [(s) => set(s, label, { classes: 4 }), /forward\[2\] softmaxCrossentropy.*classes.*4/],
  'a gradient without its scale': [(s) => edit(s.forward, 2, { scale: undefined }),
    /forward\[2\] softmaxCrossentropy.*`scale`/],
  'values for other elements': [(s) => set(s, values, { shape: [null, 3] }),
    /forward\[2\] softmaxCrossentropy.*`values`/],
  'a smoothing beyond 1': [(s) => edit(s.forward, 2, { labelSmoothing: 1.5 }), /labelSmoothing.*1\.5/],
  'rows on a second axis': [(s) => set(s, z, { shape: [3, null] }), /z`?.*\[3, rows\]|shape/],
  'an axis that is negative': [(s) => set(s, z, { shape: [null, -3] }), /-3/],
  'more elements than can be addressed': [(s) => set(s, z, { shape: [null, 2 ** 39, 2 ** 39] }),
    /large|address|elements/],
  'a view of another size': [(s) => addView(s, { shape: [null, 2] }), /`v`.*another size/],
  'a view of itself': [(s) => addView(s, { of: s.buffers.length }), /`v`.*itself/],
  'a view of another type': [(s) => addView(s, { dtype: 'i32' }), /`v`.*type/],
  'a parameter the model has not': [(s) => set(s, b, { first: 2 }), /`b`.*parameters 2 to 2/],
  'a range of another size': [(s) => set(s, slab, { shape: [15] }), /slab.*32/],
  'a program of no rows': [(s) => void (s.maxRows = 0), /maxRows.*0/],
  'a negative number of accumulators': [(s) => void (s.accumulators = -1), /accumulators|-1/],
  'a kind that does not exist': [(s) => set(s, z, { kind: 'scratch' }), /"scratch"/],
  'no list of buffers': [(s) => void (s.buffers = undefined as never), /buffers/],
};

function set(spec: Draft, buffer: number, fields: object): void {
  spec.buffers[buffer] = { ...spec.buffers[buffer], ...fields } as BufferSpec;
}

function addView(spec: Draft, fields: object): void {
  spec.buffers.push({ kind: 'view', name: 'v', dtype: f32, shape: [null, 3], of: z, ...fields } as BufferSpec);
}

function edit(code: Instruction[], index: number, fields: object): void {
  code[index] = { ...code[index], ...fields } as Instruction;
}

describe('malformed programs', () => {
  it('the draft itself is accepted', () => build(draft()));

  for (const [what, [change, message]] of Object.entries(changes)) {
    it(`refuses ${what}`, () => {
      const spec = draft();
      change(spec);
      assert.throws(() => build(spec), (error: Error) => {
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('refuses to run with a slot that the parameters have not', () => {
    const spec = draft();
    set(spec, slot, { slot: 1 });
    const program = new (native().Program)(spec, new (native().Parameters)(layout, 1), {});
    assert.throws(() => program.runSync({
      inputs: [{ data: new Float32Array(8), rowLength: 4 }], targets: [{ data: new Int32Array(2), rowLength: 1 }],
      rows: 2, batchSize: 2, firstStep: 0, steps: 1, shuffle: false, seed: 0, epoch: 0, scalars: new Float32Array(3),
      threads: 1, checkFinite: false, segments: { forward: true, backward: true, update: true },
    }), /slot/);
  });

  it('leaves nothing alive behind a refusal', () => {
    const before = native().counters().programs;
    for (const [change] of Object.values(changes)) {
      const spec = draft();
      change(spec);
      assert.throws(() => build(spec));
    }
    assert.equal(native().counters().programs, before);
  });
});

/** Changes one thing somewhere in a valid program, as a slip in lowering would. */
function damage(spec: ProgramSpec, dice: Dice): ProgramSpec {
  const buffers = [...spec.buffers];
  const forward = [...spec.forward];
  const at = dice.below(forward.length);
  const buffer = dice.below(buffers.length);
  const kinds: (() => void)[] = [
    () => void forward.splice(at, 1),
    () => void forward.splice(at, 2, ...forward.slice(at, at + 2).reverse()),
    () => forward.push(forward[at]!),
    () => {
      const operand = dice.pick(operandsOf(forward[at]!));
      forward[at] = { ...forward[at]!, [operand.name]: dice.below(buffers.length) } as Instruction;
    },
    () => {
      const shape = [...buffers[buffer]!.shape];
      const axis = dice.below(shape.length);
      shape[axis] = dice.pick([null, 0, 1, 2, 17, (shape[axis] ?? 5) + 1]);
      buffers[buffer] = { ...buffers[buffer]!, shape };
    },
    () => void (buffers[buffer] = { ...buffers[dice.below(buffers.length)]! }),
  ];
  dice.pick(kinds)();
  return { ...spec, buffers, forward };
}

describe('damaged programs', () => {
  it('are refused with a sentence, or run within their memory', () => {
    let refused = 0;
    for (let seed = 0; seed < 600; seed++) {
      const random = randomProgram(seed % 50);
      const dice = new Dice(10_000 + seed);
      const damaged = { ...random, spec: damage(random.spec, dice) };
      const spans: Partial<SpanSpec>[] = [{ threads: 1 }, { threads: 3 }];
      try {
        const run = prepare(damaged, { keepTemporaries: dice.chance(0.5) });
        for (const span of spans) run.program.runSync(run.span({ ...span, outputs: outputsOf(damaged) }));
      } catch (error) {
        refused++;
        assert.ok(error instanceof Error, String(error));
        assert.ok(error.message.length > 20 && /^internal: |`/.test(error.message), `no sentence: ${error.message}`);
      }
    }
    assert.ok(refused > 150 && refused < 600, `${refused} of 600 refused`);
  });
});
