/**
 * Random programs that are well-formed and whose temporaries are written once (so that after a run of one step with
 * kept temporaries every operand can still be read), with data to run them on.
 */
import type { BufferId, Instruction } from '../../lib/program/instruction.js';
import type { ProgramSpec } from '../../lib/program/spec.js';
import type { SpanSpec } from '../../lib/native.js';
import { makers } from './program-makers.js';
import { Pool, type Known } from './program-pool.js';

export interface RandomProgram {
  spec: ProgramSpec;
  layout: { name: string; shape: number[] }[];
  values: Float32Array[];
  slots: number;
  span: SpanSpec;
}

type Maker = keyof typeof makers;

/** `focus` is made first and often; by default all makers take turns. */
export function randomProgram(seed: number, focus?: Maker): RandomProgram {
  const maxRows = 1 + (seed * 7) % 37;
  const p = new Pool(seed, maxRows * 3 + (seed % maxRows));
  addInputs(p);
  const all = p.dice.shuffle(Object.keys(makers) as Maker[]);
  for (const name of focus ? [focus, ...all.slice(0, 6), focus] : [...all, ...all.slice(0, 8)]) makers[name](p);
  const cut = 1 + p.dice.below(p.code.length - 1);
  const forwardLength = p.code.length - cut;
  fillGradients(p);
  const optimizer = addOptimizer(p);
  const spec: ProgramSpec = {
    name: `random ${seed}`, maxRows, buffers: p.buffers, accumulators: p.accumulators,
    forward: p.code.slice(0, forwardLength), backward: p.code.slice(forwardLength), update: optimizer.update,
  };
  return { spec, layout: p.layout, values: p.parameterValues, slots: 3, span: spanOf(p, spec, optimizer.scalars) };
}

function addInputs(p: Pool): void {
  p.input([p.size()]);
  p.input([1 + p.dice.below(4), p.size()]);
  p.learn(p.add({ kind: 'weights', name: 'weights', dtype: 'f32', shape: [null] }), [null], 2, 0.1);
  p.parameter([p.size()]);
}

/** Writes every gradient: xᵀ · y where there are x and y that fit, a mean over rows, or a multiple of the weights. */
function fillGradients(p: Pool): void {
  for (const [index, gradient] of p.unfilled) {
    const shape = p.layout[index]!.shape;
    const withCols = (cols: number): Known | undefined => p.find((v) =>
      v.shape[0] === null && v.shape.length === 2 && v.shape[1] === cols && v.limit <= 1e3);
    const x = withCols(shape[0]!);
    const y = shape.length === 2 ? withCols(shape[1]!) : undefined;
    if (x && y) {
      p.code.push({ op: 'gemm', a: x.id, b: y.id, out: gradient, transposeA: true, transposeB: false,
        accumulate: false, function: 'linear', alpha: 0 });
    } else if (x && shape.length === 1) {
      p.code.push({ op: 'reduce', x: x.id, out: gradient, function: 'mean', overRows: true });
    } else {
      const parameter = p.buffers.findIndex((b) => b.kind === 'parameter' && b.first === index);
      p.code.push({ op: 'affine', x: parameter, out: gradient, scale: 0.5, offset: 0.01 });
    }
  }
}

/** One optimizer instruction for each of a few ranges that cover all parameters. */
function addOptimizer(p: Pool): { update: Instruction[]; scalars: number } {
  const isAdam = p.dice.chance(0.5);
  const withMomentum = p.dice.chance(0.7);
  const withVhat = p.dice.chance(0.5);
  const nesterov = withMomentum && p.dice.chance(0.5);
  const weightDecay = p.dice.chance(0.5);
  const scalars = p.add({ kind: 'scalars', name: 'scalars', dtype: 'f32', shape: [isAdam ? 5 : 3] });
  const update: Instruction[] = [];
  for (let first = 0; first < p.layout.length;) {
    const count = 1 + p.dice.below(p.layout.length - first);
    const parameters = addRange(p, 'parameter', first, count);
    const gradients = addRange(p, 'gradient', first, count);
    const slot = (n: number): BufferId => addRange(p, 'slot', first, count, n);
    update.push(isAdam
      ? { op: 'adam', parameters, gradients, m: slot(0), v: slot(1), ...(withVhat ? { vhat: slot(2) } : {}), scalars,
        weightDecay }
      : { op: 'sgd', parameters, gradients, ...(withMomentum ? { momentum: slot(0) } : {}), scalars, nesterov,
        weightDecay });
    first += count;
  }
  return { update, scalars: isAdam ? 5 : 3 };
}

function addRange(p: Pool, kind: 'parameter' | 'gradient' | 'slot', first: number, count: number,
                  slot = 0): BufferId {
  const padded = (shape: number[]): number => Math.ceil(shape.reduce((a, b) => a * b, 1) / 16) * 16;
  const total = p.layout.slice(first, first + count).reduce((sum, { shape }) => sum + padded(shape), 0);
  const shape = count === 1 ? p.layout[first]!.shape : [total];
  const common = { name: 'range', dtype: 'f32', shape, first, count } as const;
  return p.add(kind === 'slot' ? { kind, slot, ...common } : { kind, ...common });
}

/** Scalars of a step: learning rate (alpha), momentum (beta1), beta2 or decay, epsilon, decay. */
function scalarsOf(count: number, steps: number): Float32Array {
  return Float32Array.from({ length: steps * count }, (_, i) => {
    const rate = 0.05 / (1 + Math.floor(i / count));
    return (count === 3 ? [rate, 0.9, 0.01 * rate] : [rate, 0.9, 0.99, 1e-3, 0.01 * rate])[i % count]!;
  });
}

function spanOf(p: Pool, spec: ProgramSpec, scalarCount: number): SpanSpec {
  const steps = Math.ceil(p.rows / spec.maxRows);
  return {
    inputs: p.inputs, targets: p.targets, weights: { data: p.dice.floats(p.rows, 0.1, 2), rowLength: 1 },
    rows: p.rows, batchSize: spec.maxRows, firstStep: 0, steps, shuffle: false, seed: p.dice.below(1e6),
    epoch: p.dice.below(10), scalars: scalarsOf(scalarCount, steps), threads: 1, checkFinite: false,
    segments: { forward: true, backward: true, update: true },
  };
}
