/** Random programs on the native core against the float64 interpreter, instruction by instruction. */
import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';
import { operandsOf } from '../../lib/program/operands.js';
import { runWithBounds } from '../reference/bounds.js';
import { Interpreter, ReferenceParameters } from '../reference/interpreter.js';
import type { StepState } from '../reference/instructions.js';
import { makers } from '../reference/program-makers.js';
import { randomProgram, type RandomProgram } from '../reference/random-program.js';
import { epochKey } from '../reference/random.js';
import { outputsOf, prepare, readParameters } from './native-run.js';

/** The reference, with every buffer holding what the native run left in it; parameters and slots as before the run. */
function replay(random: RandomProgram, isa: string, step: number): { state: StepState; final: Float64Array[];
                                                                     accumulators: Float64Array } {
  const run = prepare(random, { isa, keepTemporaries: true });
  const outputs = outputsOf(random);
  const result = run.program.runSync(run.span({ firstStep: step, steps: 1, outputs,
    scalars: run.span().scalars!.slice(step * scalarCount(random), (step + 1) * scalarCount(random)) }));
  assert.equal(result.error, undefined);
  assert.equal(result.steps, 1);

  const parameters = new ReferenceParameters(random.layout, random.slots);
  random.values.forEach((values, index) => parameters.at(index).set(values));
  const interpreter = new Interpreter(random.spec, parameters);
  const memory = interpreter.begin(run.span({ firstStep: step, steps: 1 }), step);
  const after = new ReferenceParameters(random.layout, random.slots);
  readParameters(random, run.parameters).forEach((slabs, index) =>
    slabs.forEach((values, slot) => after.at(index, slot - 1).set(values)));
  const final = random.spec.buffers.map((buffer, id) => {
    if (buffer.kind === 'parameter') return after.range(after.values, buffer.first, buffer.count);
    if (buffer.kind === 'slot') return after.range(after.slots[buffer.slot]!, buffer.first, buffer.count);
    const { data } = memory.get(id);
    data.set(run.program.readBuffer(id).subarray(0, data.length));
    return data.slice();
  });
  const accumulators = new Float64Array(2 * random.spec.accumulators);
  const { seed, epoch } = random.span;
  const state = { memory, accumulators, key: epochKey(seed, epoch), step };
  return { state, final, accumulators: result.accumulators };
}

function scalarCount({ spec }: RandomProgram): number {
  return spec.buffers.find((b) => b.kind === 'scalars')!.shape[0]!;
}

/** Outputs that a later instruction writes again (what a gemm accumulates onto) are judged there. */
function isLastWriter(random: RandomProgram, index: number, buffer: number): boolean {
  const code = [...random.spec.forward, ...random.spec.backward, ...random.spec.update];
  return !code.slice(index + 1).some((later) => operandsOf(later).some((o) => o.writes && o.buffer === buffer));
}

function compare(random: RandomProgram, isa: string, step: number): void {
  const { state, final, accumulators } = replay(random, isa, step);
  const code = [...random.spec.forward, ...random.spec.backward, ...random.spec.update];
  code.forEach((instruction, index) => {
    const bounds = runWithBounds(instruction, state);
    for (const { name, buffer, writes } of operandsOf(instruction)) {
      if (!writes) continue;
      const exact = state.memory.get(buffer).data;
      const judged = isLastWriter(random, index, buffer);
      const was = final[buffer]!;
      if (judged) {
        const bound = bounds.get(buffer)!;
        exact.forEach((value, i) => assert.ok(Math.abs(was[i]! - value) <= (bound[i] ?? NaN),
          `seed ${random.spec.name} ${isa}: ${JSON.stringify(instruction)}, ${name}[${i}] of `
          + `${state.memory.get(buffer).shape.join('x')} is ${was[i]}, exactly ${value}, bound ${bound[i]}`));
        exact.set(was);
      }
    }
  });
  state.accumulators.forEach((value, i) => assert.ok(
    Math.abs(accumulators[i]! - value) <= 1e-6 * Math.abs(value) + 1e-9 * (1 + Math.abs(accumulators[i]!)),
    `${random.spec.name} ${isa}: accumulator ${i} is ${accumulators[i]}, exactly ${value}`));
}

describe('random programs, each instruction against float64', () => {
  for (const isa of native().cpu().isas) {
    it(`${isa}: programs of everything`, () => {
      for (let seed = 0; seed < 3000; seed++) compare(randomProgram(seed), isa, seed % 3);
    });
    for (const name of Object.keys(makers) as (keyof typeof makers)[]) {
      it(`${isa}: programs about ${name}`, () => {
        for (let seed = 100; seed < 200; seed++) compare(randomProgram(seed, name), isa, seed % 3);
      });
    }
  }
});
