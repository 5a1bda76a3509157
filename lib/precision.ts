/** How exactly matrix products are computed: the option of `compile` and of `gemm`. Names as in PyTorch. */
import { typeError, unknownName } from './errors.js';

/** Mirrors `native/kernels/functions.h`. */
export const precisions = ['highest', 'high', 'medium'] as const;
export type Precision = (typeof precisions)[number];

export function checkPrecision(value: Precision): Precision {
  if (typeof value !== 'string') throw typeError('precision', `one of ${precisions.join(', ')}`, value);
  if (!precisions.includes(value)) throw unknownName('precision', value, precisions);
  return value;
}
