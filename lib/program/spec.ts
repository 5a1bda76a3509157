/**
 * A program as plain data: what lowering produces and the native core verifies, plans and runs.
 * Mirrors `native/program/spec.h`.
 */
import type { Precision } from '../precision.js';
import type { BufferId, Instruction } from './instruction.js';

export type DType = 'f32' | 'i32';

/** Sizes of the axes; `null` is the number of rows of the batch at hand, and only a first axis may be it. */
export type Shape = readonly (number | null)[];

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * - `input`, `target`, `weights`: what the batch source fills at every step; first axis `null`.
 *   An `input` is delivered as value * scale + offset. An i32 `target` with `classes` is checked: 0 <= label < classes.
 * - `parameter`: parameters `first` to `first + count - 1` of the model. With count 1 the shape is the parameter's;
 *   with more it is `[total]`, the whole range of the slab, padding included, for optimizers.
 * - `gradient`: the gradients of that range. `slot`: optimizer slot number `slot` of that range. Same shapes.
 * - `scalars`: f32 `[n]`, one row of the table of scalars a span is given: this step's.
 * - `temp`: memory planned by lifetime. `output`: a temp that is kept to the end of the step and delivered to
 *   the span's outputs in order of appearance.
 * - `view`: the memory of buffer `of` under another shape of equal size.
 */
export type BufferSpec =
  | { kind: 'input'; name: string; dtype: 'f32'; shape: Shape; scale: number; offset: number }
  | { kind: 'target'; name: string; dtype: DType; shape: Shape; classes?: number }
  | { kind: 'weights'; name: string; dtype: 'f32'; shape: Shape }
  | { kind: 'parameter' | 'gradient'; name: string; dtype: 'f32'; shape: Shape; first: number; count: number }
  | { kind: 'slot'; name: string; dtype: 'f32'; shape: Shape; first: number; count: number; slot: number }
  | { kind: 'scalars' | 'temp' | 'output'; name: string; dtype: 'f32'; shape: Shape }
  | { kind: 'view'; name: string; dtype: DType; shape: Shape; of: BufferId };

export type BufferKind = BufferSpec['kind'];

export interface ProgramSpec {
  name: string;
  /** The largest number of rows a step may have; memory is planned for it. */
  maxRows: number;
  /** Of all gemms. Default 'highest'. */
  precision?: Precision;
  /** Whether gemms may leave out zeros of `a` where that is quicker, which changes no bit. Default true. */
  skipsZeros?: boolean;
  buffers: readonly BufferSpec[];
  /** Number of accumulators, pairs of doubles that `accumulate` adds to. */
  accumulators: number;
  /** Run in this order; each can be run alone. */
  forward: readonly Instruction[];
  backward: readonly Instruction[];
  update: readonly Instruction[];
}
