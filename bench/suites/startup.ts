/** What it takes until a program with quern computes: the built package, in processes as users start them. */
import { modelName, seedSizes } from '../models.js';
import type { Settings } from '../settings.js';
import { median } from '../statistics.js';
import type { Contender, Measurement, Suite } from '../suite.js';
import { checkBuilt, runBare, runStart } from './start.js';

/** With the usual five rounds these make medians of 20 processes. */
const processesOfRound = 4;

function started(settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  const batch = settings.batch?.[0] ?? 128;
  return {
    name: `quern, ${modelName(sizes)}, batch ${batch}`,
    async measure() {
      const figures = new Map<string, number[]>();
      const add = (name: string, seconds: number): void => {
        figures.set(name, [...(figures.get(name) ?? []), seconds]);
      };
      for (let i = 0; i < (settings.quick ? 1 : processesOfRound); i++) {
        const bare = await runBare();
        const imported = await runStart('import', sizes, batch);
        const { printed } = await runStart('fit', sizes, batch);
        const later = median(printed.laterSteps);
        add('bare node: whole process', bare.seconds);
        add('import: whole process, over bare node', Math.max(0, imported.seconds - bare.seconds));
        add('import: within the process', imported.printed.import / 1000);
        add('compile, first use of the core included', printed.compile / 1000);
        add('first step (trainOnBatch)', printed.firstStep / 1000);
        add('later step (trainOnBatch)', later / 1000);
      }
      return [...figures].map(([name, samples]): Measurement => ({ case: name, samples }));
    },
  };
}

export const startupSuite: Suite = {
  name: 'startup',
  about: 'bare node, import of the built package over it, compile, first step and later ones; 20 processes of each',
  options: ['layers', 'batch'],
  contenders(settings) {
    checkBuilt();
    return [started(settings)];
  },
};
