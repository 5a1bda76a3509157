/** Heat maps of matrix products: by m and n, one for each k, the share of the FMA peak and that of the floor. */
import { percent, quantity } from '../../lib/quantity.js';
import { heatMaps, reached, type HeatMap } from '../heat-map.js';
import { peaksOf, type Figure, type Report, type Row } from '../result.js';
import { escape } from './markup.js';

const cell = 28;
const margin = { left: 34, top: 20 };

type Share = (row: Row) => number;

/** Both kinds of maps; nothing without a grid. */
export function heatMapFigures({ settings, rows, machine }: Report): string[] {
  if (!settings.grid) return [];
  const maps = heatMaps(rows);
  return [
    '<h2>Share of the FMA peak</h2>', ...maps.map((map) => figure(map, (row) => ofPeak(row, machine))),
    '<h2>Share of the floor</h2>',
    '<p>The floor is the longer of FLOPs over peak and bytes over bandwidth: thin products are bound by bytes.</p>',
    ...maps.map((map) => figure(map, reached)),
  ];
}

function ofPeak(row: Row, machine: Record<string, Figure>): number {
  const peaks = row.machine && peaksOf(machine, row.machine.isa, row.machine.threads);
  return peaks && row.work ? Math.min(1, row.work.flops / row.summary.median / peaks.flops) : NaN;
}

function figure(map: HeatMap, share: Share): string {
  const width = margin.left + map.ns.length * cell, height = margin.top + map.ms.length * cell;
  const columns = map.ns.map((n, j) =>
    `<text x="${margin.left + (j + 0.5) * cell}" y="${margin.top - 5}" text-anchor="middle">${n}</text>`);
  const lines = map.ms.map((m, i) =>
    `<text x="${margin.left - 4}" y="${margin.top + (i + 0.5) * cell + 4}" text-anchor="end">${m}</text>`);
  const cells = map.cells.flatMap((line, i) => line.map((row, j) => (row ? square(row, share(row), i, j) : '')));
  const caption = `${map.contender}, ${map.transpose}, k = ${map.k}; down m, across n`;
  return `<figure><figcaption>${escape(caption)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="heat map">
${[...columns, ...lines, ...cells].join('')}
</svg></figure>`;
}

/** From red at nothing over yellow to green at all of it; the same in light and dark, with dark digits on it. */
function square(row: Row, share: number, i: number, j: number): string {
  const [x, y] = [margin.left + j * cell, margin.top + i * cell];
  const { m, n, k, transpose } = row.product!;
  const title = `${m}x${n}x${k}:${transpose}: ${percent(share)}, ${quantity(row.summary.median, 's')}`;
  return `<g><title>${escape(title)}</title><rect x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" ` +
    `fill="hsl(${Math.round(130 * share)} 65% 62%)"/><text x="${x + (cell - 1) / 2}" y="${y + cell / 2 + 4}" ` +
    `text-anchor="middle" style="fill:#1b1f24">${Math.round(100 * share)}</text></g>`;
}
