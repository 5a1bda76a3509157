/** What a run of a suite yields: shown as text or HTML, kept as JSON, and compared. */
import { readFileSync } from 'node:fs';
import type { CpuInfo } from '../lib/kernels.js';
import { floorOf, levels, type Floor, type Level, type Peaks } from '../lib/roofline.js';
import type { Settings } from './settings.js';
import { summarize, type Summary } from './statistics.js';
import type { Contender, Measurement } from './suite.js';

/** Figures by round: those of one round come from one process, and so are not independent of each other. */
export type Rounds = number[][];

export interface Figure {
  rounds: Rounds;
  summary: Summary;
}

export interface Row extends Figure, Required<Pick<Measurement, 'unit'>>, Omit<Measurement, 'samples' | 'unit'> {
  contender: string;
  machine?: { isa: string; threads: number };
  /** The least it could take. */
  floor?: Floor;
}

/** Raised when the form of the files changes. */
export const format = 1;

export interface Report {
  format: typeof format;
  suite: string;
  settings: Settings;
  date: string;
  commit: string;
  node: string;
  cpu: CpuInfo;
  /** What the machine reached in between: `fma <isa> <threads>` in FLOP/s, `read <level> <threads>` in B/s. */
  machine: Record<string, Figure>;
  /** Why there are no hardware counters, where they were asked for and are not there. */
  counters?: string;
  rows: Row[];
}

export function figureOf(rounds: Rounds): Figure {
  return { rounds, summary: summarize(rounds.flat()) };
}

/** The best of `machine`, as floors are what nothing could be faster than. */
export function peaksOf(machine: Record<string, Figure>, isa: string, threads: number): Peaks | undefined {
  const flops = machine[`fma ${isa} ${threads}`]?.summary.highest;
  if (flops === undefined) return undefined;
  const bandwidth: Partial<Record<Level, number>> = {};
  for (const level of levels) {
    const read = machine[`read ${level} ${threads}`];
    if (read) bandwidth[level] = read.summary.highest;
  }
  return { flops, bandwidth };
}

export function rowOf(contender: Contender, measured: Measurement, rounds: Rounds, machine: Record<string, Figure>,
                      cpu: CpuInfo): Row {
  const { samples: _, ...rest } = measured;
  const row: Row = { unit: 's', ...rest, contender: contender.name, ...figureOf(rounds),
    ...(contender.machine ? { machine: contender.machine } : {}) };
  const peaks = contender.machine && peaksOf(machine, contender.machine.isa, contender.machine.threads);
  const floor = peaks && measured.work && floorOf(measured.work, contender.machine!.threads, peaks, cpu);
  return floor ? { ...row, floor } : row;
}

/** Throws a RangeError that names the file when it is none that `--json` wrote. */
export function readReport(path: string): Report {
  let report: Partial<Report> | null;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Partial<Report> | null;
  } catch (error) {
    throw new RangeError(`${path} can't be read as a result: ${(error as Error).message}`);
  }
  if (report?.format !== format || !Array.isArray(report.rows)) {
    throw new RangeError(`${path} is no result of this bench suite: ` +
      `format must be ${format}, received ${report?.format}`);
  }
  return report as Report;
}
