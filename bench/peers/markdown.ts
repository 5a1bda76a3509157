/** The tables of the README; ratios are those of the best times and of the medians. */
import { trainingFlops } from '../models.js';
import type { Report } from './contest.js';
import { callsOf, epochsOf, peakOf, percent, ratio, showTime, suspects, type Times } from './report.js';
import { trainingRows } from './work.js';

/** Throws an Error when a contender computed something else: no table is to be made of that. */
export function formatMarkdown(report: Report): string {
  const odd = suspects(report);
  if (odd.length > 0) throw new Error(`${odd.join(' and ')} computed something else than the rest`);
  const { cpu, peaks } = report;
  const date = new Date(report.date).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
  const peak = peakOf(report);
  return [
    `Measured on ${date}, ${peaks.length} ${peaks.length === 1 ? 'process' : 'processes'} of each in turns, on ` +
      `${cpu.threads} cores of ${cpu.brand}`,
    `(FMA peak ${(peak.best / 1e9).toFixed(0)} GFLOP/s at best, median ${(peak.median / 1e9).toFixed(0)}):`,
    ...(report.training.length > 0 ? ['', ...trainingTable(report)] : []),
    ...(report.inference.length > 0 ? ['', ...inferenceTable(report)] : []),
  ].join('\n');
}

function trainingTable(report: Report): string[] {
  const { training, work: { batchSize, sizes } } = report;
  const quern = epochsOf(training[0]!);
  const peak = peakOf(report);
  const flops = trainingRows * trainingFlops(sizes);
  return table([
    [`an epoch of MNIST, ${sizes.join('-')}, batch ${batchSize}`, 'best', 'median', 'of FMA peak', "times quern's"],
    ...training.map((entry) => {
      const { best, median } = epochsOf(entry);
      return [`${entry.about} (${entry.rounds[0]!.version})`, showTime(best), showTime(median),
        percent(flops / best / peak.best), ratios({ best, median }, quern)];
    }),
  ]);
}

const ratios = (times: Times, quern: Times): string =>
  `${ratio(times.best, quern.best)}, ${ratio(times.median, quern.median)}`;

function inferenceTable({ inference, work: { batches } }: Report): string[] {
  const heads = batches.flatMap((rows) => [`${rows} ${rows === 1 ? 'row' : 'rows'}, best`, 'median', "times quern's"]);
  return table([
    ['inference of the same model', ...heads],
    ...inference.map((entry) => [`${entry.about} (${entry.rounds[0]!.version})`, ...batches.flatMap((rows) => {
      const times = callsOf(entry, rows);
      return [showTime(times.best), showTime(times.median), ratios(times, callsOf(inference[0]!, rows))];
    })]),
  ]);
}

function table([head, ...rows]: string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head!), `|${'---|'.repeat(head!.length)}`, ...rows.map(line)];
}
