/** A result as one page that needs nothing else: no script, no network, drawings in SVG, for light and dark. */
import type { Report } from '../result.js';
import { cellsOf, headLines, machineCells, machineHeader, tableHeader } from '../text-report.js';
import { heatMapFigures } from './heat-map.js';
import { escape } from './markup.js';
import { rooflineFigures } from './roofline.js';
import { style } from './style.js';

export function htmlPage(report: Report): string {
  const title = `quern bench: ${report.suite}`;
  const [what, where] = headLines(report);
  const machine = machineCells(report.machine);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(title)}</h1>
<p>${escape(what!)}<br>${escape(where!)}</p>
${report.counters === undefined ? '' : `<p>No hardware counters: ${escape(report.counters)}.</p>`}
${machine.length ? table('What the machine reached in between', machineHeader, machine) : ''}
${rooflineFigures(report).join('\n')}
${heatMapFigures(report).join('\n')}
${table('Figures', tableHeader, report.rows.map((row) => cellsOf(row, report.rows)))}
</body>
</html>
`;
}

function table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: 'td' | 'th', text: string, column: number): string =>
    `<${tag}${column < 2 ? '' : ' class="number"'}>${escape(text)}</${tag}>`;
  const line = (tag: 'td' | 'th', cells: readonly string[]): string =>
    `<tr>${cells.map((text, column) => cell(tag, text, column)).join('')}</tr>`;
  return `<h2>${escape(title)}</h2>
<div class="wide"><table>
<thead>${line('th', header)}</thead>
<tbody>
${rows.map((cells) => line('td', cells)).join('\n')}
</tbody>
</table></div>`;
}
