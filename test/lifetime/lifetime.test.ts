/** How processes and Workers that train come to an end: always with the code they chose, never by a signal or a hang. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const zero = { programs: 0, parameters: 0, jobs: 0, bytes: 0 };

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

/** Runs a scene in a process of its own; `onOutput` is called with a way to kill it when it printed something. */
function play(file: string, scene: string, onOutput?: (kill: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  const path = fileURLToPath(new URL(`./${file}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', path, scene]);
  const ended: Ended = { code: null, signal: null, output: '', errors: '' };
  child.stdout.on('data', (data) => {
    ended.output += String(data);
    onOutput?.((signal) => child.kill(signal));
  });
  child.stderr.on('data', (data) => { ended.errors += String(data); });
  const hung = setTimeout(() => child.kill('SIGKILL'), 150_000);
  return new Promise((resolve) => child.on('close', (code, signal) => {
    clearTimeout(hung);
    resolve({ ...ended, code, signal });
  }));
}

/** `endsWith` and `saw` for the scenes of one file. */
function stage(file: string) {
  const endsWith = async (scene: string, code: number): Promise<Ended> => {
    const ended = await play(file, scene);
    assert.deepEqual({ code: ended.code, signal: ended.signal }, { code, signal: null }, ended.errors);
    return ended;
  };
  const saw = async (scene: string, expected: object): Promise<void> => {
    const { output } = await endsWith(scene, 0);
    assert.deepEqual(JSON.parse(output), expected);
  };
  const diesOf = async (scene: string, signal: NodeJS.Signals): Promise<void> => {
    const ended = await play(file, scene, (kill) => kill(signal));
    assert.equal(ended.signal, signal, ended.errors);
  };
  return { endsWith, saw, diesOf };
}

describe('lifetime of jobs', function () {
  this.timeout(160_000);
  const { endsWith, saw, diesOf } = stage('job-scenes');

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

  it('Ctrl-C while training', () => diesOf('trainUntilKilled', 'SIGINT'));

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
  it('runs and jobs while training see the weights of a finished step', () => saw('predictWhileTraining', { torn: 0 }));
  it('a buffer transferred while training', () =>
    saw('transferWhileTraining', { finished: 20_000, left: 0, moved: 160_000 }));
  it('cancelled at any time, a job ends after the step at hand', () =>
    saw('cancelEverywhere', { cancelled: 20, ...zero }));
  it('more jobs than threads that drive them', () => saw('queueOfJobs', { finished: true }));
});

describe('lifetime of fits', function () {
  this.timeout(160_000);
  const { endsWith, saw, diesOf } = stage('fit-scenes');

  it('an aborted fit rejects with the reason and the model goes on from the last finished step', () =>
    saw('abort', { failure: 'Error: stopped by the user', finite: true, went: true, on: true }));
  it('process.exit while fitting', () => endsWith('exitWhileFitting', 7));
  it('process.exit in a callback', () => endsWith('exitInCallback', 7));
  it('Ctrl-C while fitting', () => diesOf('fitUntilKilled', 'SIGINT'));
  it('Workers terminated while they fit', () => saw('terminateWorkersThatFit', zero));
  it('a model dropped while it fits finishes and is freed', () => saw('dropModel', { epochs: 20, ...zero }));
  it('models that were fitted, evaluated and asked are freed', () => saw('manyModels', zero));
  it('two models at once learn what each learns alone', () => saw('twoModels', { same: true }));
  it('predictSync and evaluate during fit', () => saw('predictWhileFitting', { right: true, called: true }));
  it('a buffer transferred during fit rejects it', () => saw('transferWhileFitting', {
    failure: 'TypeError: `x` was transferred (detached) or resized while the model was reading it',
    moved: true, iterations: true,
  }));
  it('an array of a CSR matrix transferred during fit rejects it', () => saw('transferCsrWhileFitting', {
    failures: ['TypeError: `x` was transferred (detached) or resized while the model was reading it'],
  }));
  it('indices of a CSR matrix changed during fit reject it and do no harm', () => saw('spoilCsrWhileFitting', {
    failures: ['TypeError: `x` was changed while the model was reading it: a row points outside the matrix'], ...zero,
  }));
  it('a buffer resized during fit changes nothing', () => saw('resizeWhileFitting', { same: true }));
  it('timers fire during fit', () => saw('timersFireWhileFitting', { failure: 'enough' }));
  it('idle threads use no CPU', () => saw('idle', { idle: true }));
});
