/** Programs as text, for tests that say what a model is lowered to. */
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import type { Instruction, Op } from '../../lib/program/instruction.js';
import { operandsOf } from '../../lib/program/operands.js';
import type { Lowered, Objective } from '../../lib/program/lower.js';

export const options = { name: 'model', maxRows: 128 };

export function objective(loss: losses.LossIdentifier, ...names: metrics.MetricIdentifier[]): Objective {
  return { loss: losses.get(loss), metrics: names.map((name) => metrics.get(name)), weightedMetrics: [] };
}

/** `op(operand: buffer, …) -> results`, with the fields that are not at their usual value. */
export function line({ spec }: Lowered, instruction: Instruction): string {
  const name = (id: number) => spec.buffers[id]!.name;
  const operands = operandsOf(instruction);
  const reads = operands.filter((o) => o.reads).map((o) => `${o.name}: ${name(o.buffer)}`);
  const writes = operands.filter((o) => o.writes).map((o) => name(o.buffer));
  const usual = [false, 0, 'linear', instruction.op];
  const extra = Object.entries(instruction)
    .filter(([field, value]) => !usual.includes(value) && !operands.some((o) => o.name === field))
    .map(([field, value]) => `${field}: ${value}`);
  return `${instruction.op}(${[...reads, ...extra].join(', ')})${writes.length ? ` -> ${writes.join(', ')}` : ''}`;
}

/** All segments, one after the other. */
export function lines(lowered: Lowered): string[] {
  const { forward, backward, update } = lowered.spec;
  return [...forward, ...backward, ...update].map((instruction) => line(lowered, instruction));
}

export function ops({ spec: { forward, backward, update } }: Lowered): Op[] {
  return [...forward, ...backward, ...update].map(({ op }) => op);
}
