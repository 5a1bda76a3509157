/** The comparison with other libraries: who takes part, who is left out, and what the tables say. */
import assert from 'node:assert/strict';
import { inferenceFlops, trainingFlops } from '../../bench/models.js';
import { choose, type Contender } from '../../bench/peers/contenders.js';
import { runContest, type Report } from '../../bench/peers/contest.js';
import { reasonIn } from '../../bench/peers/environments.js';
import { formatMarkdown } from '../../bench/peers/markdown.js';
import { formatReport, ratio, showTime, suspects } from '../../bench/peers/report.js';
import type { Training } from '../../bench/peers/work.js';

const namesOf = (chosen: readonly Contender[]): string[] => chosen.map(({ name, does }) => `${name} ${does}`);

function training(epochs: number[], accuracy = 0.935): Training {
  return { version: '1.2.3', setup: 2, epochs, testAccuracy: 0.95,
    history: [{ loss: 0.5, accuracy: 0.9 }, { loss: 0.22, accuracy }] };
}

/** A contender that prints what it is told to. */
function prints(name: string, does: Contender['does'], output: unknown): Contender {
  return { name, does, about: `the ${name}`, command: [process.execPath, '-e', `console.log('noise\\n' +
    ${JSON.stringify(JSON.stringify(output))})`] };
}

const quiet = { rounds: 2, epochs: 3, batchSize: 128, log: () => {} };

const report: Report = {
  date: '2026-11-26T12:00:00.000Z', node: 'v20.20.2', peaks: [[200e9, 210e9], [190e9]],
  cpu: { isas: ['scalar'], isa: 'scalar', cores: 2, threads: 2, l1d: 1, l2: 1, l3: 1, brand: 'Some CPU' },
  work: { sizes: [784, 128, 128, 10], batchSize: 128, epochs: 3, learningRate: 0.01, momentum: 0.9, decay: 1e-6,
    batches: [1, 1024] },
  training: [
    { name: 'quern', about: 'quern', rounds: [training([0.2, 0.3]), training([0.25, 0.25, 0.4])] },
    { name: 'slow', about: 'Slow', rounds: [training([0.5, 0.75]), training([0.5])] },
  ],
  inference: [
    { name: 'quern', about: 'quern', rounds: [
      { version: '1', setup: 1, testAccuracy: 0.92, batches: { 1: [10e-6, 11e-6, 12e-6], 1024: [1e-3, 1.5e-3] } }] },
    { name: 'other', about: 'Other', rounds: [
      { version: '2', setup: 1, testAccuracy: 0.92, batches: { 1: [30e-6, 33e-6], 1024: [2e-3] } }] },
  ],
  leftOut: [{ name: 'gone', reason: 'it is not there' }],
};

describe('the comparison with peers', () => {
  it('is of all unasked but PyTorch, or of those asked for, and of quern', () => {
    const all = namesOf(choose([], false));
    assert.ok(!all.includes('torch training'));
    assert.deepEqual(namesOf(choose([], true)).filter((name) => !all.includes(name)), ['torch training']);
    assert.deepEqual(namesOf(choose(['jax'], false)), ['quern training', 'jax training']);
    assert.deepEqual(namesOf(choose(['jax'], true)), ['quern training', 'jax training', 'torch training']);
    assert.deepEqual(namesOf(choose(['onnxruntime'], false)), ['quern inference', 'onnxruntime inference']);
    assert.deepEqual(namesOf(choose(['quern'], false)), ['quern training', 'quern inference']);
    assert.throws(() => choose(['jacks'], false), /no contender jacks; there are quern, quern-bytes, jax, /);
  });

  it('leaves out who cannot be installed or fails, says why, and goes on', async () => {
    const dies = (name: string, program: string): Contender =>
      ({ name, does: 'training', about: name, command: [process.execPath, '-e', program] });
    const lines: string[] = [];
    const { training: entries, leftOut, peaks } = await runContest([
      prints('quern', 'training', training([0.2])),
      { ...prints('uninstalled', 'training', training([0.1])),
        environment: { make() { throw new Error('pip failed: no matching distribution'); } } },
      dies('thrower', 'throw new RangeError("out of range")'),
      dies('quitter', 'process.exit(3)'),
      { name: 'missing', does: 'training', about: 'missing', command: ['/no/such/program'] },
      prints('fine', 'training', training([0.4])),
    ], { ...quiet, log: (line) => lines.push(line) });
    assert.deepEqual(entries.map(({ name, rounds }) => [name, rounds.length]), [['quern', 2], ['fine', 2]]);
    assert.deepEqual(entries[1]!.rounds[0], training([0.4]));
    assert.deepEqual(leftOut, [
      { name: 'uninstalled', reason: 'pip failed: no matching distribution' },
      { name: 'thrower', reason: 'RangeError: out of range' },
      { name: 'quitter', reason: 'exit code 3' },
      { name: 'missing', reason: 'spawn /no/such/program ENOENT' },
    ]);
    assert.ok(lines.includes('quitter is left out: exit code 3'));
    assert.ok(peaks.length === 2 && peaks.flat().every((flops) => flops > 1e8));
  }).timeout(600_000);

  it('tells in one line why something cannot be installed', () => {
    assert.equal(reasonIn('Collecting x\nERROR: Could not find a version (from versions: 1, 2)\n' +
      'ERROR: No matching distribution found for x==3\n\n[notice] A new release\n'),
    'ERROR: No matching distribution found for x==3');
    assert.equal(reasonIn('npm error code E404\nnpm error 404 Not Found\nnpm error A complete log\n'),
      'npm error 404 Not Found');
    assert.equal(reasonIn('first\nlast\n\n'), 'last');
    assert.equal(reasonIn('\n'), 'it failed without a word');
  });

  it('is nothing without quern', () =>
    assert.rejects(runContest([{ name: 'quern', does: 'training', about: 'quern',
      command: [process.execPath, '-e', 'throw new Error("broken")'] }], quiet), /quern failed: Error: broken/))
    .timeout(600_000);

  it('has quern do the work', async () => {
    const { training: [entry] } = await runContest(
      choose(['quern'], false).filter(({ does }) => does === 'training'), { ...quiet, rounds: 1, epochs: 2 });
    const [{ epochs, history, testAccuracy, version }] = entry!.rounds as [Training];
    assert.match(version, /^\d+\.\d+\.\d+$/);
    assert.equal(epochs.length, 2);
    assert.equal(history.length, 3);
    assert.ok(history[1]!.accuracy > 0.92 && history[1]!.loss < 0.3, JSON.stringify(history));
    assert.ok(testAccuracy > 0.93);
  }).timeout(600_000);

  it('counts 508 kFLOP for a row of the seed model in training, 236 in inference', () => {
    assert.equal(inferenceFlops([784, 128, 128, 10]), 236_032);
    assert.equal(trainingFlops([784, 128, 128, 10]), 507_392);
  });

  it('tells of best, median, ratios, and share of the peak', () => {
    const text = formatReport(report);
    assert.match(text, /round 1: FMA peak \(scalar\) 210 GFLOP\/s, quern's best epoch 200 ms, 72 % of it/);
    assert.match(text, /round 2: FMA peak \(scalar\) 190 GFLOP\/s, quern's best epoch 250 ms, 64 % of it/);
    assert.match(text, /^quern +1\.2\.3 +200 ms +250 ms +300 +72 % +1\.0 +1\.0 +0\.2200 +0\.9350 +2\.0 s$/m);
    assert.match(text, /^Slow +1\.2\.3 +500 ms +500 ms +120 +29 % +2\.5 +2\.0 +0\.2200 /m);
    assert.match(text, /^1 row +Other +2 +30\.0 us +31\.5 us +4 % +3\.0 +2\.9 +0\.9200$/m);
    assert.match(text, /^1024 rows +Other +2 +2\.00 ms +2\.00 ms +58 % +2\.0 +1\.6 /m);
    assert.match(text, /^gone is left out: it is not there$/m);
  });

  it('makes the tables of the README', () => {
    const lines = formatMarkdown(report).split('\n');
    assert.match(lines[0]!, /^Measured on 26 November 2026, 2 processes of each in turns, on 2 cores of Some CPU$/);
    assert.equal(lines[1], '(FMA peak 210 GFLOP/s at best, median 200):');
    assert.ok(lines.includes('| quern (1.2.3) | 200 ms | 250 ms | 72 % | 1.0, 1.0 |'));
    assert.ok(lines.includes('| Slow (1.2.3) | 500 ms | 500 ms | 29 % | 2.5, 2.0 |'));
    assert.ok(lines.includes('| Other (2) | 30.0 us | 31.5 us | 3.0, 2.9 | 2.00 ms | 2.00 ms | 2.0, 1.6 |'));
    const bars = lines.filter((line) => line.startsWith('|')).map((line) => line.split('|').length);
    assert.deepEqual(new Set(bars), new Set([7, 9]));
  });

  it('finds who computes something else, and makes no table of it', () => {
    assert.deepEqual(suspects(report), []);
    const third = { name: 'third', about: 'Third', rounds: [training([0.3])] };
    const wrong = { name: 'wrong', about: 'Wrong', rounds: [training([0.1], 0.91)] };
    const nan = { name: 'nan', about: 'NaN', rounds: [training([0.1], NaN)] };
    const odd = { ...report, training: [...report.training, third, wrong, nan] };
    assert.deepEqual(suspects(odd), ['wrong', 'nan']);
    assert.match(formatReport(odd), /^wrong ends with another accuracy than the rest/m);
    assert.throws(() => formatMarkdown(odd), /wrong and nan computed something else/);
  });

  it('shows three figures of a time, two of a ratio', () => {
    assert.deepEqual([1.234e-6, 123.4e-6, 999.4e-6, 999.6e-6, 0.01234, 0.9994, 0.9996, 12.34].map(showTime),
      ['1.23 us', '123 us', '999 us', '1.00 ms', '12.3 ms', '999 ms', '1.00 s', '12.3 s']);
    assert.deepEqual([ratio(1, 3), ratio(3, 1), ratio(85.4, 1), ratio(99.6, 1), ratio(123, 1)],
      ['0.33', '3.0', '85', '99.6', '123']);
  });
});
