/**
 * Joins instructions that the core does in one pass: a function, or the gradient of one, into the gemm before it, the
 * sums of a bias's gradient into the gemm of the weights' gradient, and the probabilities of a loss into the loss. Orders
 * them so that workers seldom wait for each other. Each rule is a rewrite of the list that changes no result.
 */
import type { BufferId, Instruction, InstructionOf } from './instruction.js';
import { operandsOf } from './operands.js';
import { baseOf } from './prune.js';
import type { ProgramSpec } from './spec.js';

const segments = ['forward', 'backward', 'update'] as const;

export function fuse(spec: ProgramSpec): ProgramSpec {
  const readers = countReaders(spec);
  const isReadOnce = (id: BufferId) => spec.buffers[id]!.kind === 'temp' && readers(id) === 1;
  return {
    ...spec,
    forward: moveWholeBatchApart(fuseProbabilities(fuseFunctions(spec.forward, isReadOnce), baseOf(spec.buffers))),
    backward: deferWeightGradients(spec, fuseColumnSums(fuseGradients(spec.backward, isReadOnce))),
  };
}

/** How many instructions read the memory of a buffer. */
function countReaders(spec: ProgramSpec): (id: BufferId) => number {
  const base = baseOf(spec.buffers);
  const counts = new Map<BufferId, number>();
  for (const segment of segments) {
    for (const instruction of spec[segment]) {
      for (const { reads, buffer } of operandsOf(instruction)) {
        if (reads) counts.set(base(buffer), (counts.get(base(buffer)) ?? 0) + 1);
      }
    }
  }
  return (id) => counts.get(base(id)) ?? 0;
}

/** gemm → z, f(z) → y becomes gemm with f → y, where nothing else reads z. */
function fuseFunctions(code: readonly Instruction[], isReadOnce: (id: BufferId) => boolean): Instruction[] {
  const result: Instruction[] = [];
  for (const instruction of code) {
    const at = instruction.op === 'pointwise' && isReadOnce(instruction.x)
      ? result.findIndex((gemm) => isPlainGemm(gemm) && gemm.out === instruction.x) : -1;
    if (at < 0 || instruction.op !== 'pointwise') {
      result.push(instruction);
      continue;
    }
    const { out, function: f, alpha } = instruction;
    result[at] = { ...(result[at] as InstructionOf<'gemm'>), out, function: f, alpha };
  }
  return result;
}

function isPlainGemm(instruction: Instruction): instruction is InstructionOf<'gemm'> {
  return instruction.op === 'gemm' && instruction.function === 'linear' && !instruction.accumulate
    && instruction.saved === undefined;
}

/** gemm → dy, pointwiseGradient of dy → dz becomes gemm with saved → dz, where nothing else reads dy. */
function fuseGradients(code: readonly Instruction[], isReadOnce: (id: BufferId) => boolean): Instruction[] {
  const result: Instruction[] = [];
  for (const instruction of code) {
    const at = instruction.op === 'pointwiseGradient' && instruction.columnSums === undefined
      && isReadOnce(instruction.dy) ? result.findIndex((gemm) => (
        isPlainGemm(gemm) && gemm.bias === undefined && gemm.out === instruction.dy)) : -1;
    if (at < 0 || instruction.op !== 'pointwiseGradient') {
      result.push(instruction);
      continue;
    }
    const { saved, out, function: f, alpha } = instruction;
    result[at] = { ...(result[at] as InstructionOf<'gemm'>), saved, out, function: f, alpha };
  }
  return result;
}

/**
 * Sums of dz over rows → db become columnSums of the gemm that multiplies by dz for the weights' gradient, or else, when
 * the weights are not trained, of the pointwiseGradient that made dz.
 */
function fuseColumnSums(code: readonly Instruction[]): Instruction[] {
  const result: Instruction[] = [];
  for (const instruction of code) {
    const isRowSum = instruction.op === 'reduce' && instruction.overRows && instruction.function === 'sum';
    const at = isRowSum ? findSummer(result, instruction.x) : -1;
    if (at < 0 || instruction.op !== 'reduce') result.push(instruction);
    else result[at] = { ...result[at]!, columnSums: instruction.out } as Instruction;
  }
  return result;
}

function findSummer(code: readonly Instruction[], dz: BufferId): number {
  const gemm = code.findIndex((other) => (
    other.op === 'gemm' && other.b === dz && !other.transposeB && other.columnSums === undefined));
  return gemm >= 0 ? gemm : code.findIndex((other) => (
    other.op === 'pointwiseGradient' && other.out === dz && other.columnSums === undefined));
}

/**
 * What leads to inputs first, one after the other, then what makes gradients of weights, which are many products that
 * nothing waits for: the workers need not meet between them.
 */
function deferWeightGradients(spec: ProgramSpec, code: readonly Instruction[]): Instruction[] {
  const base = baseOf(spec.buffers);
  const read = new Set(code.flatMap(operandsOf).filter(({ reads }) => reads).map(({ buffer }) => base(buffer)));
  const isLeaf = (instruction: Instruction) => operandsOf(instruction).every(({ writes, buffer }) => (
    !writes || (spec.buffers[base(buffer)]!.kind === 'gradient' && !read.has(base(buffer)))));
  return [...code.filter((instruction) => !isLeaf(instruction)), ...code.filter(isLeaf)];
}

/**
 * The scales of the loss first and what is added up last, as both need all rows of the batch: what is between, loss and
 * metrics, goes row by row.
 */
function moveWholeBatchApart(code: readonly Instruction[]): Instruction[] {
  const place = ({ op }: Instruction): number => (op === 'lossScale' ? 0 : op === 'accumulate' ? 2 : 1);
  return [...code].sort((a, b) => place(a) - place(b));  // those of one place stay in order
}

/** A softmax or sigmoid of logits whose cross-entropy is computed too: the cross-entropy writes the probabilities. */
function fuseProbabilities(code: readonly Instruction[], base: (id: BufferId) => BufferId): Instruction[] {
  const result = [...code];
  for (const loss of code) {
    if (loss.op !== 'softmaxCrossentropy' && loss.op !== 'sigmoidCrossentropy') continue;
    const of = result.indexOf(loss);
    const at = result.findIndex((other) => isProbability(other, loss));
    if (at < 0 || at > of || loss.probabilities !== undefined) continue;
    const probabilities = (result[at] as InstructionOf<'softmax'>).out;
    const isReadBefore = result.slice(at + 1, of).some((other) => (
      operandsOf(other).some(({ reads, buffer }) => reads && base(buffer) === base(probabilities))));
    if (isReadBefore) continue;
    result[of] = { ...loss, probabilities };
    result.splice(at, 1);
  }
  return result;
}

type LogitsLoss = InstructionOf<'softmaxCrossentropy'> | InstructionOf<'sigmoidCrossentropy'>;

function isProbability(instruction: Instruction, loss: LogitsLoss): boolean {
  return loss.op === 'softmaxCrossentropy'
    ? instruction.op === 'softmax' && instruction.x === loss.logits
    : instruction.op === 'pointwise' && instruction.function === 'sigmoid' && instruction.x === loss.logits;
}
