/** What a bench is made of. A contender runs in a process of its own and measures all cases in it. */

/** Seconds of single runs of each case, by name. */
export type Samples = Record<string, number[]>;

export interface Case {
  name: string;
  /** Floating-point operations of one run, as the textbook counts them; 0 where bytes are the measure. */
  flops: number;
  /** Bytes one run must at least move; 0 where FLOPs are the measure. */
  bytes: number;
  /** Samples processed by a run, for benches that are read as samples per second. */
  samples?: number;
}

export interface Contender {
  name: string;
  /** The FMA peak its FLOP/s are held against: instruction set and threads. None for what is not native. */
  peak?: { isa: string; threads: number };
  /** The bandwidth its bytes per second are held against: working set per thread. */
  bandwidth?: { bytes: number; threads: number };
  /** Environment of its process. */
  env?: Record<string, string>;
  measure(cases: readonly Case[]): Promise<Samples>;
}

export interface Suite {
  name: string;
  about: string;
  cases: readonly Case[];
  contenders(): Contender[];
}

/**
 * Seconds of single runs of `work`: warms up for `warmUp` seconds, then measures for about `seconds`, each sample being
 * a loop long enough (a millisecond) for the clock. At least three samples.
 */
export async function sample(work: () => unknown, seconds = 0.4, warmUp = 0.1): Promise<number[]> {
  const timeLoop = async (count: number): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const result = work();
      if (result instanceof Promise) await result;
    }
    return (performance.now() - start) / 1000;
  };
  let count = 1;
  let spent = 0;
  for (let once = 0; spent < warmUp || once < 1e-3;) {
    once = await timeLoop(count);
    spent += once;
    if (once < 1e-3) count *= 2;
  }
  const times: number[] = [];
  for (spent = 0; spent < seconds || times.length < 3;) {
    const time = await timeLoop(count);
    spent += time;
    times.push(time / count);
  }
  return times;
}
