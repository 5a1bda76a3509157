/**
 * Prints a hash of what a short training computes in every instruction set. Builds by different build systems must
 * print the same: it would differ if they compiled with different flags (say, `-ffp-contract`).
 */
import { createHash } from 'node:crypto';
import { native } from '../../lib/native.js';
import { regressionSpec, trainingSpan } from '../lifetime/regression.js';

for (const isa of native().cpu().isas) {
  const hash = createHash('sha256');
  for (const name of ['exponential', 'log', 'tanh', 'erf', 'gelu', 'softplus', 'selu'] as const) {
    const x = Float32Array.from({ length: 1 << 16 }, (_, i) => (i - (1 << 15)) / 997);
    const y = new Float32Array(x.length);
    native().pointwise(isa, name, x, y, 1);
    hash.update(y);
  }
  const sizes = { m: 61, n: 83, k: 129 };
  const c = new Float32Array(sizes.m * sizes.n);
  native().gemm({
    ...sizes, c, isa, transposeA: false, transposeB: true, accumulate: false, function: 'tanh', alpha: 0, threads: 2,
    a: Float32Array.from({ length: sizes.m * sizes.k }, (_, i) => Math.sin(i)),
    b: Float32Array.from({ length: sizes.n * sizes.k }, (_, i) => Math.cos(i)),
  });
  hash.update(c);
  const layout = [{ name: 'w', shape: [8, 4] }, { name: 'b', shape: [4] }];
  const parameters = new (native().Parameters)(layout, 0);
  const { accumulators } = new (native().Program)(regressionSpec(1), parameters, { isa }).runSync(trainingSpan(5000, 32));
  hash.update(accumulators);
  const weights = new Float32Array(32);
  parameters.read(0, -1, weights);
  console.log(`${isa} ${hash.update(weights).digest('hex')}`);
}
