/**
 * npm run bench                           lists the benches and their options
 * npm run bench -- <name> [options]       runs one
 * npm run bench -- --compare a.json b.json
 * How to read the figures: bench/README.md.
 */
import { writeFileSync } from 'node:fs';
import { unknownName } from '../lib/errors.js';
import { formatComparison } from './comparison.js';
import { htmlPage } from './html/page.js';
import { endProcessesWhenInterrupted, Interrupted } from './processes.js';
import { readReport } from './result.js';
import { runSuite } from './runner.js';
import { commonOptions, readCommandLine, suiteOptions, type CommandLine } from './settings.js';
import { suites } from './suites/index.js';
import { formatReport } from './text-report.js';

async function main(line: CommandLine): Promise<void> {
  if (line.compare) {
    const [a, b] = line.compare;
    return console.log(formatComparison(readReport(a), readReport(b)));
  }
  if (line.suite === undefined) return console.log(usage());
  const suite = suites.find(({ name }) => name === line.suite);
  if (!suite) throw unknownName('bench', line.suite, suites.map(({ name }) => name));
  const foreign = line.given.find((name) => !suite.options.includes(name));
  if (foreign) {
    const taken = suite.options.map((name) => `--${name}`).join(', ');
    throw new TypeError(`${suite.name} takes no \`--${foreign}\`; it takes ${taken || 'none of the suites\' options'}`);
  }
  endProcessesWhenInterrupted();
  const report = await runSuite(suite, line.settings, line.rounds, (text) => console.error(text));
  console.log(formatReport(report));
  if (line.json !== undefined) writeFileSync(line.json, `${JSON.stringify(report)}\n`);
  if (line.html !== undefined) writeFileSync(line.html, htmlPage(report));
}

function usage(): string {
  const option = (name: string, value: string | undefined, about: string): string =>
    `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(36)} ${about}`;
  return [
    ...suites.map(({ name, about, options }) =>
      `${name.padEnd(9)} ${about}\n${' '.repeat(10)}${options.map((taken) => `--${taken}`).join(' ')}`),
    '',
    ...Object.entries({ ...suiteOptions, ...commonOptions })
      .map(([name, { value, about }]) => option(name, value, about)),
  ].join('\n');
}

try {
  await main(readCommandLine(process.argv.slice(2)));
} catch (error) {
  if (error instanceof Interrupted) process.exit(130);
  console.error(error instanceof TypeError || error instanceof RangeError ? error.message : error);
  process.exit(error instanceof TypeError || error instanceof RangeError ? 2 : 1);
}
