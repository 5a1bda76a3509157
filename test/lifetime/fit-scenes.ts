/**
 * Scenes around fit, each run in a process of its own by lifetime.test.ts. A scene ends the process in its own way, or
 * returns what it saw, which is printed for the parent.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Sequential } from '../../lib/index.js';
import { endlessFit, firstEpoch, makeClassifier, makeCsrData, makeData, quiet, rows } from './classifier.js';
import { collect, countersAfterGc } from './leaks.js';
import { trainingWorker } from './workers.js';

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return String(error);
  }
}

/** All weights as one string, to compare bits. */
function bits(model: Sequential): string {
  return model.getWeights().map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'))
    .join();
}

function resizableBuffer(length: number): ArrayBuffer & { resize(to: number): void } {
  // TypeScript's library for es2023 does not know the second argument yet.
  return new (ArrayBuffer as unknown as new (...args: unknown[]) => ReturnType<typeof resizableBuffer>)(
    length, { maxByteLength: 2 * length });
}

const scenes: Record<string, () => unknown> = {
  async abort() {
    const model = makeClassifier();
    const controller = new AbortController();
    const { callback, ended } = firstEpoch();
    const fit = failureOf(endlessFit({ signal: controller.signal, callbacks: [callback] }, model));
    await ended;
    await setTimeout(5);
    controller.abort(new Error('stopped by the user'));
    const failure = await fit;
    // The weights are those of the last finished step, and the model goes on from there.
    const finite = model.getWeights().every(({ data }) => data.every((value) => Number.isFinite(value)));
    const { x, y } = makeData();
    const before = model.optimizer!.iterations;
    await model.fit(x, y, { ...quiet, epochs: 1 });
    return { failure, finite, went: before > 0, on: model.optimizer!.iterations - before === rows / 32 };
  },

  async exitWhileFitting() {
    void endlessFit();
    await setTimeout(100);
    process.exit(7);
  },

  async exitInCallback() {
    await endlessFit({ callbacks: [{ onEpochEnd: () => process.exit(7) }] });
  },

  async fitUntilKilled() {
    void endlessFit();
    await setTimeout(100);
    console.log('running');
    await setTimeout(60_000);
  },

  async terminateWorkersThatFit() {
    for (let i = 0; i < 8; i++) {
      const worker = await trainingWorker('fit');
      await setTimeout(i * 3);
      await worker.terminate();
    }
    return countersAfterGc();
  },

  async dropModel() {
    const history = await (() => {
      const { x, y } = makeData();
      const fit = makeClassifier().fit(x, y, { ...quiet, epochs: 20 });
      void collect();
      return fit;
    })();
    return { epochs: history.epoch.length, ...await countersAfterGc() };
  },

  async manyModels() {
    const { x, y } = makeData();
    for (let i = 0; i < 50; i++) {
      const model = makeClassifier();
      await model.fit(x, y, { ...quiet, validationSplit: 0.1 });
      await model.evaluate(x, y, { verbose: 0 });
      model.predictSync(x.subarray(0, 32));
      await model.predict(x, { verbose: 0 });
    }
    return countersAfterGc();
  },

  async twoModels() {
    const { x, y } = makeData();
    const train = async () => {
      const model = makeClassifier();
      await model.fit(x, y, { ...quiet, epochs: 3, seed: 5 });
      return bits(model);
    };
    const alone = await train();
    const both = await Promise.all([train(), train()]);
    return { same: both.every((weights) => weights === alone) };
  },

  async predictWhileFitting() {
    const { x, y } = makeData();
    const model = makeClassifier();
    let fitting = true;
    const fit = model.fit(x, y, { ...quiet, epochs: 30 }).finally(() => { fitting = false; });
    let calls = 0;
    let right = true;
    while (fitting) {
      const sum = model.predictSync(x.subarray(0, 32)).data.reduce((total, value) => total + value, 0);
      right &&= Math.abs(sum - 1) < 1e-5;
      if (calls++ % 8 === 0) await model.evaluate(x, y, { verbose: 0 });
      await setImmediate();
    }
    await fit;
    return { right, called: calls > 0 };
  },

  async transferWhileFitting() {
    const { x, y } = makeData();
    const model = makeClassifier();
    const { callback, ended } = firstEpoch();
    const fit = failureOf(endlessFit({ callbacks: [callback] }, model, { x, y }));
    await ended;
    await setTimeout(5);
    const moved = structuredClone(x, { transfer: [x.buffer as ArrayBuffer] });
    return { failure: await fit, moved: moved.length === rows * 32, iterations: model.optimizer!.iterations > 0 };
  },

  /** Whichever of its arrays is taken away. */
  async transferCsrWhileFitting() {
    const failures = new Set<string>();
    for (const name of ['indptr', 'indices', 'values'] as const) {
      const { x, y } = makeCsrData();
      const { callback, ended } = firstEpoch();
      const fit = failureOf(endlessFit({ callbacks: [callback] }, makeClassifier(), { x, y }));
      await ended;
      const moved = structuredClone(x[name], { transfer: [x[name].buffer as ArrayBuffer] });
      failures.add(await fit);
      if (moved.length === 0) failures.add('nothing moved');
    }
    return { failures: [...failures] };
  },

  /** Indices that point anywhere, while all threads read them: nothing outside the arrays is touched. */
  async spoilCsrWhileFitting() {
    const failures = new Set<string>();
    for (const name of ['indptr', 'indices'] as const) {
      for (let round = 0; round < 10; round++) {
        const { x, y } = makeCsrData();
        const { callback, ended } = firstEpoch();
        const fit = failureOf(endlessFit({ callbacks: [callback], threads: 2 }, makeClassifier(), { x, y }));
        await ended;
        for (let i = 0; i < x[name].length; i += 7) x[name][i] = Math.imul(i + round, 2_654_435_761);
        failures.add((await fit).replace(/row \d+/, 'a row'));
      }
    }
    return { failures: [...failures], ...await countersAfterGc() };
  },

  /** A resizable buffer was copied, so what happens to it later changes nothing. */
  async resizeWhileFitting() {
    const { x, y } = makeData();
    const train = async (data: Uint8Array, onEpochEnd: (epoch: number) => void) => {
      const model = makeClassifier();
      await model.fit(data, y, { ...quiet, epochs: 10, seed: 3, callbacks: [{ onEpochEnd }] });
      return bits(model);
    };
    const buffer = resizableBuffer(x.length);
    const resizable = new Uint8Array(buffer);
    resizable.set(x);
    const shrink = (epoch: number) => { if (epoch === 4) buffer.resize(0); };
    return { same: await train(x, () => {}) === await train(resizable, shrink) };
  },

  async timersFireWhileFitting() {
    const controller = new AbortController();
    let fired = 0;
    const timer = setInterval(() => { if (++fired === 50) controller.abort('enough'); }, 1);
    const failure = await failureOf(endlessFit({ signal: controller.signal }));
    clearInterval(timer);
    return { failure };
  },

  /** Threads that have nothing to do use no CPU: less than a tenth of one while nothing happens. */
  async idle() {
    const { x, y } = makeData();
    await makeClassifier().fit(x, y, { ...quiet, epochs: 3 });
    await setTimeout(100);
    const before = process.cpuUsage();
    await setTimeout(1000);
    const { user, system } = process.cpuUsage(before);
    return { idle: user + system < 100_000 };
  },
};

const result = await scenes[process.argv[2]!]!();
if (result !== undefined) console.log(JSON.stringify(result));
