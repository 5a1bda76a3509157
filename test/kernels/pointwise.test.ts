/** Pointwise functions and their gradients on every instruction set, against float64 and against the scalar kernels. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { native } from '../../lib/native.js';
import { pointwiseFunctions, pointwiseSaves, type PointwiseFunction } from '../../lib/program/instruction.js';
import { derivative, forward } from '../reference/formulas.js';

const u = 2 ** -24;
const alpha = Math.fround(0.3);
const isas = native().cpu().isas;
const untouched = 12345;

/** ULPs a function may be off; what it may lose besides is in `lost`. */
const ulps: Partial<Record<PointwiseFunction, number>> = {
  linear: 0, relu: 0, abs: 0, negate: 0, square: 0.5, sqrt: 0.5, reciprocal: 0.5, leakyRelu: 0.5, exponential: 1.02,
  log: 1, tanh: 2, erf: 2, sigmoid: 3, softplus: 3, elu: 3,
};

function ulp(y: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(y) || 2 ** -149)));
  return 2 ** (exponent - 23);
}

/** gelu adds 1 to an erf near -1; the tanh form rounds the argument of its exp; silu scales a denormal. */
function lost(f: PointwiseFunction, x: number): number {
  if (f === 'gelu') return 3 * u * Math.abs(x);
  if (f === 'geluTanh') {
    const a = 1.6 * Math.abs(x + 0.044715 * x ** 3);
    return 4 * u * a * Math.abs(x) * Math.exp(-a) + Math.abs(x) * 2 ** -149;
  }
  return f === 'silu' ? Math.abs(x) * 2 ** -149 : 0;
}

/** Bound of the derivative's error: roundings of each term, and of the arguments of exp. */
function slopeError(f: PointwiseFunction, s: number): number {
  const a = Math.abs(s);
  const growth = f === 'gelu' || f === 'erf' ? a * a : f === 'geluTanh' ? 1.6 * (a + 0.045 * a ** 3) : 0;
  const terms = f === 'tanh' ? 1 + a * a : f === 'gelu' || f === 'geluTanh' || f === 'silu' ? 1 + a : 2;
  return 8 * u * terms * (1 + growth * Math.exp(-growth)) + 8 * u * Math.abs(derivative[f](s, alpha));
}

function assertNear(got: number, exact: number, tolerance: number, what: string): void {
  if (Number.isNaN(exact)) return assert.ok(Number.isNaN(got), `${what}: ${got}, not NaN`);
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded)) return assert.equal(got, rounded, what);
  assert.ok(Math.abs(got - exact) <= tolerance, `${what}: ${got}, not ${exact}`);
}

/** A part of a larger array whose other elements must stay as they are. */
function inside(values: readonly number[], offset: number): { whole: Float32Array; part: Float32Array } {
  const whole = new Float32Array(values.length + 32).fill(untouched);
  const part = whole.subarray(offset, offset + values.length);
  part.set(values);
  return { whole, part };
}

function assertUntouched(whole: Float32Array, offset: number, length: number, what: string): void {
  whole.forEach((v, i) => {
    if (i < offset || i >= offset + length) assert.equal(v, untouched, `${what}: wrote outside, at ${i - offset}`);
  });
}

function random(length: number, low: number, high: number): number[] {
  const words = new Uint32Array(length);
  native().random(7, 0, length, words);
  return Array.from(words, (w) => Math.fround(low + (high - low) * w / 2 ** 32));
}

const specials = [0, 2 ** -149, 1e-39, 2 ** -126, 1e-7, 0.5, 1, 17.5, 88.7, 88.8, 103.9, 104.1, 1e20, 3.4e38, Infinity]
  .flatMap((x) => [Math.fround(x), -Math.fround(x)]).concat(NaN);

function checkForward(isa: string, f: PointwiseFunction, values: readonly number[], offset: number): void {
  const x = inside(values, offset);
  const y = inside(values.map(() => 0), offset + 1);
  native().pointwise(isa, f, x.part, y.part, alpha);
  assertUntouched(y.whole, offset + 1, values.length, f);
  x.part.forEach((v, i) => {
    const exact = forward[f](v, alpha);
    assertNear(y.part[i]!, exact, (ulps[f] ?? 4) * ulp(exact) + lost(f, v), `${isa} ${f}(${v})`);
  });
  native().pointwise(isa, f, x.part, x.part, alpha);
  assert.deepEqual(x.part, y.part, `${isa} ${f} in place`);
}

function checkGradient(isa: string, f: PointwiseFunction, length: number, offset: number): void {
  const inputs = random(length, -5, 5).map((x) => (f === 'sqrt' ? Math.abs(x) : x));
  const saved = inside(pointwiseSaves[f] === 'input' ? inputs : inputs.map((x) => forward[f](x, alpha)), offset);
  const dy = inside(random(length, -2, 2).reverse(), offset + 2);
  const out = inside(inputs.map(() => 0), offset + 1);
  native().pointwiseGradient(isa, f, saved.part, dy.part, out.part, alpha);
  assertUntouched(out.whole, offset + 1, length, f);
  out.part.forEach((got, i) => {
    const [s, d] = [saved.part[i]!, dy.part[i]!];
    assertNear(got, d * derivative[f](s, alpha), Math.abs(d) * slopeError(f, s) + 2 ** -149, `${isa} ${f}' at ${s}`);
  });
}

for (const isa of isas) {
  describe(`pointwise kernels on ${isa}`, () => {
    for (const f of pointwiseFunctions) {
      it(`${f}: every length with a tail, from any element on`, () => {
        for (let length = 0; length <= 35; length++) checkForward(isa, f, random(length, -9, 9), length % 4);
        checkForward(isa, f, random(1003, -20, 20), 3);
      });
      it(`${f}: denormals, infinities and NaN`, () => checkForward(isa, f, specials, 1));
      it(`${f}: gradient of every length with a tail`, () => {
        for (let length = 0; length <= 35; length++) checkGradient(isa, f, length, length % 4);
        checkGradient(isa, f, 1003, 3);
      });
    }

    it('an element does not depend on its neighbours or on its place', () => {
      fc.assert(fc.property(
        fc.constantFrom(...pointwiseFunctions),
        fc.array(fc.float(), { minLength: 1, maxLength: 70 }), fc.nat(70),
        (f, values, cut) => {
          const x = Float32Array.from(values);
          const whole = new Float32Array(x.length);
          const parts = new Float32Array(x.length);
          native().pointwise(isa, f, x, whole, alpha);
          native().pointwise(isa, f, x.subarray(0, cut), parts.subarray(0, cut), alpha);
          native().pointwise(isa, f, x.subarray(cut), parts.subarray(cut), alpha);
          assert.deepEqual(parts, whole);
        }), { seed: 1, numRuns: 500 });
    });
  });
}

describe('pointwise kernels against the scalar ones', () => {
  for (const isa of isas.slice(1)) {
    it(`${isa} differs by no more than both may be off`, () => {
      const functions = fc.constantFrom(...pointwiseFunctions);
      fc.assert(fc.property(functions, fc.array(fc.float(), { maxLength: 70 }), (f, values) => {
        const x = Float32Array.from(values);
        const [expected, got] = [new Float32Array(x.length), new Float32Array(x.length)];
        native().pointwise('scalar', f, x, expected, alpha);
        native().pointwise(isa, f, x, got, alpha);
        got.forEach((y, i) => assertNear(y, expected[i]!, 2 * ((ulps[f] ?? 4) * ulp(expected[i]!) + lost(f, x[i]!)),
                                         `${f}(${x[i]})`));
      }), { seed: 2, numRuns: 500 });
    });
  }
});
