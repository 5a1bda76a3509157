/**
 * Runs a suite: every contender in a process of its own, round after round, so that a slow minute of the machine hits
 * all of them; the machine's FMA peak and bandwidth are measured in between, as one more contender of each round.
 */
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpu } from '../lib/kernels.js';
import { summarize, type Summary } from './statistics.js';
import type { Contender, Samples, Suite } from './suite.js';

export interface Row extends Summary {
  case: string;
  contender: string;
  flops: number;
  bytes: number;
  samples: number;
  /** Share of the FMA peak or bandwidth of the same run that the median reaches; null where none applies. */
  share: number | null;
}

export interface Report {
  suite: string;
  date: string;
  commit: string;
  node: string;
  rounds: number;
  cpu: ReturnType<typeof cpu>;
  /** Median FLOP/s and bytes/s measured between the contenders, by what was asked for. */
  machine: Record<string, number>;
  rows: Row[];
}

const childPath = fileURLToPath(new URL('child.ts', import.meta.url));

/** Runs `contender` of `suite` in a process of its own; what it prints on its last line is its samples. */
function runChild(suite: string, contender: string, env: Record<string, string> = {}): Promise<Samples> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', childPath, suite, contender],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`${suite}: ${contender} ended with code ${code}`));
      else resolve(JSON.parse(output.trimEnd().split('\n').at(-1)!) as Samples);
    });
  });
}

export async function runSuite(suite: Suite, rounds: number, log: (line: string) => void): Promise<Report> {
  const contenders = suite.contenders();
  const machineKeys = [...new Set(contenders.flatMap(machineKeysOf))];
  const samples = new Map<string, number[]>();
  const collect = (key: string, more: readonly number[]): void => {
    samples.set(key, [...(samples.get(key) ?? []), ...more]);
  };
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      log(`round ${round} of ${rounds}: ${contender.name}`);
      const measured = await runChild(suite.name, contender.name, contender.env);
      for (const [name, times] of Object.entries(measured)) collect(`${name}\n${contender.name}`, times);
    }
    for (const key of machineKeys) collect(key, (await runChild('machine', key))[key] ?? []);
  }
  const machine = Object.fromEntries(machineKeys.map((key) => [key, summarize(samples.get(key) ?? []).median]));
  const rows = suite.cases.flatMap((item) => contenders.flatMap((contender): Row[] => {
    const times = samples.get(`${item.name}\n${contender.name}`);
    if (!times) return [];
    const summary = summarize(times);
    return [{ case: item.name, contender: contender.name, flops: item.flops, bytes: item.bytes,
      samples: item.samples ?? 0, ...summary, share: shareOf(contender, item, summary.median, machine) }];
  }));
  return { suite: suite.name, date: new Date().toISOString(), commit: commit(), node: process.version, rounds,
    cpu: cpu(), machine, rows };
}

/** `fma isa threads` and `read bytes threads`: what `machine` of child.ts measures. */
function machineKeysOf({ peak, bandwidth }: Contender): string[] {
  return [...(peak ? [`fma ${peak.isa} ${peak.threads}`] : []),
    ...(bandwidth ? [`read ${bandwidth.bytes} ${bandwidth.threads}`] : [])];
}

function shareOf(contender: Contender, { flops, bytes }: { flops: number; bytes: number }, seconds: number,
                 machine: Record<string, number>): number | null {
  const { peak, bandwidth } = contender;
  if (flops > 0 && peak) return flops / seconds / machine[`fma ${peak.isa} ${peak.threads}`]!;
  if (bytes > 0 && bandwidth) return bytes / seconds / machine[`read ${bandwidth.bytes} ${bandwidth.threads}`]!;
  return null;
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain').trim() ? '+' : '');
  } catch {
    return 'unknown';
  }
}
