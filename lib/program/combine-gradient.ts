/** Gradients of out = a ∘ b, where b may be repeated over elements or along the last axis. */
import type { ProgramBuilder } from './builder.js';
import type { CombineFunction } from './instruction.js';
import { sameShape } from './spec.js';
import type { Value } from './value.js';

/** Passes dy on to a and b. */
export function combineGradient(g: ProgramBuilder, f: CombineFunction, a: Value, b: Value, y: Value, dy: Value): void {
  const [da, db] = partials(g, f, a, b, y, dy);
  if (g.needsGradient(a)) g.provideGradient(a, da());
  if (g.needsGradient(b)) provideReduced(g, b, db());
}

type Partial = () => Value;

/** dy times the derivative by a, and by b as if b were as large as a. */
function partials(g: ProgramBuilder, f: CombineFunction, a: Value, b: Value, y: Value, dy: Value): [Partial, Partial] {
  switch (f) {
    case 'add': return [() => dy, () => dy];
    case 'subtract': return [() => dy, () => g.affine(dy, -1, 0)];
    case 'multiply': return [() => g.multiply(dy, b), () => g.multiply(dy, a)];
    case 'divide': return [() => g.divide(dy, b), () => g.affine(g.divide(g.multiply(dy, y), b), -1, 0)];
    case 'maximum': return chosen(g, dy, () => g.subtract(a, b));
    case 'minimum': return chosen(g, dy, () => g.affine(g.subtract(a, b), -1, 0));
  }
}

/** dy goes to a where `preference` is above 0, else to b: relu's gradient is the switch. */
function chosen(g: ProgramBuilder, dy: Value, preference: Partial): [Partial, Partial] {
  const toA = () => {
    const out = g.temp(dy.shape, 'toA');
    const saved = g.pointwise('relu', preference());
    g.emit({ op: 'pointwiseGradient', saved: saved.id, dy: dy.id, out: out.id, function: 'relu', alpha: 0 });
    return out;
  };
  return [toA, () => g.subtract(dy, toA())];
}

/** Sums a gradient over the axes along which b was repeated. */
function provideReduced(g: ProgramBuilder, b: Value, db: Value): void {
  if (sameShape(b.shape, db.shape)) return g.provideGradient(b, db);
  if (b.shape.length === db.shape.length) return g.provideGradient(b, g.sum(db));
  g.accumulateGradient(b, (out) => g.sumRows(db, out));
}
