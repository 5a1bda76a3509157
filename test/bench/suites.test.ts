/** Every suite runs, in processes of its own, and gives what it says. The figures of such short runs mean nothing. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../bench/result.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', 'bench/index.ts', ...args], { cwd: root, encoding: 'utf8' });
}

describe('bench suites', () => {
  let folder: string;
  before(() => { folder = mkdtempSync(join(tmpdir(), 'quern-bench-')); });
  after(() => rmSync(folder, { recursive: true }));

  function run(...args: string[]): Report & { text: string; page: string } {
    const [json, html] = [join(folder, 'result.json'), join(folder, 'result.html')];
    const { status, stdout, stderr } = bench(...args, '--quick', '--json', json, '--html', html);
    assert.equal(status, 0, stderr);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    for (const { case: name, unit, summary, rounds } of report.rows) {
      assert.ok(rounds.length === 1 && rounds[0]!.length === summary.count && summary.count > 0, name);
      if (unit !== 'B') assert.ok(summary.median >= 0, `${name}: ${summary.median}`);
    }
    return { ...report, text: stdout, page: readFileSync(html, 'utf8') };
  }

  const small = ['--layers', '20,16,3', '--batch', '8', '--threads', '1'];
  const casesOf = (report: Report): string[] => [...new Set(report.rows.map((row) => row.case))];

  it('peak', () => {
    const { rows } = run('peak', '--isa', 'scalar', '--threads', '1');
    assert.deepEqual(rows.map((row) => row.case).slice(0, 3), ['FMA scalar', 'read L1', 'read L2']);
    assert.ok(rows.every(({ unit, summary }) => unit === (summary === rows[0]!.summary ? 'FLOP/s' : 'B/s')));
  });

  it('gemm, with the baseline and hardware counters or the reason why not', () => {
    const { rows, counters, text } = run('gemm', '--shapes', '5x6x7,5x6x7:tt', '--isa', 'scalar', '--threads', '1',
      '--baseline', '--counters');
    assert.deepEqual(rows.map((row) => `${row.case} ${row.contender}`), ['5x6x7:nn scalar, 1 thread',
      '5x6x7:nn TypeScript', '5x6x7:tt scalar, 1 thread', '5x6x7:tt TypeScript']);
    assert.deepEqual(rows.map(({ floor }) => floor?.bound), ['FMA', undefined, 'FMA', undefined]);
    if (counters === undefined) assert.ok(rows[0]!.counts!.cycles! > 0);
    else assert.match(text, /^no hardware counters: ./m);
  });

  it('kernels', () => {
    const { rows } = run('kernels', '--isa', 'scalar', '--only', 'sgd', '--baseline');
    assert.deepEqual(rows.map((row) => `${row.case} ${row.contender}`),
      ['sgd scalar', 'sgd TypeScript', 'sgd nesterov scalar', 'sgd nesterov TypeScript']);
    assert.deepEqual(casesOf(run('kernels', '--isa', 'scalar', '--only', 'relu')),
      ['relu', 'relu gradient']);
  });

  it('program', () => {
    const report = run('program', ...small);
    const cases = casesOf(report);
    assert.equal(cases[0], 'whole step');
    assert.deepEqual(cases.slice(-2), ['trainer: gather of rows', 'trainer: barriers']);
    const parts = report.rows.slice(1).reduce((sum, { summary }) => sum + summary.median, 0);
    assert.ok(Math.abs(parts / report.rows[0]!.summary.median - 1) < 1e-3);
    assert.match(report.page, /roofline plot/);
  });

  it('zeros', () => {
    const { rows } = run('zeros', '--only', ' 1 % not 0', '--threads', '1');
    const name = 'random bytes, 1 % not 0';
    assert.deepEqual([...new Set(rows.map((row) => row.case))], [name, `${name}: dense equivalent`]);
    const [multiplied, skipped] = rows.filter((row) => row.case === name).map(({ work }) => work!.flops);
    assert.ok(skipped! < multiplied! / 2, `${skipped} FLOPs computed of ${multiplied}`);
  });

  it('train, infer and scale', () => {
    assert.deepEqual(casesOf(run('train', ...small, '--baseline')), ['epoch of 20-16-3, batch 8, dense']);
    assert.deepEqual(casesOf(run('infer', '--layers', '20,16,3', '--batch', '1,4', '--threads', '1')),
      ['dense', 'four of five 0'].flatMap((kind) => [
        ...['p50', 'p90', 'p99'].map((percentile) => `20-16-3, batch 1, ${kind}: ${percentile}`),
        `20-16-3, batch 1, ${kind}`, `20-16-3, batch 4, ${kind}`]));
    const { rows } = run('scale', '--layers', '20,16,3', '--batch', '8', '--threads', '1,2');
    assert.deepEqual(rows.map(({ contender }) => contender).slice(0, 2), ['1 thread', '2 threads']);
  });

  it('startup and memory', () => {
    const startup = run('startup', '--layers', '20,16,3', '--batch', '8');
    assert.equal(startup.rows.length, 6);
    assert.ok(startup.rows[0]!.summary.median > 1e-3, 'a process takes more than a millisecond');
    const { rows } = run('memory', '--layers', '20,16,3', '--batch', '8');
    const bytes = Object.fromEntries(rows.map((row) => [row.case, row.summary.median]));
    // Two slabs of 20 x 16, 16, 16 x 3 and 3 floats, each of the four padded to whole lines of 16.
    assert.equal(bytes['slabs: weights and optimizer slots'], 2 * 4 * (320 + 16 + 48 + 16));
    assert.ok(bytes['resident: after import']! > bytes['resident: bare node']!);
  });

  it('compares what it wrote', () => {
    run('peak', '--isa', 'scalar', '--threads', '1');
    const file = join(folder, 'result.json');
    const { status, stdout } = bench('--compare', file, file);
    assert.equal(status, 0);
    assert.match(stdout, /^FMA scalar .* 1\.000 +too few rounds$/m);
    const foreign = bench('--compare', file, join(root, 'package.json'));
    assert.match(foreign.stderr, /package.json is no result of this bench suite/);
  });

  it('lists itself, and refuses what a suite does not take', () => {
    assert.match(bench().stdout, /^program +a training step .*\n +--layers --batch/m);
    const foreign = bench('peak', '--layers', '1,2');
    assert.deepEqual([foreign.status, foreign.stderr], [2, 'peak takes no `--layers`; it takes --isa, --threads\n']);
    assert.match(bench('inferr').stderr, /^`bench` is unknown: "inferr"; did you mean "infer"\?/);
    assert.match(bench('train', '--layers', '4,1', '--baseline').stderr,
      /^`--baseline` must be given with two outputs or more.* received --layers 4,1\n$/);
  });

  it('ends its processes when interrupted', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/index.ts', 'peak', '--threads', '1'],
      { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    await new Promise<void>((resolve) => child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('round 1')) setTimeout(resolve, 300);
    }));
    // Without a preloaded sanitizer, under which ps hangs.
    const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)],
      { encoding: 'utf8', env: { ...process.env, LD_PRELOAD: '' } }).stdout.trim();
    assert.notEqual(children, '');
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 130);
    assert.doesNotMatch(log, /Error/);
    for (const pid of children.split(/\s+/).filter(Boolean)) {
      assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
    }
  });
});
