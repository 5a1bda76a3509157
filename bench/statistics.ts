/** Order statistics of samples, and whether two sets of them differ by more than their noise. */
import { median, quantile } from 'simple-statistics';

export { median };

export interface Summary {
  count: number;
  lowest: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
  highest: number;
}

export function summarize(values: readonly number[]): Summary {
  const [lowest, lowerQuartile, middle, upperQuartile, highest] = quantile([...values], [0, 0.25, 0.5, 0.75, 1]);
  return { count: values.length, lowest: lowest!, lowerQuartile: lowerQuartile!, median: middle!,
    upperQuartile: upperQuartile!, highest: highest! };
}

/** How the ratio b / a of two sets of figures lies. */
export interface Ratio {
  /** Median of all ratios of a figure of b to one of a. */
  ratio: number;
  /** Where the true ratio lies at the confidence asked for; undefined with too few figures for that. */
  interval?: [lower: number, upper: number];
}

/**
 * Ratio of two sets of positive figures that are independent of each other, by Mann and Whitney's test turned into an
 * interval (Hodges and Lehmann): of all n m ratios in order, the c-th from below and from above, where the test does
 * not reject until c ratios lie on one side of 1. Only order counts, so one figure that is far out does no harm.
 */
export function ratioOf(a: readonly number[], b: readonly number[], confidence: number): Ratio {
  const ratios = b.flatMap((after) => a.map((before) => after / before)).sort((x, y) => x - y);
  const rejected = criticalCount(a.length, b.length, (1 - confidence) / 2);
  const ratio = median(ratios);
  return rejected === 0 ? { ratio } : { ratio, interval: [ratios[rejected - 1]!, ratios[ratios.length - rejected]!] };
}

/** The largest c for which fewer than c pairs in the wrong order have a probability of at most `tail`; 0 for none. */
function criticalCount(n: number, m: number, tail: number): number {
  const orders = ordersByCount(n, m);
  const all = orders.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  const beyond = orders.findIndex((count) => (sum += count) / all > tail);
  return Math.max(0, beyond);
}

/**
 * By u: in how many of the orders of n and m figures u pairs are in the wrong order. The largest of all is one of the
 * n, and then comes after all m, or one of the m: f(n, m, u) = f(n - 1, m, u - m) + f(n, m - 1, u).
 */
function ordersByCount(n: number, m: number): number[] {
  let previous: number[][] = [];
  for (let i = 0; i <= n; i++) {
    const row: number[][] = [];
    for (let j = 0; j <= m; j++) {
      row.push(Array.from({ length: i * j + 1 }, (_, u) =>
        i === 0 || j === 0 ? 1 : (previous[j]![u - j] ?? 0) + (row[j - 1]![u] ?? 0)));
    }
    previous = row;
  }
  return previous[m]!;
}

/** Percentiles of the times of single calls. */
export function summarizeLatencies(times: readonly number[]): { p50: number; p90: number; p99: number } {
  const [p50, p90, p99] = quantile([...times], [0.5, 0.9, 0.99]);
  return { p50: p50!, p90: p90!, p99: p99! };
}
