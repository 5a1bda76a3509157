/** Hardware events of what runs in this process, where the kernel lets them be counted. */
import { native } from '../lib/native.js';

/** In the order in which the core reads them. */
export const eventNames = ['cycles', 'instructions', 'L1 misses', 'L2 misses', 'L3 misses'] as const;
export type EventName = (typeof eventNames)[number];

/** Events of one run; those that the processor does not count are missing. */
export type Counts = Partial<Record<EventName, number>>;

let problem: string | undefined;

/** Why events can't be counted here, or undefined where they can. */
export function countersProblem(): string | undefined {
  problem ??= native().openCounters();
  return problem === '' ? undefined : problem;
}

/** What `work`, which is `runs` runs of something, made happen in one of them; undefined where nothing is counted. */
export function countEvents(work: () => void, runs: number): Counts | undefined {
  if (countersProblem() !== undefined) return undefined;
  const before = native().readCounters();
  work();
  return eventsOfRun(before, native().readCounters(), runs);
}

/** The difference of two readings, for each of `runs` runs. */
export function eventsOfRun(before: Float64Array, after: Float64Array, runs: number): Counts {
  const counts = eventNames.map((name, i) => [name, (after[i]! - before[i]!) / runs] as const);
  return Object.fromEntries(counts.filter(([, count]) => Number.isFinite(count)));
}

/** '2.31 instructions a cycle, misses a run: 12.0 k of L1, 310 of L2'. */
export function formatCounts(counts: Counts, show: (value: number) => string): string {
  const { cycles, instructions } = counts;
  const ratio = cycles && instructions !== undefined
    ? [`${(instructions / cycles).toFixed(2)} instructions a cycle`] : [];
  const misses = (['L1', 'L2', 'L3'] as const).flatMap((level) => {
    const count = counts[`${level} misses`];
    return count === undefined ? [] : [`${show(count)} of ${level}`];
  });
  return [...ratio, ...(misses.length ? [`misses a run: ${misses.join(', ')}`] : [])].join(', ');
}
