/** `quern/kernels` from outside: values against float64, options, and what it refuses. */
import assert from 'node:assert/strict';
import * as activations from '../../lib/activations.js';
import { cpu, gemm, peakFlops, type GemmActivation, type GemmOptions } from '../../lib/kernels.js';

/** Deterministic values in [-1, 1). */
function values(length: number, seed: number): Float32Array {
  let state = seed * 2654435761 >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function operands(m: number, n: number, k: number): { m: number; n: number; k: number; a: Float32Array;
  b: Float32Array } {
  return { m, n, k, a: values(m * k, 1), b: values(k * n, 2) };
}

/** The sums before the activation in float64, with the sums of magnitudes that bound the rounding. */
function reference(call: GemmOptions, old?: Float32Array): { sums: Float64Array; magnitudes: Float64Array } {
  const { m, n, k, a, b, bias, transposeA, transposeB } = call;
  const sums = new Float64Array(m * n);
  const magnitudes = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const terms = [bias ? bias[j]! : 0, old ? old[i * n + j]! : 0];
      for (let p = 0; p < k; p++) {
        terms.push(a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!);
      }
      for (const term of terms) {
        sums[i * n + j]! += term;
        magnitudes[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { sums, magnitudes };
}

/** k products and k + 2 additions, each off by half an epsilon of at most the sum of magnitudes. */
function bound(k: number, magnitude: number): number {
  const roundings = (2 * k + 2) * 2 ** -24;
  return roundings / (1 - roundings) * magnitude;
}

function assertClose(actual: Float32Array, call: GemmOptions, old?: Float32Array): void {
  const { sums, magnitudes } = reference(call, old);
  for (let x = 0; x < sums.length; x++) {
    const tolerance = bound(call.k, magnitudes[x]!);
    assert.ok(Math.abs(actual[x]! - sums[x]!) <= tolerance,
      `element ${x} of ${call.m}x${call.n}x${call.k}: ${actual[x]} is not within ${tolerance} of ${sums[x]}`);
  }
}

describe('gemm', () => {
  it('multiplies the example of its docstring', () => {
    const c = gemm({ m: 2, n: 1, k: 3, a: Float32Array.of(1, 2, 3, 4, 5, 6), b: Float32Array.of(1, 0, 1) });
    assert.deepEqual(c, Float32Array.of(4, 10));
  });

  for (const isa of cpu().isas) {
    describe(`on ${isa}`, () => {
      it('agrees with float64 in every transposition, with bias and accumulation', () => {
        const shapes = [[1, 1, 1], [3, 10, 7], [17, 33, 65], [64, 16, 100], [1, 130, 31], [50, 1, 9]] as const;
        for (const [m, n, k] of shapes) {
          for (const transposeA of [false, true]) {
            for (const transposeB of [false, true]) {
              const call = { ...operands(m, n, k), bias: values(n, 3), transposeA, transposeB, isa };
              assertClose(gemm(call), call);
              const old = values(m * n, 4);
              assertClose(gemm({ ...call, c: old.slice(), accumulate: true }), call, old);
            }
          }
        }
      });

      it('gives the activation of bias and C when k is 0', () => {
        const empty = new Float32Array();
        const call = { m: 2, n: 3, k: 0, a: empty, b: empty, bias: Float32Array.of(-1, 0, 2), isa };
        assert.deepEqual(gemm({ ...call, activation: 'relu' }), Float32Array.of(0, 0, 2, 0, 0, 2));
        const c = Float32Array.of(1, 1, 1, 2, 2, 2);
        assert.deepEqual(gemm({ ...call, c, accumulate: true }), Float32Array.of(0, 1, 3, 1, 2, 4));
        assert.deepEqual(gemm({ m: 1, n: 2, k: 0, a: empty, b: empty, isa }), Float32Array.of(0, 0));
      });

      it('has the same bits for any number of threads', () => {
        const call = { ...operands(130, 200, 90), bias: values(200, 3), activation: 'tanh' as const, isa };
        const one = gemm({ ...call, threads: 1 });
        for (const threads of [2, 3, 5]) assert.deepEqual(gemm({ ...call, threads }), one);
      });

      it('keeps to the bound of each precision, with the same bits for any number of threads', () => {
        const call = { ...operands(130, 200, 90), isa };
        const { sums, magnitudes } = reference(call);
        for (const [precision, perProduct] of [['highest', 0], ['high', 2 ** -15], ['medium', 2 ** -7]] as const) {
          const c = gemm({ ...call, precision, threads: 1 });
          c.forEach((v, x) => {
            const tolerance = bound(call.k, magnitudes[x]!) + perProduct * magnitudes[x]!;
            assert.ok(Math.abs(v - sums[x]!) <= tolerance, `${precision}: ${v} is not within ${tolerance} of ${sums[x]}`);
          });
          for (const threads of [2, 3]) assert.deepEqual(gemm({ ...call, precision, threads }), c);
        }
        assert.deepEqual(gemm(call), gemm({ ...call, precision: 'highest' }));
      });

      it('lets NaN and Infinity through, zeros included', () => {
        const a = Float32Array.of(0, 0, NaN, 1, 1, 1);
        const b = Float32Array.of(Infinity, 1, 0, 1);
        const c = gemm({ m: 3, n: 2, k: 2, a, b, activation: 'relu', isa });
        assert.deepEqual(Array.from(c), [NaN, 0, NaN, NaN, Infinity, 2]);
      });
    });
  }

  it('applies every activation as Keras defines it', () => {
    const x = Float32Array.of(-2, -0.5, 0, 0.5, 2);
    const erf = new Map([[-2, -0.9544997361036416], [-0.5, -0.38292492254802624], [0, 0], [0.5, 0.38292492254802624],
      [2, 0.9544997361036416]]);  // erf(x / sqrt(2))
    const formulas: Record<GemmActivation, (v: number) => number> = {
      linear: (v) => v,
      relu: (v) => Math.max(v, 0),
      sigmoid: (v) => 1 / (1 + Math.exp(-v)),
      tanh: Math.tanh,
      elu: (v) => (v > 0 ? v : Math.expm1(v)),
      selu: (v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v)),
      leaky_relu: (v) => (v > 0 ? v : 0.2 * v),
      leakyRelu: (v) => (v > 0 ? v : 0.2 * v),
      gelu: (v) => v * 0.5 * (1 + erf.get(v)!),
      silu: (v) => v / (1 + Math.exp(-v)),
      swish: (v) => v / (1 + Math.exp(-v)),
      softplus: (v) => Math.log1p(Math.exp(v)),
      exponential: Math.exp,
    };
    const elementwise = [...activations.names].filter((name) => name !== 'softmax');
    assert.deepEqual(Object.keys(formulas).sort(), [...elementwise, 'leakyRelu'].sort());
    for (const [activation, formula] of Object.entries(formulas) as [GemmActivation, (v: number) => number][]) {
      const y = gemm({ m: 5, n: 1, k: 1, a: x, b: Float32Array.of(1), activation });
      // The functions are within a few ULP (test/kernels/pointwise.test.ts); 16 of them still tell formulas apart.
      y.forEach((v, i) => {
        const expected = formula(x[i]!);
        assert.ok(Math.abs(v - expected) <= 16 * 2 ** -23 * Math.abs(expected) + 1e-12,
          `${activation}(${x[i]}) is ${v}, not ${expected}`);
      });
    }
  });

  it('writes c and returns it, and touches nothing behind the m * n elements', () => {
    const c = new Float32Array(8).fill(7);
    const a = Float32Array.of(1, 2, 99);
    assert.equal(gemm({ m: 2, n: 2, k: 1, a, b: Float32Array.of(3, 4, 99), c }), c);
    assert.deepEqual(c, Float32Array.of(3, 4, 6, 8, 7, 7, 7, 7));
  });

  it('takes views of one buffer that do not overlap', () => {
    const all = Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0);
    gemm({ m: 2, n: 2, k: 1, a: all.subarray(0, 2), b: all.subarray(2, 4), c: all.subarray(4) });
    assert.deepEqual(all, Float32Array.of(1, 2, 3, 4, 3, 4, 6, 8));
  });

  it('does nothing for no rows or no columns', () => {
    assert.deepEqual(gemm(operands(0, 5, 3)), new Float32Array(0));
    assert.deepEqual(gemm(operands(5, 0, 3)), new Float32Array(0));
  });

  describe('refuses', () => {
    const good = operands(2, 3, 4);
    const refused: [string, object, typeof TypeError | typeof RangeError, RegExp][] = [
      ['a fraction of a row', { m: 1.5 }, RangeError, /`m` must be an integer/],
      ['a negative size', { k: -1 }, RangeError, /`k` must be an integer .*-1/],
      ['a size that is no number', { n: '3' }, TypeError, /`n` must be an integer .*"3"/],
      ['an array that is too short', { a: new Float32Array(7) }, RangeError,
        /`a` must be a Float32Array of at least 8 elements, received a Float32Array of 7/],
      ['another kind of array', { b: new Float64Array(12) }, TypeError, /`b` must be a Float32Array.*Float64Array/],
      ['a short bias', { bias: new Float32Array(2) }, RangeError, /`bias` must be .*at least 3/],
      ['a short c', { c: new Float32Array(5) }, RangeError, /`c` must be .*at least 6/],
      ['a c that is a', { c: good.a }, RangeError, /`c` must not share memory with `a`/],
      ['a c that is b in part', { c: good.b.subarray(6) }, RangeError, /`c` must not share memory with `b`/],
      ['accumulating into nothing', { accumulate: true }, TypeError, /`c` must be given/],
      ['a flag that is no boolean', { transposeA: 1 }, TypeError, /`transposeA` must be true or false/],
      ['an unknown activation', { activation: 'rellu' }, TypeError, /`activation` is unknown: "rellu".*"relu"/],
      ['softmax, which is not of one element', { activation: 'softmax' }, TypeError, /`activation` is unknown/],
      ['an instruction set the machine lacks', { isa: 'sse9' }, TypeError, /`isa` is unknown: "sse9".*scalar/],
      ['an unknown precision', { precision: 'low' }, TypeError, /`precision` is unknown: "low".*highest, high, medium/],
      ['a precision that is no name', { precision: 1 }, TypeError, /`precision` must be one of highest, .*received 1/],
      ['no threads', { threads: 0 }, RangeError, /`threads` must be/],
      ['an option it does not have', { transposA: true }, TypeError, /gemm has no option `transposA`.*`transposeA`/],
    ];
    for (const [what, change, type, message] of refused) {
      it(what, () => {
        const before = [good.a.slice(), good.b.slice()];
        assert.throws(() => gemm({ ...good, ...change } as GemmOptions), (error: Error) => {
          assert.equal(error.constructor, type);
          assert.match(error.message, message);
          return true;
        });
        assert.deepEqual([good.a, good.b], before);
      });
    }

    it('a detached array', () => {
      const a = new Float32Array(8);
      structuredClone(a.buffer, { transfer: [a.buffer] });
      assert.throws(() => gemm({ ...good, a }), RangeError);
    });
  });
});

describe('peakFlops', () => {
  it('measures every instruction set of the machine', () => {
    for (const isa of cpu().isas) assert.ok(peakFlops({ isa, threads: 1, seconds: 0.01 }) > 1e6);
  });

  it('refuses what it cannot do', () => {
    assert.throws(() => peakFlops({ seconds: 0 }), /`seconds` must be a finite number from 0.001 to 60/);
    assert.throws(() => peakFlops({ isa: 'none' }), /`isa` is unknown/);
    assert.throws(() => peakFlops({ cores: 2 } as object), /peakFlops has no option `cores`/);
  });
});

describe('cpu', () => {
  it('describes the machine', () => {
    const { isas, isa, amx, cores, threads, l1d, l2, l3, brand } = cpu();
    assert.equal(isas[0], 'scalar');
    assert.ok(isas.includes(isa));
    if (amx !== undefined) assert.match(amx, isas.includes('amx') ? /^on$/ : /^off: ./);
    else assert.ok(!isas.includes('amx'));
    assert.ok(cores >= 1 && threads >= 1);
    for (const size of [l1d, l2, l3]) assert.ok(Number.isInteger(size) && size >= 0);
    assert.equal(typeof brand, 'string');
  });
});
