/** The results of a contest as text, and as the tables of the README. */
import { quantity } from '../../lib/quantity.js';
import { textTable } from '../../lib/text-table.js';
import { inferenceFlops, trainingFlops } from '../models.js';
import { summarize } from '../statistics.js';
import type { Entry, Report } from './contest.js';
import { trainingRows, type Inference, type Training } from './work.js';

/** Accuracies further than this from the median of all do not come from the same work. */
const tolerance = 0.01;

export interface Times {
  best: number;
  median: number;
}

export const timesOf = (values: readonly number[]): Times =>
  ({ best: Math.min(...values), median: summarize(values).median });

/** Times of all rounds' epochs. */
export const epochsOf = ({ rounds }: Entry<Training>): Times => timesOf(rounds.flatMap(({ epochs }) => epochs));

/** Times of all rounds' calls for so many rows. */
export const callsOf = ({ rounds }: Entry<Inference>, rows: number): Times =>
  timesOf(rounds.flatMap(({ batches }) => batches[rows]!));

/** The peak that shares are taken of: the best with the best time, the median with the median. */
export function peakOf({ peaks }: Report): Times {
  const all = peaks.flat();
  return { best: Math.max(...all), median: summarize(all).median };
}

/** Names of contenders whose accuracies say that they compute something else than the rest. */
export function suspects({ training, inference }: Report): string[] {
  const odd = <T>(entries: readonly Entry<T>[], accuracyOf: (round: T) => number): string[] => {
    const accuracies = entries.map(({ rounds }) => summarize(rounds.map(accuracyOf)).median);
    const middle = summarize(accuracies.filter(Number.isFinite)).median;
    return entries.filter((_, i) => !(Math.abs(accuracies[i]! - middle) <= tolerance)).map(({ name }) => name);
  };
  return [...odd(training, (round) => round.history[1]!.accuracy), ...odd(inference, (round) => round.testAccuracy)];
}

/** Three figures of a time: 12.3 us, 1.23 ms, 123 ms, 12.3 s. */
export const showTime = (time: number): string => quantity(time, 's', 3);

export const ratio = (time: number, other: number): string => (time / other).toPrecision(time < 99.5 * other ? 2 : 3);
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

export function formatReport(report: Report): string {
  const { cpu, leftOut, work } = report;
  return [
    `${report.date.slice(0, 10)} · ${cpu.brand} · ${cpu.threads} threads · node ${report.node}`,
    ...peakLines(report),
    ...(report.training.length > 0 ? ['', ...trainingTable(report)] : []),
    ...(report.inference.length > 0 ? ['', ...inferenceTable(report)] : []),
    ...suspects(report).map((name) => `\n${name} ends with another accuracy than the rest: it computes something else`),
    ...leftOut.map(({ name, reason }) => `\n${name} is left out: ${reason}`),
    `\nSGD: rate ${work.learningRate}, decay ${work.decay}, Nesterov momentum ${work.momentum}; all products in f32`,
  ].join('\n');
}

/** The peak of each round, and how near the best epoch of quern's came to it. */
function peakLines({ cpu, peaks, training, work }: Report): string[] {
  const flops = trainingRows * trainingFlops(work.sizes);
  return peaks.map((values, round) => {
    const peak = Math.max(...values);
    const line = `round ${round + 1}: FMA peak (${cpu.isa}) ${(peak / 1e9).toFixed(0)} GFLOP/s`;
    const epochs = training[0]?.rounds[round]?.epochs;
    if (!epochs) return line;
    const best = Math.min(...epochs);
    return `${line}, quern's best epoch ${showTime(best)}, ${percent(flops / best / peak)} of it`;
  });
}

function trainingTable(report: Report): string[] {
  const { work: { sizes, batchSize }, training } = report;
  const flops = trainingRows * trainingFlops(sizes);
  const peak = peakOf(report);
  const quern = epochsOf(training[0]!);
  const rows = training.map((entry) => {
    const { best, median } = epochsOf(entry);
    const second = entry.rounds.map(({ history }) => history[1]!);
    return [entry.about, entry.rounds[0]!.version, showTime(best), showTime(median),
      (trainingRows / best / 1e3).toPrecision(3), percent(flops / best / peak.best), ratio(best, quern.best),
      ratio(median, quern.median), summarize(second.map(({ loss }) => loss)).median.toFixed(4),
      summarize(second.map(({ accuracy }) => accuracy)).median.toFixed(4),
      `${summarize(entry.rounds.map(({ setup }) => setup)).median.toFixed(1)} s`];
  });
  return [
    `An epoch of MNIST, ${sizes.join('-')}, batch ${batchSize}, shuffled, accuracy tracked. Loss and accuracy are`,
    'those of the second epoch of a process; its first, in which programs are compiled, is not timed (it is in setup).',
    ...textTable(['', 'version', 'best', 'median', 'k samples/s', 'of peak', 'best / quern', 'median / quern', 'loss',
      'accuracy', 'setup'], rows, 2),
  ];
}

function inferenceTable(report: Report): string[] {
  const { work: { sizes, batches }, inference } = report;
  const peak = peakOf(report);
  const rows = batches.flatMap((batch) => inference.map((entry) => {
    const { best, median } = callsOf(entry, batch);
    const quern = callsOf(inference[0]!, batch);
    return [`${batch} ${batch === 1 ? 'row' : 'rows'}`, entry.about, entry.rounds[0]!.version, showTime(best),
      showTime(median), percent(batch * inferenceFlops(sizes) / best / peak.best), ratio(best, quern.best),
      ratio(median, quern.median), summarize(entry.rounds.map(({ testAccuracy }) => testAccuracy)).median.toFixed(4)];
  }));
  return [
    'Inference of the same model, all with the weights that quern has trained for one epoch',
    ...textTable(['', '', 'version', 'best', 'median', 'of peak', 'best / quern', 'median / quern', 'test accuracy'],
      rows, 3),
  ];
}
