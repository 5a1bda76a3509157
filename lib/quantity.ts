/** Measured figures for people, with the prefix that leaves one to three digits before the point. */

const prefixes: readonly (readonly [scale: number, prefix: string])[] = [
  [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'u'], [1e-9, 'n'],
];

/** What is rounded up to 1000 belongs to the next prefix. */
function prefixOf(value: number): readonly [scale: number, prefix: string] {
  return prefixes.find(([least]) => Math.abs(value) / least >= 0.9995) ?? prefixes.at(-1)!;
}

function digits(value: number, count: number): string {
  const before = Math.max(1, Math.floor(Math.log10(Math.abs(value) * 1.0005 || 1)) + 1);
  return value.toFixed(Math.max(0, count - before));
}

/** `quantity(1.234e-5, 's')` is '12.34 us', `quantity(2.5e11, 'FLOP/s', 3)` '250 GFLOP/s', `quantity(0, 's')` '0 s'. */
export function quantity(value: number, unit: string, count = 4): string {
  if (value === 0 || !Number.isFinite(value)) return `${value} ${unit}`;
  const [scale, prefix] = prefixOf(value);
  return `${digits(value / scale, count)} ${prefix}${unit}`;
}

/** Two figures in the prefix of the larger: `quantityRange(9e-6, 1.2e-5, 's')` is '9.00 – 12.0 us'. */
export function quantityRange(lower: number, upper: number, unit: string, count = 3): string {
  const [scale, prefix] = prefixOf(upper === 0 ? 1 : upper);
  return `${digits(lower / scale, count)} – ${digits(upper / scale, count)} ${prefix}${unit}`;
}

/** A part from 0 to 1 as '93.1 %'. */
export function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
