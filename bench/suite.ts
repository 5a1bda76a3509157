/** What a bench is made of. A contender runs in a process of its own and measures all of its cases there. */
import type { Work } from '../lib/roofline.js';
import type { Counts } from './counters.js';
import type { OptionName, Settings } from './settings.js';

/** Seconds and bytes are the better the fewer; rates the more. */
export type Unit = 's' | 'B' | 'FLOP/s' | 'B/s';

export interface Measurement {
  case: string;
  /** Default seconds of one run. */
  unit?: Unit;
  /** One figure for each time it was measured. */
  samples: number[];
  /** What one run does: FLOPs as the textbook counts them, bytes that it must at least move. */
  work?: Work;
  /** Rows of data that one run goes through, for benches that are read as rows a second. */
  rows?: number;
  /** Sizes of a matrix product, for the heat map. */
  product?: { m: number; n: number; k: number; transpose: string };
  /** Hardware events of one run. */
  counts?: Counts;
}

export interface Contender {
  name: string;
  /** Whose peak and bandwidth its floors follow from; none for what is not native. */
  machine?: { isa: string; threads: number };
  /** Environment of its process. */
  env?: Record<string, string>;
  measure(): Promise<Measurement[]>;
}

export interface Suite {
  name: string;
  about: string;
  /** The options it takes besides those all take. */
  options: readonly OptionName[];
  /** The first of them is what the others are held against. */
  contenders(settings: Settings): Contender[];
}

export function threadsName(threads: number): string {
  return `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
