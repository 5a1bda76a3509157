/** Removes what nobody reads: instructions, optional results of others, and buffers. */
import type { BufferId, Instruction } from './instruction.js';
import { mapOperands, operandsOf, withoutOperand } from './operands.js';
import type { BufferSpec, ProgramSpec } from './spec.js';

/** Writes to these are what a program is run for. */
const lasting: ReadonlySet<BufferSpec['kind']> = new Set(['output', 'parameter', 'gradient', 'slot']);
/** The trainer fills these, so they stay even when no instruction reads them. */
const filled: ReadonlySet<BufferSpec['kind']> = new Set(['input', 'target', 'weights', 'scalars']);

const segments = ['update', 'backward', 'forward'] as const;

/** The program without what has no effect on accumulators, outputs, gradients, parameters and slots. */
export function prune(spec: ProgramSpec): ProgramSpec {
  return dropBuffers(dropInstructions(spec));
}

/** The same program with instructions dropped alone: its buffers keep their numbers. */
export function dropInstructions(spec: ProgramSpec): ProgramSpec {
  const base = baseOf(spec.buffers);
  const read = new Set<BufferId>();
  const isNeeded = (buffer: BufferId) => read.has(base(buffer)) || lasting.has(spec.buffers[base(buffer)]!.kind);

  const visit = (instruction: Instruction): Instruction[] => {
    const results = operandsOf(instruction).filter(({ writes }) => writes);
    if (instruction.op !== 'accumulate' && !results.some(({ buffer }) => isNeeded(buffer))) return [];
    const useless = results.filter(({ buffer, droppable }) => droppable && !isNeeded(buffer));
    const kept = useless.reduce((smaller, { name }) => withoutOperand(smaller, name), instruction);
    for (const { reads, buffer } of operandsOf(kept)) if (reads) read.add(base(buffer));
    return [kept];
  };

  const kept = Object.fromEntries(segments.map((segment) => [
    segment, [...spec[segment]].reverse().flatMap(visit).reverse(),
  ]));
  return { ...spec, ...kept };
}

function dropBuffers(spec: ProgramSpec): ProgramSpec {
  const used = new Set<BufferId>();
  const use = (id: BufferId): void => {
    used.add(id);
    const buffer = spec.buffers[id]!;
    if (buffer.kind === 'view') use(buffer.of);
  };
  const code = segments.flatMap((segment) => spec[segment]);
  for (const { buffer } of code.flatMap(operandsOf)) use(buffer);
  spec.buffers.forEach(({ kind }, id) => filled.has(kind) && use(id));

  const kept = [...used].sort((a, b) => a - b);
  const renamed = new Map(kept.map((id, place) => [id, place]));
  const rename = (id: BufferId) => renamed.get(id)!;
  const buffers = kept.map((id) => {
    const buffer = spec.buffers[id]!;
    return buffer.kind === 'view' ? { ...buffer, of: rename(buffer.of) } : buffer;
  });
  const renumbered = Object.fromEntries(segments.map((segment) => [
    segment, spec[segment].map((instruction) => mapOperands(instruction, rename)),
  ]));
  return { ...spec, buffers, ...renumbered };
}

/** The buffer whose memory another names. */
export function baseOf(buffers: readonly BufferSpec[]): (id: BufferId) => BufferId {
  const base = (id: BufferId): BufferId => {
    const buffer = buffers[id]!;
    return buffer.kind === 'view' ? base(buffer.of) : id;
  };
  return base;
}
