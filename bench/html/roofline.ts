/**
 * The roofline plot: FLOP/s over FLOPs a byte, both in powers of ten. What is below the slanted part of a roof is bound
 * by that level's bandwidth, what is below the flat part by multiply-adds; the distance to the roof is what is left.
 */
import { quantity } from '../../lib/quantity.js';
import { levels, type Peaks } from '../../lib/roofline.js';
import { peaksOf, type Report, type Row } from '../result.js';
import { escape } from './markup.js';

const width = 640, height = 400;
const margin = { left: 84, right: 90, top: 12, bottom: 40 };

interface Point {
  row: Row;
  /** FLOPs a byte, and FLOP/s at the median. */
  intensity: number;
  rate: number;
}

/** One plot for each instruction set and number of threads. */
export function rooflineFigures({ rows, machine }: Report): string[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.machine) continue;
    const key = `${row.machine.isa} ${row.machine.threads}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].flatMap(([key, group]) => {
    const { isa, threads } = group[0]!.machine!;
    const peaks = peaksOf(machine, isa, threads);
    const points = group.flatMap(pointOf);
    return peaks && points.length ? [figure(key, points, peaks)] : [];
  });
}

function pointOf(row: Row): Point[] {
  const { work, summary: { median } } = row;
  if (!work || work.flops === 0 || work.bytes === 0 || median === 0) return [];
  return [{ row, intensity: work.flops / work.bytes, rate: work.flops / median }];
}

/** A logarithmic axis over whole decades: from a value to a place. */
class Axis {
  readonly from: number;
  readonly to: number;

  constructor(values: readonly number[], private readonly start: number, private readonly end: number) {
    this.from = Math.floor(Math.log10(Math.min(...values)));
    this.to = Math.max(this.from + 1, Math.ceil(Math.log10(Math.max(...values))));
  }

  at(value: number): number {
    const part = (Math.log10(value) - this.from) / (this.to - this.from);
    return Number((this.start + part * (this.end - this.start)).toFixed(1));
  }

  get decades(): number[] {
    return Array.from({ length: this.to - this.from + 1 }, (_, i) => 10 ** (this.from + i));
  }
}

function figure(key: string, points: readonly Point[], peaks: Peaks): string {
  const ridges = Object.values(peaks.bandwidth).map((bandwidth) => peaks.flops / bandwidth);
  const x = new Axis([...points.map(({ intensity }) => intensity), ...ridges], margin.left, width - margin.right);
  const y = new Axis([...points.map(({ rate }) => rate), peaks.flops], height - margin.bottom, margin.top);
  return `<figure><figcaption>Roofline, ${escape(key)} ${key.endsWith(' 1') ? 'thread' : 'threads'}</figcaption>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="roofline plot">
${axes(x, y)}
${roofs(peaks, x, y)}
${points.map((point) => dot(point, x, y)).join('\n')}
</svg></figure>`;
}

function axes(x: Axis, y: Axis): string {
  const bottom = height - margin.bottom;
  return [
    ...x.decades.map((value) => `<line class="grid" x1="${x.at(value)}" x2="${x.at(value)}" y1="${margin.top}" ` +
      `y2="${bottom}"/><text x="${x.at(value)}" y="${bottom + 16}" text-anchor="middle">${Number(value.toPrecision(1))}</text>`),
    ...y.decades.map((value) => `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y.at(value)}" ` +
      `y2="${y.at(value)}"/><text x="${margin.left - 6}" y="${y.at(value) + 4}" text-anchor="end">` +
      `${escape(quantity(value, 'FLOP/s', 1))}</text>`),
    `<text class="muted" x="${(margin.left + width - margin.right) / 2}" y="${height - 6}" text-anchor="middle">` +
      'FLOPs a byte of operands</text>',
  ].join('\n');
}

/** Each level's slope up to the peak, and the peak from the first ridge on. Parts beyond the axes are cut. */
function roofs({ flops, bandwidth }: Peaks, x: Axis, y: Axis): string {
  const [left, right] = [10 ** x.from, 10 ** x.to];
  const slopes = levels.flatMap((level, i) => {
    const rate = bandwidth[level];
    if (rate === undefined) return [];
    const start = Math.max(left, 10 ** y.from / rate);
    // Names stand at different heights, as the slopes of caches lie close together.
    const named = start * (flops / rate / start) ** ((levels.length - i) / (levels.length + 1));
    return [`<path class="roof" d="M${x.at(start)} ${y.at(start * rate)}L${x.at(flops / rate)} ${y.at(flops)}"/>` +
      `<text class="muted" x="${x.at(named) - 5}" y="${y.at(named * rate)}" text-anchor="end">${level}</text>`];
  });
  const ridge = Math.min(right, ...Object.values(bandwidth).map((rate) => flops / rate));
  return [...slopes, `<path class="roof" d="M${x.at(ridge)} ${y.at(flops)}H${x.at(right)}"/>`,
    `<text x="${x.at(right) + 5}" y="${y.at(flops) + 4}">${escape(quantity(flops, 'FLOP/s', 3))}</text>`].join('\n');
}

function dot({ row, intensity, rate }: Point, x: Axis, y: Axis): string {
  const title = `${row.case}, ${row.contender}: ${quantity(rate, 'FLOP/s', 3)}, ${intensity.toPrecision(3)} FLOPs a byte`;
  return `<circle class="point" cx="${x.at(intensity)}" cy="${y.at(rate)}" r="4"><title>${escape(title)}</title></circle>`;
}
