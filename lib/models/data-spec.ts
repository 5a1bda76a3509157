/** What the arrays of a pass over data must be like. */
import type { TargetSpec } from '../data/arrays.js';
import type { Lowered } from '../program/lower.js';
import { sameShape } from '../program/spec.js';

export type DataSpec = Pick<Lowered, 'inputShapes' | 'targets'>;

export function sameDataSpec(a: DataSpec, b: DataSpec): boolean {
  return sameList(a.inputShapes, b.inputShapes, sameShape) && sameList(a.targets, b.targets, sameTarget);
}

function sameTarget(a: TargetSpec, b: TargetSpec): boolean {
  return a.dtype === b.dtype && a.classes === b.classes && sameShape(a.shape, b.shape);
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]!));
}
