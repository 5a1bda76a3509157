/**
 * What each instruction does with its operands, in the order the native core declares them. From these roles derive
 * which values need a gradient, what may be pruned and what may be fused.
 */
import type { BufferId, Instruction, InstructionOf, Op } from './instruction.js';

/** `out?` is written only when present; an operand that may be missing otherwise has its plain role. */
export type Role = 'in' | 'out' | 'inOut' | 'out?';

type OperandRoles = {
  readonly [O in Op]: { readonly [K in Exclude<keyof InstructionOf<O>, 'op'>]?: Role };
};

const logitsLoss = {
  logits: 'in', target: 'in', scale: 'in', values: 'out', probabilities: 'out?', gradient: 'out?',
} as const;

export const operandRoles: OperandRoles = {
  gemm: { a: 'in', b: 'in', bias: 'in', saved: 'in', out: 'out', columnSums: 'out?' },
  pointwise: { x: 'in', out: 'out' },
  pointwiseGradient: { saved: 'in', dy: 'in', out: 'out', columnSums: 'out?' },
  combine: { a: 'in', b: 'in', out: 'out' },
  reduce: { x: 'in', out: 'out' },
  broadcast: { x: 'in', out: 'out' },
  softmax: { x: 'in', out: 'out' },
  softmaxGradient: { y: 'in', dy: 'in', out: 'out' },
  softmaxCrossentropy: logitsLoss,
  sigmoidCrossentropy: logitsLoss,
  loss: { prediction: 'in', target: 'in', scale: 'in', values: 'out', gradient: 'out?' },
  lossScale: { weights: 'in', out: 'out' },
  accuracy: { prediction: 'in', target: 'in', values: 'out' },
  accumulate: { values: 'in', weights: 'in' },
  dropout: { x: 'in', out: 'out' },
  affine: { x: 'in', out: 'out' },
  sgd: { parameters: 'inOut', gradients: 'in', momentum: 'inOut', scalars: 'in' },
  adam: { parameters: 'inOut', gradients: 'in', m: 'inOut', v: 'inOut', vhat: 'inOut', scalars: 'in' },
};

/** An operand as its instruction declares it. */
interface OperandRole {
  name: string;
  reads: boolean;
  writes: boolean;
  /** The instruction is still well-formed without it. */
  droppable: boolean;
}

export interface Operand extends OperandRole {
  buffer: BufferId;
}

const rolesOf = new Map<string, readonly OperandRole[]>(Object.entries(operandRoles).map(([op, roles]) => [
  op, Object.entries(roles).map(([name, role]) => ({
    name, reads: role === 'in' || role === 'inOut', writes: role !== 'in', droppable: role === 'out?',
  })),
]));

/** Every pass of lowering asks for the operands of all instructions, which are never changed, only replaced. */
const known = new WeakMap<Instruction, readonly Operand[]>();

/** The operands an instruction has, missing ones left out. A gemm that accumulates reads its output too. */
export function operandsOf(instruction: Instruction): readonly Operand[] {
  let operands = known.get(instruction);
  if (!operands) known.set(instruction, operands = listOperands(instruction));
  return operands;
}

function listOperands(instruction: Instruction): Operand[] {
  const fields = instruction as unknown as Record<string, BufferId | undefined>;
  const accumulates = instruction.op === 'gemm' && instruction.accumulate;
  const operands: Operand[] = [];
  for (const { name, reads, writes, droppable } of rolesOf.get(instruction.op)!) {
    const buffer = fields[name];
    if (buffer === undefined) continue;
    operands.push({ name, buffer, reads: reads || (accumulates && name === 'out'), writes, droppable });
  }
  return operands;
}

/** The same instruction with every operand passed through `rename`. */
export function mapOperands(instruction: Instruction, rename: (id: BufferId) => BufferId): Instruction {
  const renamed: Record<string, unknown> = { ...instruction };
  for (const { name, buffer } of operandsOf(instruction)) renamed[name] = rename(buffer);
  return renamed as unknown as Instruction;
}

/** The same instruction without one of its optional operands. */
export function withoutOperand(instruction: Instruction, name: string): Instruction {
  return Object.fromEntries(Object.entries(instruction).filter(([field]) => field !== name)) as unknown as Instruction;
}
