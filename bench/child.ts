/** One contender of one suite: `child.ts <suite> <contender>`; prints its samples as one line of JSON. */
import { native } from '../lib/native.js';
import type { Samples } from './suite.js';
import { suites } from './suites/index.js';

const [suiteName = '', contenderName = ''] = process.argv.slice(2);
process.stdout.write(`\n${JSON.stringify(await measure())}\n`);

async function measure(): Promise<Samples> {
  if (suiteName === 'machine') return { [contenderName]: measureMachine(contenderName) };
  const suite = suites.find(({ name }) => name === suiteName);
  const contender = suite?.contenders().find(({ name }) => name === contenderName);
  if (!suite || !contender) throw new Error(`no contender ${contenderName} in suite ${suiteName}`);
  return contender.measure(suite.cases);
}

/** Units per second of `fma <isa> <threads>` (FLOP) or `read <bytes> <threads>` (bytes). */
function measureMachine(key: string): number[] {
  const [kind = '', what = '', threads = ''] = key.split(' ');
  const once = (): number => kind === 'fma'
    ? native().peakFlops(what, Number(threads), 0.1)
    : native().bandwidth('read', Number(what), Number(threads), 0.1);
  return Array.from({ length: 5 }, once);
}
