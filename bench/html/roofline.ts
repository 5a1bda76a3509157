/**
 * The roofline plot: FLOP/s over FLOPs a byte, both in powers of ten. What is below the slanted part of a roof is bound
 * by that level's bandwidth, what is below the flat part by multiply-adds; the distance to the roof is what is left.
 */
import { quantity } from '../../lib/quantity.js';
import { levels, type Peaks } from '../../lib/roofline.js';
import { peaksOf, type Report, type Row } from '../result.js';
import { escape } from './markup.js';

const width = 640, height = 400;
const margin = { left: 96, right: 90, top: 12, bottom: 40 };

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
  const { left, top } = margin;
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  return [
    ...x.decades.map((value) => line(x.at(value), x.at(value), top, bottom) +
      text(x.at(value), bottom + 16, 'middle', String(Number(value.toPrecision(1))))),
    ...y.decades.map((value) => line(left, right, y.at(value), y.at(value)) +
      text(left - 6, y.at(value) + 4, 'end', quantity(value, 'FLOP/s', 1))),
    text((left + right) / 2, height - 6, 'middle', 'FLOPs a byte of operands', 'muted'),
  ].join('\n');
}

function line(x1: number, x2: number, y1: number, y2: number): string {
  return `<line class="grid" x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}"/>`;
}

function text(x: number, y: number, anchor: 'start' | 'middle' | 'end', content: string, kind = ''): string {
  return `<text${kind && ` class="${kind}"`} x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
}

/** Each level's slope up to the peak, and the peak from the first ridge on. Parts beyond the axes are cut. */
function roofs({ flops, bandwidth }: Peaks, x: Axis, y: Axis): string {
  const [left, right] = [10 ** x.from, 10 ** x.to];
  // Names stand above their ridges, where nothing else is, in as many lines as keeps them apart.
  const namedUpTo: number[] = [];
  const named = (ridge: number, level: string): string => {
    const width = 8 * level.length;
    const free = namedUpTo.findIndex((end) => end < ridge - width / 2);
    const row = free < 0 ? namedUpTo.length : free;
    namedUpTo[row] = ridge + width / 2;
    return text(ridge, y.at(flops) - 6 - 13 * row, 'middle', level, 'muted');
  };
  const rates = levels.flatMap((level) => bandwidth[level] === undefined ? [] : [{ level, rate: bandwidth[level] }]);
  const slopes = rates.sort((a, b) => b.rate - a.rate).map(({ level, rate }) => {
    const start = Math.max(left, 10 ** y.from / rate);
    return `<path class="roof" d="M${x.at(start)} ${y.at(start * rate)}L${x.at(flops / rate)} ${y.at(flops)}"/>` +
      named(x.at(flops / rate), level);
  });
  const ridge = Math.min(right, ...Object.values(bandwidth).map((rate) => flops / rate));
  return [...slopes, `<path class="roof" d="M${x.at(ridge)} ${y.at(flops)}H${x.at(right)}"/>`,
    text(x.at(right) + 5, y.at(flops) + 4, 'start', quantity(flops, 'FLOP/s', 3))].join('\n');
}

function dot({ row, intensity, rate }: Point, x: Axis, y: Axis): string {
  const place = `${quantity(rate, 'FLOP/s', 3)}, ${intensity.toPrecision(3)} FLOPs a byte`;
  const title = `<title>${escape(`${row.case}, ${row.contender}: ${place}`)}</title>`;
  return `<circle class="point" cx="${x.at(intensity)}" cy="${y.at(rate)}" r="4">${title}</circle>`;
}
