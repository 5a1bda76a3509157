/** Order statistics of a few samples. */

/** Quantile q of the values, between neighbours by linear interpolation; NaN without values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position % 1);
}

export interface Summary {
  count: number;
  best: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
}

export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    best: quantile(values, 0),
    lowerQuartile: quantile(values, 0.25),
    median: quantile(values, 0.5),
    upperQuartile: quantile(values, 0.75),
  };
}
