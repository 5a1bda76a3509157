import assert from 'node:assert/strict';
import { wilcoxonRankSum } from 'simple-statistics';
import { ratioOf, summarize, summarizeLatencies } from '../../bench/statistics.js';
import { numbers } from '../models/blobs.js';

/** Ratios of a figure of b to one of a are all different and their order is known. */
function spread(n: number, m: number): { a: number[]; b: number[]; ratios: number[] } {
  const a = Array.from({ length: n }, (_, i) => 1 + i / 1000);
  const b = Array.from({ length: m }, (_, j) => 2 + j / 7);
  return { a, b, ratios: b.flatMap((y) => a.map((x) => y / x)).sort((x, y) => x - y) };
}

describe('bench statistics', () => {
  it('summarizes by order', () => {
    assert.deepEqual(summarize([5, 1, 3, 2, 4]),
      { count: 5, lowest: 1, lowerQuartile: 2, median: 3, upperQuartile: 4, highest: 5 });
    assert.deepEqual(summarizeLatencies(Array.from({ length: 101 }, (_, i) => 100 - i)), { p50: 50, p90: 90, p99: 99 });
  });

  // Critical values of U from the tables of Mann and Whitney, two-sided; a value of U up to it rejects.
  for (const [n, m, confidence, critical] of [[5, 5, 0.99, 0], [5, 5, 0.95, 2], [5, 8, 0.95, 6], [8, 8, 0.99, 7],
    [10, 10, 0.95, 23], [20, 20, 0.95, 127]] as const) {
    it(`cuts off as many ratios as the table of U says for ${n} and ${m} at ${confidence}`, () => {
      const { a, b, ratios } = spread(n, m);
      assert.deepEqual(ratioOf(a, b, confidence).interval, [ratios[critical]!, ratios[n * m - 1 - critical]!]);
    });
  }

  it('has no interval where no order of so few figures is rare enough', () => {
    assert.equal(ratioOf([1, 2, 3, 4], [5, 6, 7, 8], 0.99).interval, undefined);
    assert.equal(ratioOf([1, 2, 3, 4], [5, 6, 7, 8], 0.95).interval?.length, 2);
    assert.equal(ratioOf([2], [3], 0.99).ratio, 1.5);
  });

  it('excludes 1 exactly when the rank sum rejects', () => {
    const next = numbers(5);
    let rejected = 0;
    for (let round = 0; round < 300; round++) {
      const a = Array.from({ length: 8 }, () => 1 + next());
      const b = Array.from({ length: 8 }, () => 1 + next() + 0.5 * (round % 3));
      const u = wilcoxonRankSum(b, a) - 36;
      const [lower, upper] = ratioOf(a, b, 0.99).interval!;
      assert.equal(lower > 1 || upper < 1, Math.min(u, 64 - u) <= 7);
      rejected += Number(lower > 1 || upper < 1);
    }
    assert.ok(rejected > 50 && rejected < 250, `${rejected} of 300`);
  });
});
