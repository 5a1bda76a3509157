/**
 * The stated bounds of exp, log, tanh and erf, against double, over bit patterns of floats: every 997th here, every
 * 61st with QUERN_TEST_LEVEL=ci, all 2^32 with `--full` or QUERN_TEST_LEVEL=full (minutes a function and core).
 */
import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';

/** As native/kernels/math.inl.h states them. */
const bounds = { exponential: 1.02, log: 1, tanh: 2, erf: 2 } as const;
type Name = keyof typeof bounds;

const level = process.argv.includes('--full') ? 'full' : process.env['QUERN_TEST_LEVEL'];
const stride = level === 'full' ? 1 : level === 'ci' ? 61 : 997;

function apply(isa: string, name: Name, x: number): number {
  const y = new Float32Array(1);
  native().pointwise(isa, name, Float32Array.of(x), y, 0);
  return y[0]!;
}

for (const isa of native().cpu().isas) {
  describe(`elementary functions on ${isa}`, function () {
    this.timeout(level === 'full' ? 0 : 600_000);

    for (const name of Object.keys(bounds) as Name[]) {
      it(`${name} is within ${bounds[name]} ULP of every ${stride === 1 ? '' : `${stride}th `}float`, () => {
        const { ulp, at, checked } = native().measureUlp(isa, name, 0, stride);
        assert.equal(checked, Math.ceil(2 ** 32 / stride));
        assert.ok(ulp <= bounds[name], `${ulp} ULP at ${at}`);
        assert.ok(ulp > 0.5, `${ulp} ULP is less than rounding alone gives: nothing was compared`);
      });
    }

    it('exact values at the edges', () => {
      const cases: [Name, number, number][] = [
        ['exponential', 0, 1], ['exponential', -0, 1], ['exponential', Infinity, Infinity],
        ['exponential', -Infinity, 0], ['exponential', NaN, NaN],
        ['exponential', 88.72283, Math.fround(Math.exp(Math.fround(88.72283)))],
        ['exponential', 88.72284, Infinity], ['exponential', -103.97, 2 ** -149], ['exponential', -103.98, 0],
        ['log', 0, -Infinity], ['log', -0, -Infinity], ['log', 1, 0], ['log', Infinity, Infinity], ['log', -1, NaN],
        ['log', -(2 ** -149), NaN], ['log', -Infinity, NaN], ['log', NaN, NaN],
        ['log', 2 ** -149, Math.fround(-149 * Math.LN2)],
        ['tanh', 0, 0], ['tanh', -0, -0], ['tanh', Infinity, 1], ['tanh', -Infinity, -1], ['tanh', NaN, NaN],
        ['tanh', 2 ** -149, 2 ** -149], ['tanh', -(2 ** -130), -(2 ** -130)],
        ['erf', 0, 0], ['erf', -0, -0], ['erf', Infinity, 1], ['erf', -Infinity, -1], ['erf', NaN, NaN],
      ];
      for (const [name, x, expected] of cases) assert.ok(Object.is(apply(isa, name, x), expected), `${name}(${x})`);
    });
  });
}
