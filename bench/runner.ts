/**
 * Runs a suite: every contender in a process of its own, round after round, so that a slow minute of the machine hits
 * all of them; the machine's FMA peak and bandwidths are measured in between, once a round.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpu } from '../lib/kernels.js';
import type { Task } from './child.js';
import { countersProblem } from './counters.js';
import { machineKeys } from './machine.js';
import { runNode } from './processes.js';
import { figureOf, format, rowOf, type Report, type Rounds } from './result.js';
import type { Settings } from './settings.js';
import type { Contender, Measurement, Suite } from './suite.js';

const childPath = fileURLToPath(new URL('child.ts', import.meta.url));

async function runTask(task: Task, env?: Readonly<Record<string, string>>): Promise<Measurement[]> {
  const output = await runNode(['--import', 'tsx', childPath, JSON.stringify(task)], env);
  return JSON.parse(output.trimEnd().split('\n').at(-1)!) as Measurement[];
}

/** What a contender, or the machine, measured: each case as it first came, with the figures of all rounds. */
class Collected {
  readonly cases = new Map<string, { measured: Measurement; rounds: Rounds }>();

  add(measurements: readonly Measurement[]): void {
    for (const measured of measurements) {
      const known = this.cases.get(measured.case);
      const samples = measured.samples.map((value) => Number(value.toPrecision(6)));
      if (known) known.rounds.push(samples);
      else this.cases.set(measured.case, { measured, rounds: [samples] });
    }
  }
}

/** Rejects when a contender fails or the bench is interrupted. */
export async function runSuite(suite: Suite, settings: Settings, rounds: number,
                               log: (line: string) => void): Promise<Report> {
  const contenders = suite.contenders(settings);
  const keys = machineKeys(contenders);
  const collected = new Map(contenders.map((contender) => [contender, new Collected()]));
  const machine = new Collected();
  for (let round = 1; round <= rounds; round++) {
    for (const [contender, into] of collected) {
      log(`round ${round} of ${rounds}: ${contender.name}`);
      into.add(await runTask({ settings, suite: suite.name, contender: contender.name }, contender.env));
    }
    if (keys.length > 0) machine.add(await runTask({ settings, machine: keys }));
  }
  return reportOf(suite, settings, collected, machine);
}

function reportOf(suite: Suite, settings: Settings, collected: ReadonlyMap<Contender, Collected>,
                  machine: Collected): Report {
  const figures = Object.fromEntries([...machine.cases].map(([name, { rounds }]) => [name, figureOf(rounds)]));
  const info = cpu();
  const all = [...collected].flatMap(([contender, { cases }]) => [...cases.values()].map(({ measured, rounds }) =>
    rowOf(contender, measured, rounds, figures, info)));
  const order = [...new Set(all.map((row) => row.case))];
  const problem = settings.counters ? countersProblem() : undefined;
  return {
    format, suite: suite.name, settings, date: new Date().toISOString(), commit: commit(), node: process.version,
    cpu: info, machine: figures, ...(problem === undefined ? {} : { counters: problem }),
    rows: order.flatMap((name) => all.filter((row) => row.case === name)),
  };
}

/** The commit that is checked out, with a + where files differ from it. */
function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain').trim() ? '+' : '');
  } catch {
    return 'unknown';
  }
}
