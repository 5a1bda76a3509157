/**
 * Scenes around jobs on the native interface, each run in a process of its own by lifetime.test.ts. A scene ends the
 * process in its own way, or returns what it saw, which is printed for the parent.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { native, type NativeJob } from '../../lib/native.js';
import { collect, countersAfterGc } from './leaks.js';
import { makeRegression, startEndless, trainingSpan } from './regression.js';
import { makeUniform, uniformPrediction, uniformTraining } from './uniform.js';
import { exited, trainingWorker } from './workers.js';

/** A step of the life that a program may end after: each leads to a process that ends by itself, with code 0. */
const steps = {
  load: () => void native(),
  make: () => void makeRegression(),
  runSync: () => void makeRegression().program.runSync(trainingSpan(10)),
  start: () => void makeRegression().program.run(trainingSpan(1000)),
  cancel: () => startEndless().job.cancel(),
  finish: async () => void await makeRegression().program.run(trainingSpan(1000)).done,
  cancelAndFinish: async () => {
    const { job } = startEndless();
    job.cancel();
    await job.done;
  },
};

const scenes: Record<string, () => unknown> = {
  ...steps,

  async awaitKeepsAlive() {
    const { steps: finished } = await makeRegression(100).program.run(trainingSpan(5000)).done;
    return { finished };
  },

  exitWhileTraining() {
    startEndless();
    process.exit(7);
  },

  async exitLaterWhileTraining() {
    startEndless();
    startEndless();
    await setTimeout(100);
    process.exit(7);
  },

  async throwWhileTraining() {
    startEndless();
    await setTimeout(50);
    throw new Error('thrown on purpose');
  },

  async trainUntilKilled() {
    startEndless();
    await setTimeout(50);
    console.log('running');
    await setTimeout(60_000);
  },

  async terminateWorkers() {
    for (let i = 0; i < 20; i++) {
      const worker = await trainingWorker('train');
      await setTimeout(i % 5);
      await worker.terminate();
    }
    return countersAfterGc();
  },

  async terminateManyWorkersAtOnce() {
    const workers = await Promise.all(Array.from({ length: 8 }, () => trainingWorker('train')));
    await Promise.all(workers.map((worker) => worker.terminate()));
    return countersAfterGc();
  },

  async workerExitsWhileTraining() {
    const code = await exited(await trainingWorker('exit'));
    return { code, ...await countersAfterGc() };
  },

  async workerFinishes() {
    const code = await exited(await trainingWorker('finish'));
    return { code, ...await countersAfterGc() };
  },

  async workerWhileMainTrains() {
    const { program } = makeRegression(100);
    const job = program.run(trainingSpan(20_000));
    const worker = await trainingWorker('train');
    await worker.terminate();
    const { steps: finished } = await job.done;
    return { finished };
  },

  /** Nothing but the promise is reachable while the job runs. */
  async dropWhileTraining() {
    const done = (() => makeRegression(100).program.run(trainingSpan(20_000)).done)();
    await collect();
    const { steps: finished } = await done;
    return { finished, ...await countersAfterGc() };
  },

  /** Not even the promise is reachable. */
  async dropEverything() {
    makeRegression(100).program.run(trainingSpan(5000));
    return countersAfterGc();
  },

  async manyModels() {
    for (let i = 0; i < 2000; i++) {
      const { program, parameters } = makeRegression();
      parameters.resetSlots(2);
      program.runSync(trainingSpan(4));
      if (i % 100 === 0) await program.run(trainingSpan(4)).done;
    }
    return countersAfterGc();
  },

  async twoAtOnce() {
    const alone = await makeRegression(20).program.run(trainingSpan(20_000)).done;
    const both = await Promise.all([1, 2].map(() => makeRegression(20).program.run(trainingSpan(20_000)).done));
    return { same: both.every(({ accumulators }) => accumulators[0] === alone.accumulators[0]) };
  },

  /**
   * Predictions during a training see the weights of a finished step, which are all equal. It goes on until enough were
   * made on enough different weights, however fast this machine trains; a training that ends before is begun again.
   */
  async predictWhileTraining() {
    const { program } = makeUniform();
    const training = uniformTraining(20_000), prediction = uniformPrediction();
    const [out] = prediction.outputs;
    const seen = new Set<number>();
    let isOver = true, torn = 0;
    let job: NativeJob | undefined;
    for (let made = 0; made < 400 || seen.size < 20; made++) {
      if (isOver) {
        isOver = false;
        job = program.run(training);
        void job.done.then(() => { isOver = true; });
      }
      if (made % 4 > 0) program.runSync(prediction);
      else await program.run(prediction).done;
      seen.add(out[0]!);
      if (out.some((value) => value !== out[0])) torn++;
      if (made % 16 === 0) await setImmediate();
    }
    job!.cancel();
    await job!.done;
    return { torn };
  },

  /** The one who transfers keeps the memory, so reading goes on where it was; afterwards the job says what it did. */
  async transferWhileTraining() {
    const { program } = makeRegression(100);
    const span = trainingSpan(20_000);
    const job = program.run(span);
    const moved = structuredClone(span.inputs[0]!.data, { transfer: [span.inputs[0]!.data.buffer as ArrayBuffer] });
    const { steps: finished } = await job.done;
    return { finished, left: span.inputs[0]!.data.length, moved: moved.length };
  },

  async cancelEverywhere() {
    const { version } = makeRegression().parameters;
    const cancelAfter = async (wait: number) => {
      const { job, parameters } = startEndless();
      if (wait > 0) await setTimeout(wait);
      job.cancel();
      const result = await job.done;
      return result.cancelled && result.steps === parameters.version - version;
    };
    let cancelled = 0;
    for (let wait = 0; wait < 20; wait++) cancelled += Number(await cancelAfter(wait));
    return { cancelled, ...await countersAfterGc() };
  },

  /** More jobs than the pool has drivers; the ones at the back wait for their turn and one of them is cancelled. */
  async queueOfJobs() {
    const regressions = Array.from({ length: 40 }, () => makeRegression());
    const jobs = regressions.map(({ program }) => program.run(trainingSpan(2000)));
    jobs.at(-1)!.cancel();
    const results = await Promise.all(jobs.map(({ done }) => done));
    return { finished: results.slice(0, -1).every(({ steps: done }) => done === 2000) };
  },
};

const result = await scenes[process.argv[2]!]!();
if (result !== undefined) console.log(JSON.stringify(result));
