/** How processes and Workers that train come to an end: always with the code they chose, never by a signal or a hang. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./child.ts', import.meta.url));
const zero = { programs: 0, parameters: 0, jobs: 0, bytes: 0 };

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

/** Runs a scene of child.ts to its end; `onOutput` is called with what was printed so far. A hang is killed. */
function play(scene: string, onOutput?: (kill: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  const process_ = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', child, scene]);
  const ended: Ended = { code: null, signal: null, output: '', errors: '' };
  process_.stdout.on('data', (data) => {
    ended.output += String(data);
    onOutput?.((signal) => process_.kill(signal));
  });
  process_.stderr.on('data', (data) => { ended.errors += String(data); });
  const hung = setTimeout(() => process_.kill('SIGKILL'), 90_000);
  return new Promise((resolve) => process_.on('close', (code, signal) => {
    clearTimeout(hung);
    resolve({ ...ended, code, signal });
  }));
}

async function endsWith(scene: string, code: number): Promise<Ended> {
  const ended = await play(scene);
  assert.deepEqual({ code: ended.code, signal: ended.signal }, { code, signal: null }, ended.errors);
  return ended;
}

async function saw(scene: string, expected: object): Promise<void> {
  const { output } = await endsWith(scene, 0);
  assert.deepEqual(JSON.parse(output), expected);
}

describe('lifetime', function () {
  this.timeout(100_000);

  for (const step of ['load', 'make', 'runSync', 'start', 'cancel', 'finish', 'cancelAndFinish']) {
    it(`a process whose last act is to ${step} ends by itself`, () => endsWith(step, 0));
  }

  it('a job that is awaited keeps the process alive', () => saw('awaitKeepsAlive', { finished: 5000 }));

  it('process.exit at the start of a job', () => endsWith('exitWhileTraining', 7));
  it('process.exit in the middle of two jobs', () => endsWith('exitLaterWhileTraining', 7));

  it('an uncaught error while training', async () => {
    const { errors } = await endsWith('throwWhileTraining', 1);
    assert.match(errors, /thrown on purpose/);
  });

  it('Ctrl-C while training', async () => {
    const { signal } = await play('trainUntilKilled', (kill) => kill('SIGINT'));
    assert.equal(signal, 'SIGINT');
  });

  it('Workers terminated while they train, one after the other', () => saw('terminateWorkers', zero));
  it('Workers terminated while they train, all at once', () => saw('terminateManyWorkersAtOnce', zero));
  it('a Worker that exits while it trains', () => saw('workerExitsWhileTraining', { code: 3, ...zero }));
  it('a Worker that finishes', () => saw('workerFinishes', { code: 0, ...zero }));
  it('a Worker terminated while the main thread trains', () => saw('workerWhileMainTrains', { finished: 20_000 }));

  it('a model dropped while it trains finishes and is freed', () =>
    saw('dropWhileTraining', { finished: 20_000, ...zero }));
  it('a job nobody waits for finishes and is freed', () => saw('dropEverything', zero));
  it('thousands of models are freed', () => saw('manyModels', zero));

  it('two jobs at once compute what each computes alone', () => saw('twoAtOnce', { same: true }));
  it('runSync while training sees the weights of a finished step', () =>
    saw('predictWhileTraining', { finished: 20_000, torn: 0, compared: true }));
  it('a buffer transferred while training', () =>
    saw('transferWhileTraining', { finished: 20_000, left: 0, moved: 160_000 }));
  it('cancelled at any time, a job ends after the step at hand', () =>
    saw('cancelEverywhere', { cancelled: 20, ...zero }));
  it('more jobs than threads that drive them', () => saw('queueOfJobs', { finished: true }));
});
