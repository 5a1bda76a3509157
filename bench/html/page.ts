/** A result as one page that needs nothing else: no script, no network, drawings in SVG, for light and dark. */
import type { Report } from '../result.js';
import { cellsOf, headLines, tableHeader } from '../text-report.js';
import { heatMapFigures } from './heat-map.js';
import { escape } from './markup.js';
import { rooflineFigures } from './roofline.js';
import { style } from './style.js';

export function htmlPage(report: Report): string {
  const title = `quern bench: ${report.suite}`;
  const [what, where, ...machine] = headLines(report);
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
${machine.length ? `<details><summary>What the machine reached in between</summary><ul>
${machine.map((line) => `<li>${escape(line.replace(/^[^:]*: /, ''))}</li>`).join('\n')}
</ul></details>` : ''}
${rooflineFigures(report).join('\n')}
${heatMapFigures(report).join('\n')}
${table(report)}
</body>
</html>
`;
}

function table(report: Report): string {
  const cell = (tag: 'td' | 'th', text: string, column: number): string =>
    `<${tag}${column < 2 ? '' : ' class="number"'}>${escape(text)}</${tag}>`;
  const line = (tag: 'td' | 'th', cells: readonly string[]): string =>
    `<tr>${cells.map((text, column) => cell(tag, text, column)).join('')}</tr>`;
  return `<h2>Figures</h2>
<div class="wide"><table>
<thead>${line('th', tableHeader)}</thead>
<tbody>
${report.rows.map((row) => line('td', cellsOf(row, report.rows))).join('\n')}
</tbody>
</table></div>`;
}
