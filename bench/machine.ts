/** What the machine can do: measured in a process of its own between the contenders of each round. */
import { levels, measureBandwidth } from '../lib/roofline.js';
import { native } from '../lib/native.js';
import type { Contender, Measurement } from './suite.js';

export interface MachineKey {
  isa: string;
  threads: number;
}

/** Each instruction set with each number of threads that a contender's floors are reckoned from. */
export function machineKeys(contenders: readonly Contender[]): MachineKey[] {
  const all = contenders.flatMap(({ machine }) => (machine ? [machine] : []));
  return all.filter(({ isa, threads }, i) => all.findIndex((key) => key.isa === isa && key.threads === threads) === i);
}

/** FMA peaks and bandwidths under the names that `Report.machine` has; `times` figures of `seconds` each. */
export function measureMachine(keys: readonly MachineKey[], times: number, seconds: number): Measurement[] {
  const repeat = (once: () => number): number[] => {
    once();  // threads are started, clocks go up
    return Array.from({ length: times }, once);
  };
  const fma = keys.map(({ isa, threads }): Measurement => ({ case: `fma ${isa} ${threads}`, unit: 'FLOP/s',
    samples: repeat(() => native().peakFlops(isa, threads, seconds)) }));
  const counts = [...new Set(keys.map(({ threads }) => threads))];
  const read = counts.flatMap((threads) => levels.flatMap((level): Measurement[] => {
    if (measureBandwidth(level, threads, 1e-3) === undefined) return [];
    return [{ case: `read ${level} ${threads}`, unit: 'B/s',
      samples: repeat(() => measureBandwidth(level, threads, seconds)!) }];
  }));
  return [...fma, ...read];
}
