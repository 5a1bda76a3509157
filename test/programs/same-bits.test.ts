/**
 * One program, one result: whatever the number of threads, the placement of temporaries, the way a span is cut, and
 * whether it runs at once or as a job, every bit of what it leaves is the same.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Dense, Dropout } from '../../lib/layers/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { native, type NativeJob, type SpanSpec } from '../../lib/native.js';
import { SGD } from '../../lib/optimizers/index.js';
import { buildChain } from '../reference/chain.js';
import { randomProgram, type RandomProgram } from '../reference/random-program.js';
import { outputsOf, prepare, readParameters, runSpans, type Outcome } from './native-run.js';

const seeds = Array.from({ length: 24 }, (_, i) => 500 + i);

function bits(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function assertSameBits(actual: Outcome, expected: Outcome, what: string): void {
  assert.deepEqual(bits(actual.accumulators), bits(expected.accumulators), `${what}: accumulators`);
  actual.outputs.forEach((a, i) => assert.deepEqual(bits(a), bits(expected.outputs[i]!), `${what}: output ${i}`));
  actual.parameters.forEach((slabs, i) => slabs.forEach((a, slot) =>
    assert.deepEqual(bits(a), bits(expected.parameters[i]![slot]!), `${what}: parameter ${i}, slot ${slot - 1}`)));
}

/** Steps `first` to `end - 1` of the program's span, with their scalars. */
function stepsFrom({ spec, span }: RandomProgram, first: number, end = span.steps): Partial<SpanSpec> {
  const count = spec.buffers.find((b) => b.kind === 'scalars')!.shape[0]!;
  return { firstStep: first, steps: end - first, scalars: span.scalars!.slice(first * count, end * count) };
}

/** The spans of one step each that a span is made of. */
function singleSteps(random: RandomProgram): Partial<SpanSpec>[] {
  return Array.from({ length: random.span.steps }, (_, i) => stepsFrom(random, i, i + 1));
}

/** A small classifier with momentum and dropout, and data for so many steps. */
function longProgram(steps: number): RandomProgram {
  const optimizer = new SGD({ momentum: 0.9 });
  const chain = buildChain({
    layers: [new Dense(24, { activation: 'relu' }), new Dropout(0.2), new Dense(3, { activation: 'softmax' })],
    inputShape: [4], loss: losses.get('sparse_categorical_crossentropy'), metrics: [metrics.get('accuracy')],
    optimizer, rows: steps,
  });
  return { ...chain, spec: { ...chain.lowered.spec, maxRows: 1 }, slots: optimizer.slots,
    span: { ...chain.span, batchSize: 1, steps, segments: { forward: true, backward: true, update: true },
      scalars: Float32Array.from({ length: 3 * steps }, (_, i) => [0.01, 0.9, 0][i % 3]!) } };
}

/** Waits until a job has made so many steps, or is over. */
async function madeSteps(job: NativeJob, accumulators: Float64Array, steps: number): Promise<void> {
  let isOver = false;
  void job.done.then(() => { isOver = true; });
  while (!isOver && job.progress(accumulators.slice()) < steps) await setImmediate();
}

describe('the same program, the same bits', () => {
  for (const isa of native().cpu().isas) {
    it(`${isa}: for 1, 2, 3 and 5 threads, kept or planned temporaries`, () => {
      for (const seed of seeds) {
        const random = randomProgram(seed);
        for (const shuffle of [false, true]) {
          const expected = runSpans(random, prepare(random, { isa }), [{ shuffle }]);
          for (const keepTemporaries of [false, true]) {
            for (const threads of [1, 2, 3, 5]) {
              const outcome = runSpans(random, prepare(random, { isa, keepTemporaries }), [{ shuffle, threads }]);
              const what = `seed ${seed}, shuffle ${shuffle}, ${threads} threads, kept ${keepTemporaries}`;
              assertSameBits(outcome, expected, what);
            }
          }
        }
      }
    });

    it(`${isa}: for one span of many steps and many spans of one`, () => {
      for (const seed of seeds) {
        const random = randomProgram(seed);
        for (const shuffle of [false, true]) {
          const expected = runSpans(random, prepare(random, { isa }), [{ shuffle }]);
          const steps = singleSteps(random).map((step, i) => ({ ...step, shuffle, threads: 1 + i % 3 }));
          const outcome = runSpans(random, prepare(random, { isa }), steps);
          assertSameBits(outcome, expected, `seed ${seed}, shuffle ${shuffle}`);
        }
      }
    });
  }

  it('for a model of a size that is really cut among threads', () => {
    const optimizer = new SGD({ momentum: 0.9, nesterov: true });
    const chain = buildChain({
      layers: [new Dense(128, { activation: 'relu' }), new Dropout(0.2), new Dense(128, { activation: 'gelu' }),
        new Dense(10, { activation: 'softmax' })],
      inputShape: [784], loss: losses.get('sparse_categorical_crossentropy'), metrics: [metrics.get('accuracy')],
      optimizer, rows: 300,
    });
    const steps = 3;
    const random: RandomProgram = { ...chain, spec: { ...chain.lowered.spec, maxRows: 128 }, slots: optimizer.slots,
      span: { ...chain.span, batchSize: 128, steps, segments: { forward: true, backward: true, update: true },
        scalars: Float32Array.from({ length: 3 * steps }, (_, i) => [0.1, 0.9, 0][i % 3]!) } };
    for (const isa of native().cpu().isas) {
      const expected = runSpans(random, prepare(random, { isa }), [{ shuffle: true }]);
      for (const threads of [2, 3, 5]) {
        const outcome = runSpans(random, prepare(random, { isa }), [{ shuffle: true, threads }]);
        assertSameBits(outcome, expected, `${isa}, ${threads} threads`);
      }
    }
  });

  it('for a run at once and a job on threads of its own', async () => {
    for (const seed of seeds) {
      const random = randomProgram(seed);
      const expected = runSpans(random, prepare(random), [{}]);
      const run = prepare(random);
      const outputs = outputsOf(random);
      const { accumulators, steps } = await run.program.run(run.span({ outputs, threads: 3 })).done;
      assert.equal(steps, random.span.steps);
      const parameters = readParameters(random, run.parameters);
      assertSameBits({ accumulators, outputs, parameters }, expected, `seed ${seed}`);
    }
  });

  /** Of every epoch the first job is cancelled at once, the second when it has made a step, the third runs to the end. */
  it('for jobs that are cancelled and taken up where they stopped', async () => {
    for (const seed of seeds) {
      const random = randomProgram(seed);
      const epochs = Array.from({ length: 4 }, (_, epoch) => ({ epoch, shuffle: true }));
      const expected = runSpans(random, prepare(random), epochs);
      const run = prepare(random);
      let accumulators: Float64Array = new Float64Array(2 * random.spec.accumulators);
      for (const epoch of epochs) {
        for (let done = 0, attempt = 0; done < random.span.steps; attempt++) {
          const job = run.program.run(run.span({ ...epoch, ...stepsFrom(random, done), accumulators, threads: 2 }));
          if (attempt === 1) await madeSteps(job, accumulators, 1);
          if (attempt < 2) job.cancel();
          const result = await job.done;
          done += result.steps;
          accumulators = result.accumulators;
        }
      }
      const parameters = readParameters(random, run.parameters);
      assertSameBits({ accumulators, outputs: expected.outputs, parameters }, expected, `seed ${seed}`);
    }
  });

  /** A pass over the data takes a second or more, so jobs are stopped in its middle; none is held to how far it came. */
  it('for a long job that is stopped again and again', async () => {
    const random = longProgram(1 << 20);
    const run = prepare(random);
    let accumulators: Float64Array = new Float64Array(2 * random.spec.accumulators);
    let done = 0, stopped = 0;
    for (const threads of [2, 1, 3, 2, 5]) {
      const job = run.program.run(run.span({ ...stepsFrom(random, done), shuffle: true, accumulators, threads }));
      await madeSteps(job, accumulators, 50);
      job.cancel();
      const result = await job.done;
      stopped += Number(result.cancelled);
      done += result.steps;
      accumulators = result.accumulators;
    }
    assert.ok(stopped > 0, 'no job was stopped before its end, so the test shows nothing');
    const expected = runSpans(random, prepare(random), [{ ...stepsFrom(random, 0, done), shuffle: true }], []);
    const parameters = readParameters(random, run.parameters);
    assertSameBits({ accumulators, outputs: [], parameters }, expected, `${done} steps`);
  });

  it('and another result for another order of the rows', () => {
    const differ = seeds.filter((seed) => {
      const random = randomProgram(seed);
      const [inOrder, shuffled] = [false, true].map((shuffle) => runSpans(random, prepare(random), [{ shuffle }], []));
      return !isDeepStrictEqual(inOrder!.parameters, shuffled!.parameters);
    });
    // In some programs no gradient depends on the rows.
    assert.ok(differ.length > seeds.length / 2, `only in ${differ.length} of ${seeds.length} programs`);
  });

  it('segments run alone as they run together', () => {
    for (const seed of seeds) {
      const random = randomProgram(seed);
      const run = prepare(random);
      const forward = { forward: true, backward: false, update: false };
      const alone = runSpans(random, run, [{ segments: forward }], []);
      assert.deepEqual(readParameters(random, run.parameters).map(([values]) => values), random.values,
        'a forward run changes no parameter');
      const again = runSpans(random, run, [{ segments: forward, threads: 2 }], []);
      assert.deepEqual(bits(again.accumulators), bits(alone.accumulators));
    }
  });
});
