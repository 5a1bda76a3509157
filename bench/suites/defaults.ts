/** What suites measure when the command line does not say. */
import { cpu } from '../../lib/kernels.js';
import type { Settings } from '../settings.js';

/** One thread, and all there are by default. */
export function threadCounts({ threads }: Settings): number[] {
  const all = cpu().threads;
  return threads ?? (all > 1 ? [1, all] : [1]);
}

/** Vector instruction sets of the machine, the best first. */
export function vectorIsas({ isa }: Settings): string[] {
  if (isa) return isa;
  const vectors = cpu().isas.filter((name) => name !== 'scalar').reverse();
  return vectors.length ? vectors : ['scalar'];
}

/** Whether `--only` lets a case through. */
export function isWanted(name: string, { only }: Settings): boolean {
  return only === undefined || name.includes(only);
}

/** Throws where the baseline is asked for and lacks what the model needs. */
export function checkBaseline({ baseline, layers }: Settings): void {
  if (baseline && layers?.at(-1) === 1) {
    throw new TypeError('`--baseline` must be given with two outputs or more, as the baseline ends in a softmax, ' +
      `received --layers ${layers.join(',')}`);
  }
}
