/** What layers, losses and metrics pass around while a program is built. */
import type { BufferId } from './instruction.js';
import type { DType, Shape } from './spec.js';

/** A buffer as lowering sees it. */
export interface Value {
  readonly id: BufferId;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What a softmax or sigmoid was applied to, for the cross-entropies. */
  readonly logits?: { readonly kind: 'softmax' | 'sigmoid'; readonly value: Value };
}

export type Mode = 'training' | 'evaluation' | 'prediction';
