/** Results as text: a table of one run, and what changed between two. */
import type { Report, Row } from './runner.js';

export function formatReport(report: Report): string {
  const { cpu } = report;
  const lines = [
    `${report.suite} · ${report.date.slice(0, 10)} · commit ${report.commit} · node ${report.node} · ${report.rounds} rounds`,
    `${cpu.brand} · ${cpu.isa} of ${cpu.isas.join(', ')} · ${cpu.threads} threads · ` +
      `L1d ${cpu.l1d >> 10} KB, L2 ${cpu.l2 >> 10} KB, L3 ${cpu.l3 >> 10} KB`,
    ...Object.entries(report.machine).map(([key, value]) => `measured in this run: ${key}: ${formatMachine(key, value)}`),
    '',
  ];
  const header = ['case', 'contender', 'median', 'quartiles', 'best', 'rate', 'of peak', 'against first'];
  const cells = report.rows.map((row) => {
    const first = report.rows.find((other) => other.case === row.case)!;
    return [row.case, row.contender, formatTime(row.median),
      `${formatTime(row.lowerQuartile)} – ${formatTime(row.upperQuartile)}`, formatTime(row.best), formatRate(row),
      row.share === null ? '' : `${(100 * row.share).toFixed(1)} %`,
      row === first ? '' : `${(row.median / first.median).toFixed(2)} x the time`];
  });
  return [...lines, ...formatTable([header, ...cells])].join('\n');
}

/** Ratios of medians b / a; a change counts where the quartiles do not overlap. */
export function formatComparison(a: Report, b: Report): string {
  const header = ['case', 'contender', 'a', 'b', 'b / a', 'verdict'];
  const cells = a.rows.flatMap((before) => {
    const after = b.rows.find((row) => row.case === before.case && row.contender === before.contender);
    if (!after) return [];
    return [[before.case, before.contender, formatTime(before.median), formatTime(after.median),
      (after.median / before.median).toFixed(3), verdict(before, after)]];
  });
  const title = (name: string, { suite, commit, date, cpu }: Report) => `${name}: ${suite}, commit ${commit}, ${date}, ${cpu.brand}`;
  return [title('a', a), title('b', b), '', ...formatTable([header, ...cells])].join('\n');
}

function verdict(before: Row, after: Row): string {
  if (after.upperQuartile < before.lowerQuartile) return 'faster';
  if (after.lowerQuartile > before.upperQuartile) return 'slower';
  return 'within the noise';
}

function formatTable(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd();
  return [line(rows[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.slice(1).map(line)];
}

function formatTime(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toFixed(2)} ms`;
  return seconds >= 1e-6 ? `${(seconds * 1e6).toFixed(2)} us` : `${(seconds * 1e9).toFixed(1)} ns`;
}

function formatRate({ flops, bytes, samples, median }: Row): string {
  if (samples > 0) return `${formatCount(samples / median)} samples/s`;
  if (flops > 0) return `${(flops / median / 1e9).toFixed(1)} GFLOP/s`;
  return bytes > 0 ? `${(bytes / median / 1e9).toFixed(1)} GB/s` : '';
}

function formatCount(value: number): string {
  return value >= 1e4 ? `${(value / 1e3).toFixed(1)} k` : value.toFixed(0);
}

function formatMachine(key: string, value: number): string {
  return `${(value / 1e9).toFixed(1)} ${key.startsWith('fma') ? 'GFLOP/s' : 'GB/s'}`;
}
