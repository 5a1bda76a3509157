/** Where the time of a training step goes: what `model.profile` says, in several processes. */
import { cpu } from '../../lib/kernels.js';
import type { Profile } from '../../lib/models/profile.js';
import { classifier, modelName, seedSizes, trainingSet } from '../models.js';
import type { Settings } from '../settings.js';
import { threadsName, type Contender, type Measurement, type Suite } from '../suite.js';
import { isWanted } from './defaults.js';

function step(batchSize: number, threads: number, isa: string, settings: Settings): Contender {
  const sizes = settings.layers ?? seedSizes;
  return {
    name: `${modelName(sizes)}, batch ${batchSize}, ${isa}, ${threadsName(threads)}`,
    machine: { isa, threads },
    env: { QUERN_ISA: isa },
    async measure() {
      const { x, y } = await trainingSet(sizes, 20 * batchSize);
      const steps = settings.quick ? 20 : 400;
      const profile = await classifier(sizes).profile(x, y, { batchSize, steps, threads });
      return measurementsOf(profile, batchSize).filter((measured) => isWanted(measured.case, settings));
    },
  };
}

/** The step as a whole, then its parts. Names that come twice are numbered. */
function measurementsOf({ entries }: Profile, rows: number): Measurement[] {
  const blocks = entries[0]!.samples.map((_, block) => entries.reduce((sum, { samples }) => sum + samples[block]!, 0));
  const computed = entries.reduce((sum, { flops, skippedFlops }) => sum + flops - skippedFlops, 0);
  const whole: Measurement = { case: 'whole step', samples: blocks.map(seconds), rows,
    work: { flops: computed, bytes: 0 } };
  const names = entries.map(({ segment, instruction }) => `${segment}: ${instruction}`);
  const parts = entries.map(({ samples, flops, skippedFlops, bytes }, i): Measurement => {
    const before = names.slice(0, i).filter((name) => name === names[i]).length;
    const name = before === 0 ? names[i]! : `${names[i]} (${before + 1})`;
    const measured = { case: name, samples: samples.map(seconds) };
    return flops + bytes > 0 ? { ...measured, work: { flops: flops - skippedFlops, bytes } } : measured;
  });
  return [whole, ...parts];
}

function seconds(microseconds: number): number {
  return microseconds / 1e6;
}

export const programSuite: Suite = {
  name: 'program',
  about: 'a training step of the seed model, or of any --layers: each instruction against its roofline',
  options: ['layers', 'batch', 'threads', 'isa', 'only'],
  contenders(settings) {
    const { isa, threads } = cpu();
    return (settings.batch ?? [128]).flatMap((batch) => (settings.isa ?? [isa]).flatMap((name) =>
      (settings.threads ?? [threads]).map((count) => step(batch, count, name, settings))));
  },
};
