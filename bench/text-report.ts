/** Results as text: what was measured where, and a table with one line for each case and contender. */
import { percent, quantity, quantityRange } from '../lib/quantity.js';
import { clipped, textTable } from '../lib/text-table.js';
import { formatCounts } from './counters.js';
import { gridBlocks } from './heat-map.js';
import type { Figure, Report, Row } from './result.js';
import { threadsName } from './suite.js';

export function formatReport(report: Report): string {
  const rows = shownRows(report);
  const blocks = gridBlocks(report.rows);
  const machine = machineCells(report.machine);
  return [
    ...headLines(report), '',
    ...(machine.length ? [...textTable(machineHeader, machine, 2), ''] : []),
    ...(rows.length ? textTable(tableHeader, rows.map((row) => clippedCells(row, report.rows)), 2) : []),
    ...blocks.flatMap((block) => ['', ...block]),
    ...countsLines(report),
  ].join('\n');
}

/** Which bench, which code; which machine. */
export function headLines({ suite, settings, date, commit, node, cpu }: Report): string[] {
  const kilobytes = (bytes: number): string => `${bytes >> 10} KB`;
  const given = Object.entries(settings).filter(([name]) => name !== 'products')
    .map(([name, value]) => (value === true ? name : `${name} ${String(value)}`));
  return [
    [suite, ...given, date.slice(0, 10), `commit ${commit}`, `node ${node}`].join(' · '),
    [cpu.brand, `${cpu.isa} of ${cpu.isas.join(', ')}`, `${cpu.threads} threads`,
      `L1d ${kilobytes(cpu.l1d)}, L2 ${kilobytes(cpu.l2)}, L3 ${kilobytes(cpu.l3)}`].join(' · '),
  ];
}

/** The machine's figures: what was measured, its median, quartiles and best. */
export function machineCells(machine: Record<string, Figure>): string[][] {
  return Object.entries(machine).map(([key, { summary: { lowerQuartile, median, upperQuartile, highest } }]) => {
    const [kind, what, threads] = key.split(' ') as [string, string, string];
    const unit = kind === 'fma' ? 'FLOP/s' : 'B/s';
    return [kind === 'fma' ? `FMA ${what}` : `${kind} ${what}`, threadsName(Number(threads)), quantity(median, unit, 3),
      quantityRange(lowerQuartile, upperQuartile, unit), quantity(highest, unit, 3)];
  });
}

export const machineHeader = ['measured in between', '', 'median', 'quartiles', 'best'];

/** The heat map stands for the rows of a grid. */
function shownRows({ settings, rows }: Report): Row[] {
  return settings.grid ? [] : rows;
}

export const tableHeader = ['case', 'contender', 'median', 'quartiles', 'best', 'work', 'operands', 'rate', 'floor',
  'reached', 'of', 'median / first'];

export function cellsOf(row: Row, rows: readonly Row[]): string[] {
  const { unit, summary: { lowest, lowerQuartile, median, upperQuartile, highest }, work, floor } = row;
  const first = rows.find((other) => other.case === row.case)!;
  const best = isBetterLow(unit) ? lowest : highest;
  return [
    row.case, row.contender, quantity(median, unit), quantityRange(lowerQuartile, upperQuartile, unit),
    quantity(best, unit), work?.flops ? quantity(work.flops, 'FLOP', 3) : '',
    work?.bytes ? quantity(work.bytes, 'B', 3) : '', rateOf(row), floor ? quantity(floor.seconds, 's', 3) : '',
    floor ? percent(floor.seconds / median) : '', floor?.bound ?? '',
    row === first || first.summary.median === 0 ? '' : `${(median / first.summary.median).toFixed(2)} x`,
  ];
}

/** Names of instructions with many results are long: the page has them whole. */
const widestCase = 52;

function clippedCells(row: Row, rows: readonly Row[]): string[] {
  const [name, ...rest] = cellsOf(row, rows);
  return [clipped(name!, widestCase), ...rest];
}

export function isBetterLow(unit: Row['unit']): boolean {
  return unit === 's' || unit === 'B';
}

/** Work a second, at the median: rows, else FLOPs, else bytes. */
function rateOf({ unit, rows, work, summary: { median } }: Row): string {
  if (unit !== 's' || median === 0) return '';
  if (rows !== undefined) return quantity(rows / median, 'rows/s', 3);
  if (!work) return '';
  return work.flops > 0 ? quantity(work.flops / median, 'FLOP/s', 3) : quantity(work.bytes / median, 'B/s', 3);
}

function countsLines({ counters, rows }: Report): string[] {
  if (counters !== undefined) return ['', `no hardware counters: ${counters}`];
  const counted = rows.filter(({ counts }) => counts);
  if (counted.length === 0) return [];
  return ['', ...counted.map((row) =>
    `${row.case}, ${row.contender}: ${formatCounts(row.counts!, (count) => quantity(count, '', 3).trim())}`)];
}
