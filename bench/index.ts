/**
 * npm run bench                              lists the benches
 * npm run bench -- <name> [--rounds 5] [--json file]
 * npm run bench -- --compare a.json b.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatComparison, formatReport } from './report.js';
import { runSuite, type Report } from './runner.js';
import { suites } from './suites/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' }, compare: { type: 'boolean' } },
});

if (values.compare) {
  const [a, b] = positionals.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Report);
  if (!a || !b) fail('--compare takes two files written with --json');
  console.log(formatComparison(a, b));
} else if (positionals.length === 0) {
  for (const { name, about } of suites) console.log(`${name.padEnd(10)} ${about}`);
} else {
  const suite = suites.find(({ name }) => name === positionals[0]);
  if (!suite) fail(`no bench ${positionals[0]}; there are ${suites.map(({ name }) => name).join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds takes a positive integer');
  const report = await runSuite(suite, rounds, (line) => console.error(line));
  console.log(formatReport(report));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
