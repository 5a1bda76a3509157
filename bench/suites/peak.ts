/** What the machine can do: the figures that all floors follow from. */
import { cpu } from '../../lib/kernels.js';
import { levels, measureBandwidth } from '../../lib/roofline.js';
import { native } from '../../lib/native.js';
import { secondsOf } from '../sample.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { threadCounts } from './defaults.js';

function machine(threads: number, settings: Settings): Contender {
  return {
    name: threadsName(threads),
    async measure() {
      const seconds = secondsOf(0.05, settings);
      const repeat = (once: () => number): number[] => Array.from({ length: settings.quick ? 1 : 5 }, once);
      const isas = settings.isa ?? [...cpu().isas].reverse();
      const fma = isas.map((isa): Measurement => ({ case: `FMA ${isa}`, unit: 'FLOP/s',
        samples: repeat(() => native().peakFlops(isa, threads, seconds)) }));
      const moved = (['read', 'copy'] as const).flatMap((kind) => levels.flatMap((level): Measurement[] => {
        if (measureBandwidth(level, threads, 1e-3, kind) === undefined) return [];
        return [{ case: `${kind} ${level}`, unit: 'B/s',
          samples: repeat(() => measureBandwidth(level, threads, seconds, kind)!) }];
      }));
      return [...fma, ...moved];
    },
  };
}

export const peakSuite: Suite = {
  name: 'peak',
  about: 'multiply-adds from registers, and bandwidth of L1, L2, L3 and memory (copying counts both directions)',
  options: ['isa', 'threads'],
  contenders: (settings) => threadCounts(settings).map((threads) => machine(threads, settings)),
};
