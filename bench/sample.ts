/** Times of something that is run over and over. */
import type { Counts } from './counters.js';
import { countEvents } from './counters.js';
import type { Settings } from './settings.js';
import type { Measurement } from './suite.js';

/** A sample is a loop of at least this many seconds, long enough for the clock. */
const shortest = 1e-3;

/** How long to measure: `seconds`, or next to nothing for `--quick`. */
export function secondsOf(seconds: number, { quick }: Settings): number {
  return quick ? 0.004 : seconds;
}

async function timeLoop(work: () => unknown, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / 1000;
}

/** Runs of `work` that fill a sample, after it has been run for `warmUp` seconds. */
async function runsOfSample(work: () => unknown, warmUp: number): Promise<number> {
  let count = 1;
  for (let spent = 0, once = 0; spent < warmUp || once < shortest;) {
    once = await timeLoop(work, count);
    spent += once;
    if (once < shortest) count *= 2;
  }
  return count;
}

/** Seconds of single runs of `work`, measured for about `seconds` after a third of that to warm up; three or more. */
export async function sample(work: () => unknown, seconds: number): Promise<number[]> {
  const count = await runsOfSample(work, seconds / 3);
  const times: number[] = [];
  for (let spent = 0; spent < seconds || times.length < 3;) {
    const time = await timeLoop(work, count);
    spent += time;
    times.push(time / count);
  }
  return times;
}

/** Samples of `work`, and the hardware events of a run where the settings ask for them; `work` is synchronous. */
export async function measureRuns(work: () => void, seconds: number, settings: Settings):
    Promise<Pick<Measurement, 'samples' | 'counts'>> {
  const samples = await sample(work, secondsOf(seconds, settings));
  if (!settings.counters) return { samples };
  const runs = await runsOfSample(work, 0);
  const counts: Counts | undefined = countEvents(() => { for (let i = 0; i < runs; i++) work(); }, runs);
  return { samples, ...(counts ? { counts } : {}) };
}
