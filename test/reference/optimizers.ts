/** The update rules in float64, one parameter at a time. */

export interface SgdOptions { learningRate: number; momentum: number; decay: number; nesterov: boolean }

/** Updates w (and m, when there is momentum) in place. */
export function sgd(w: Float64Array, g: Float64Array, m: Float64Array | undefined, options: SgdOptions): void {
  const { learningRate, momentum, decay, nesterov } = options;
  for (let i = 0; i < w.length; i++) {
    w[i]! -= w[i]! * decay;
    if (!m) {
      w[i]! -= learningRate * g[i]!;
      continue;
    }
    m[i] = momentum * m[i]! - learningRate * g[i]!;
    w[i]! += nesterov ? momentum * m[i]! - learningRate * g[i]! : m[i]!;
  }
}

export interface AdamOptions { alpha: number; beta1: number; beta2: number; epsilon: number; decay: number }

/** Updates w, m, v (and vhat: amsgrad) in place. */
export function adam(w: Float64Array, g: Float64Array, m: Float64Array, v: Float64Array,
                     vhat: Float64Array | undefined, options: AdamOptions): void {
  const { alpha, beta1, beta2, epsilon, decay } = options;
  for (let i = 0; i < w.length; i++) {
    w[i]! -= w[i]! * decay;
    m[i]! += (g[i]! - m[i]!) * (1 - beta1);
    v[i]! += (g[i]! * g[i]! - v[i]!) * (1 - beta2);
    if (vhat) vhat[i] = Math.max(vhat[i]!, v[i]!);
    w[i]! -= alpha * m[i]! / (Math.sqrt((vhat ?? v)[i]!) + epsilon);
  }
}
