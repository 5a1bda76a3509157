/** The grid of matrix products as maps: which shapes are near what the machine can do, and which are far. */
import type { Row } from './result.js';

/** One map for each k, contender and transposition: shares of the FMA peak and of the floor, by m and n. */
export interface HeatMap {
  contender: string;
  transpose: string;
  k: number;
  ms: number[];
  ns: number[];
  /** By m, then n; null where nothing was measured. */
  cells: (Row | null)[][];
}

export function heatMaps(rows: readonly Row[]): HeatMap[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.product) continue;
    const key = `${row.contender}\n${row.product.transpose}\n${row.product.k}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const sides = (side: 'm' | 'n'): number[] =>
      [...new Set(group.map(({ product }) => product![side]))].sort((a, b) => a - b);
    const [ms, ns] = [sides('m'), sides('n')];
    const { contender, product } = group[0]!;
    const cells = ms.map((m) => ns.map((n) =>
      group.find((row) => row.product!.m === m && row.product!.n === n) ?? null));
    return { contender, transpose: product!.transpose, k: product!.k, ms, ns, cells };
  });
}

/** Floor over median: 1 is what nothing could be faster than. */
export function reached(row: Row): number {
  return row.floor ? Math.min(1, row.floor.seconds / row.summary.median) : NaN;
}

/** Maps side by side, this many. */
const across = 4;

/** The maps of a grid as lines of text: tenths of the floor, '9' being 90 % and more. Empty without a grid. */
export function gridBlocks(rows: readonly Row[]): string[][] {
  const maps = heatMaps(rows).filter(({ ms, ns }) => ms.length > 2 && ns.length > 2);
  const blocks: string[][] = [];
  for (let i = 0; i < maps.length;) {
    const { contender, transpose } = maps[i]!;
    const alike = maps.slice(i, i + across)
      .filter((map) => map.contender === contender && map.transpose === transpose);
    blocks.push([`${contender}, ${transpose}: tenths of the floor; down m, across n = ${alike[0]!.ns.join(' ')}`,
      ...sideBySide(alike.map(mapLines))]);
    i += alike.length;
  }
  return blocks;
}

function mapLines({ k, ms, cells }: HeatMap): string[] {
  const lines = ms.map((m, i) => `${String(m).padStart(5)} ${cells[i]!.map(digitOf).join(' ')}`);
  return [`${' '.repeat(6)}k = ${k}`, ...lines];
}

function digitOf(row: Row | null): string {
  const part = row ? reached(row) : NaN;
  return Number.isNaN(part) ? '·' : String(Math.min(9, Math.floor(10 * part)));
}

function sideBySide(columns: readonly string[][]): string[] {
  const widths = columns.map((lines) => Math.max(...lines.map(({ length }) => length)));
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    columns.map((lines, i) => (lines[line] ?? '').padEnd(widths[i]!)).join('  ').trimEnd());
}
