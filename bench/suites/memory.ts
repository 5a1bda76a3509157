/** What a program with quern takes of memory, and whether it grows: the built package in processes of their own. */
import { modelName, seedSizes } from '../models.js';
import type { Settings } from '../settings.js';
import type { Contender, Measurement, Suite } from '../suite.js';
import { checkBuilt, runBare, runStart } from './start.js';

function started(settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  const batch = settings.batch?.[0] ?? 128;
  const fits = settings.quick ? 20 : 1000;
  return {
    name: `quern, ${modelName(sizes)}, batch ${batch}`,
    async measure() {
      const collecting = ['--expose-gc'];
      const { printed: bare } = await runBare(collecting);
      const { printed: { memory, core } } = await runStart('fit', sizes, batch, fits, collecting);
      const one = (name: string, bytes: number): Measurement => ({ case: name, unit: 'B', samples: [bytes] });
      return [
        one('resident: bare node', bare.memory),
        one('resident: after import', memory.import),
        one('resident: after compile', memory.compile),
        one('resident: after the first step', memory.fit),
        one(`resident: after ${fits} fits`, memory.manyFits),
        one(`growth a fit, over ${fits} more`, (memory.twiceAsMany - memory.manyFits) / fits),
        one('slabs: weights and optimizer slots', core.compile),
        one('arenas: temporaries, gradients, scratch', core.manyFits - core.compile),
      ];
    },
  };
}

export const memorySuite: Suite = {
  name: 'memory',
  about: 'resident memory after import, compile and a step, its growth over many fits, and the sizes of slab and arena',
  options: ['layers', 'batch'],
  contenders(settings) {
    checkBuilt();
    return [started(settings)];
  },
};
