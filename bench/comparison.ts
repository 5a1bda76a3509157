/** What changed between two results, and whether that is more than noise. */
import { quantity } from '../lib/quantity.js';
import { textTable } from '../lib/text-table.js';
import type { Figure, Report, Row } from './result.js';
import { median, ratioOf } from './statistics.js';
import { isBetterLow } from './text-report.js';

/** Of a difference that is called one. With five rounds each it takes all five on one side: 2 in 252 by chance. */
export const confidence = 0.99;

export type Verdict = 'better' | 'worse' | 'within the noise' | 'too few rounds';

export interface Compared {
  verdict: Verdict;
  /** b / a. */
  ratio: number;
  interval?: [lower: number, upper: number];
}

/**
 * Compares medians of rounds: the figures within a round come from one process at one time and are alike, so that they
 * would make a chance difference between two processes look certain.
 */
export function compareFigures(a: Figure, b: Figure, lowIsBetter: boolean): Compared {
  const medians = ({ rounds }: Figure): number[] => rounds.map((samples) => median([...samples]));
  const compared = ratioOf(medians(a), medians(b), confidence);
  if (!compared.interval) return { ...compared, verdict: 'too few rounds' };
  const [lower, upper] = compared.interval;
  if (lower <= 1 && upper >= 1) return { ...compared, verdict: 'within the noise' };
  return { ...compared, verdict: upper < 1 === lowIsBetter ? 'better' : 'worse' };
}

/** Throws when the two have no case in common. */
export function formatComparison(a: Report, b: Report): string {
  const header = ['case', 'contender', 'a', 'b', 'b / a', `at ${100 * confidence} %`, 'verdict'];
  const machine = Object.keys(a.machine).flatMap((key) => {
    const [before, after] = [a.machine[key]!, b.machine[key]];
    return after ? [cells('machine', key, before, after, key.startsWith('fma') ? 'FLOP/s' : 'B/s')] : [];
  });
  const rows = a.rows.flatMap((before) => {
    const after = b.rows.find((row) => row.case === before.case && row.contender === before.contender);
    return after ? [cells(before.case, before.contender, before, after, before.unit)] : [];
  });
  if (rows.length === 0) throw new RangeError(`${a.suite} and ${b.suite} have no case in common`);
  const title = (name: string, { suite, commit, date, cpu }: Report): string =>
    `${name}: ${suite} · commit ${commit} · ${date} · ${cpu.brand}`;
  return [title('a', a), title('b', b), '', ...textTable(header, [...machine, ...rows], 2), ...notes(machine, rows)]
    .join('\n');
}

function cells(name: string, contender: string, a: Figure, b: Figure, unit: Row['unit']): string[] {
  const { verdict, ratio, interval } = compareFigures(a, b, isBetterLow(unit));
  return [name, contender, quantity(a.summary.median, unit), quantity(b.summary.median, unit), ratio.toFixed(3),
    interval ? `${interval[0].toFixed(3)} – ${interval[1].toFixed(3)}` : '', verdict];
}

function notes(machine: readonly string[][], rows: readonly string[][]): string[] {
  const changed = machine.some((row) => row.at(-1) === 'better' || row.at(-1) === 'worse');
  const byChance = rows.length * (1 - confidence);
  return ['',
    `Of ${rows.length} cases that are the same, ${byChance.toFixed(1)} differ by chance at ${100 * confidence} %.`,
    ...(changed ? ['The machine itself was another, or slower or faster, in b: hold shares of the floor against each ' +
      'other, or measure both again.'] : [])];
}
