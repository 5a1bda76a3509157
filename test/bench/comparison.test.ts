import assert from 'node:assert/strict';
import { compareFigures, formatComparison } from '../../bench/comparison.js';
import { figureOf, type Rounds } from '../../bench/result.js';
import { numbers } from '../models/blobs.js';
import { machine, report, row } from './reports.js';

/** Rounds whose level differs by up to `noise`, with samples that differ by a tenth of that within a round. */
function rounds(level: number, noise: number, next: () => number, count = 5): Rounds {
  return Array.from({ length: count }, () => {
    const own = level * (1 + noise * (next() - 0.5));
    return Array.from({ length: 20 }, () => own * (1 + noise / 10 * (next() - 0.5)));
  });
}

describe('bench comparison', () => {
  const next = numbers(3);
  const compare = (a: number, b: number, lowIsBetter = true, noise = 0.02) =>
    compareFigures(figureOf(rounds(a, noise, next)), figureOf(rounds(b, noise, next)), lowIsBetter);

  it('finds a difference that is larger than the noise, either way', () => {
    assert.equal(compare(1, 0.9).verdict, 'better');
    assert.equal(compare(1, 1.1).verdict, 'worse');
    assert.equal(compare(1, 0.9, false).verdict, 'worse');
    assert.equal(compare(1, 1.1, false).verdict, 'better');
    const { ratio, interval } = compare(1, 1.1);
    assert.ok(Math.abs(ratio - 1.1) < 0.03 && interval![0] > 1 && interval![0] < 1.1 && interval![1] > 1.1);
  });

  it('calls the same thing different about once in a hundred times', () => {
    let found = 0;
    for (let i = 0; i < 1000; i++) found += Number(compare(1, 1, true, 0.2).verdict !== 'within the noise');
    assert.ok(found >= 1 && found <= 20, `${found} of 1000`);
  });

  it('takes rounds for independent, not samples: alike samples of two rounds prove nothing', () => {
    const [a, b] = [figureOf([[1, 1.001, 1.002], [1.2, 1.201]]), figureOf([[1.1, 1.101], [1.3, 1.301, 1.302]])];
    assert.equal(compareFigures(a, b, true).verdict, 'too few rounds');
  });

  it('prints ratios, intervals and verdicts, and says when the machine was another', () => {
    const of = (level: number) => row({ case: '8x8x8:nn' }, rounds(level, 0.02, next));
    const fma = (level: number) => ({ 'fma avx2 1': figureOf(rounds(level, 0.02, next)) });
    const text = formatComparison(report([of(1)], { machine: fma(1e11) }), report([of(0.5)], { machine: fma(1e11) }));
    assert.match(text, /^8x8x8:nn +avx2, 1 thread +1\.\d+ s +\d+\.\d+ ms +0\.\d{3} +0\.\d{3} – 0\.\d{3} +better$/m);
    assert.match(text, /^machine +fma avx2 1 +[\d.]+ GFLOP\/s .* within the noise$/m);
    assert.match(text, /Of 1 cases that are the same, 0\.0 differ by chance at 99 %/);
    assert.doesNotMatch(text, /The machine itself/);
    const slower = formatComparison(report([of(1)], { machine: fma(1e11) }), report([of(1)], { machine: fma(8e10) }));
    assert.match(slower, /^machine +fma avx2 1 .* worse$/m);
    assert.match(slower, /The machine itself was another, or slower or faster, in b/);
  });

  it('refuses results that have nothing in common', () => {
    const one = report([row({ case: 'a' }, [[1]])], { machine });
    assert.throws(() => formatComparison(one, report([row({ case: 'b' }, [[1]])])),
      { name: 'RangeError', message: /gemm and gemm have no case in common/ });
  });
});
