/** What lowering thinks an instruction does with its operands is what the core declares. */
import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';
import { mapOperands, operandRoles, operandsOf, withoutOperand } from '../../lib/program/operands.js';
import type { InstructionOf } from '../../lib/program/instruction.js';

describe('roles of operands', () => {
  for (const [op, roles] of Object.entries(operandRoles)) {
    it(`${op}: as the core declares them, in order`, () => {
      const { fields } = native()
        .instructions()
        .find((instruction) => instruction.op === op)!;
      const operands = fields.filter(({ role }) => ['in', 'out', 'inOut'].includes(role));
      const declared = operands.map(({ name, role, optional }) => [name, role === 'out' && optional ? 'out?' : role]);
      assert.deepEqual(Object.entries(roles), declared);
    });
  }

  it('there are as many as instructions', () => {
    assert.deepEqual(
      Object.keys(operandRoles),
      native()
        .instructions()
        .map(({ op }) => op),
    );
  });
});

describe('operands of an instruction', () => {
  const gemm: InstructionOf<'gemm'> = {
    op: 'gemm',
    a: 3,
    b: 4,
    out: 5,
    transposeA: false,
    transposeB: false,
    accumulate: false,
    function: 'relu',
    alpha: 0,
  };

  it('are those it has', () => {
    const names = (code: InstructionOf<'gemm'>) => operandsOf(code).map(({ name, buffer }) => [name, buffer]);
    assert.deepEqual(names(gemm), [
      ['a', 3],
      ['b', 4],
      ['out', 5],
    ]);
    assert.deepEqual(names({ ...gemm, bias: 0 }), [
      ['a', 3],
      ['b', 4],
      ['bias', 0],
      ['out', 5],
    ]);
  });

  it('an accumulating gemm reads what it writes', () => {
    const readsOut = (accumulate: boolean) =>
      operandsOf({ ...gemm, accumulate }).find(({ name }) => name === 'out')?.reads;
    assert.deepEqual([readsOut(false), readsOut(true)], [false, true]);
  });

  it('are renamed, and left out', () => {
    assert.deepEqual(
      mapOperands(gemm, (id) => id + 10),
      { ...gemm, a: 13, b: 14, out: 15 },
    );
    assert.deepEqual(withoutOperand({ ...gemm, bias: 6 }, 'bias'), gemm);
  });
});
