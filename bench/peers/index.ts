/**
 * quern beside its peers on the same work, all installed by this command in folders of their own:
 *
 * npm run bench:peers                      all but PyTorch, which is several GB
 * npm run bench:peers -- --torch
 * npm run bench:peers -- jax onnxruntime   these and quern
 *   --rounds 5     processes of each contender, in turns
 *   --epochs 5     timed epochs of a process
 *   --batch 128
 *   --json file    everything that was measured
 *   --read file    what --json has written, instead of measuring
 *   --markdown     the tables of the README
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { choose } from './contenders.js';
import { runContest, type Report } from './contest.js';
import { formatMarkdown } from './markdown.js';
import { formatReport } from './report.js';

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    torch: { type: 'boolean', default: false }, markdown: { type: 'boolean', default: false },
    json: { type: 'string' }, read: { type: 'string' },
    rounds: { type: 'string', default: '5' }, epochs: { type: 'string', default: '5' },
    batch: { type: 'string', default: '128' },
  },
});

function count(option: 'rounds' | 'epochs' | 'batch'): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${option} takes a positive integer`);
  return value;
}

async function measure(): Promise<Report> {
  const chosen = choose(names, values.torch);
  return runContest(chosen, { rounds: count('rounds'), epochs: count('epochs'), batchSize: count('batch'),
    log: (line) => console.error(line) });
}

try {
  const report = values.read ? JSON.parse(readFileSync(values.read, 'utf8')) as Report : await measure();
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
  console.log(values.markdown ? formatMarkdown(report) : formatReport(report));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
