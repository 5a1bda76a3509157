import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Dense, Sequential, SGD } from '../../lib/index.js';
import { blobs, classifier, quiet, weightsOf } from './blobs.js';

const { x, labels } = blobs(50);

describe('profile', () => {
  it('says what every instruction cost', async () => {
    const model = classifier();
    const profile = await model.profile(x, labels, { batchSize: 16, steps: 10, threads: 1 });
    assert.deepEqual([profile.steps, profile.batchSize, profile.threads], [10, 16, 1]);
    const segments = new Set(profile.entries.map(({ segment }) => segment));
    assert.deepEqual([...segments], ['forward', 'backward', 'update', 'trainer']);
    const gemm = profile.entries.find(({ instruction }) => instruction.startsWith('gemm'))!;
    assert.ok(gemm.microseconds > 0 && gemm.gflops! > 0);
    const shares = profile.entries.reduce((sum, { share }) => sum + share, 0);
    assert.ok(Math.abs(shares - 1) < 1e-9);
    assert.ok(profile.microsecondsPerStep > 0);
  });

  it('counts FLOPs and bytes as the core does, and holds times against the floor that follows', async () => {
    const model = classifier();
    const profile = await model.profile(x, labels, { batchSize: 32, steps: 40, threads: 1 });
    const total = Number(/(\d+) FLOP a step/.exec(model.explain())![1]);
    const flops = profile.entries.reduce((sum, entry) => sum + entry.flops, 0);
    assert.equal(Math.round(flops), total);
    for (const { flops, bytes, floor, bound, microseconds, gflops, gigabytesPerSecond, samples } of profile.entries) {
      assert.equal(samples.length, 2, '20 steps a block');
      assert.ok(Math.abs(microseconds - (samples[0]! + samples[1]!) / 2) < 1e-9);
      if (flops > 0 && microseconds > 0) assert.ok(Math.abs(gflops! * 1e3 * microseconds - flops) < 1e-6 * flops);
      if (bytes === 0) continue;
      if (microseconds > 0) assert.ok(Math.abs(gigabytesPerSecond! * 1e3 * microseconds - bytes) < 1e-6 * bytes);
      const { flops: peak, bandwidth } = profile.peaks;
      const floors = { FMA: flops / peak, L1: bytes / bandwidth.L1! };
      assert.ok(Math.abs(floor! / 1e6 - Math.max(floors.FMA, floors.L1)) < 1e-12);
      assert.equal(bound, floors.L1 > floors.FMA ? 'L1' : 'FMA');
    }
  });

  it('prints a table', async () => {
    const profile = await classifier().profile(x, labels, { batchSize: 16, steps: 3, threads: 1 });
    const lines = profile.toString().split('\n');
    assert.equal(lines.length, profile.entries.length + 4);
    assert.match(lines[0]!, /^3 steps of 16 rows on 1 thread: [\d.]+ [um]?s a step$/);
    assert.match(lines[1]!, /^measured: [\d.]+ GFLOP\/s of FMA, [\d.]+ GB\/s from L1$/);
    assert.match(lines[2]!, /^segment +instruction +median +quartiles +share +work +operands +.* floor +reached +of$/);
    assert.match(lines[5]!,
      /^forward {3}gemm → .* [un]s +[\d.]+ – [\d.]+ [un]s +[\d.]+ % +[\d.]+ k?FLOP .* [GM]FLOP\/s .* (FMA|L1)$/);
    assert.match(lines.at(-1)!, /^trainer +barriers +/);
    assert.equal(inspect(profile), profile.toString());
  });

  it('leaves weights, slots and iterations as they were', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet({ seed: 1 }));
    const [weights, slots] = [weightsOf(model), model.optimizer.getWeights()];
    await model.profile(x, labels, { steps: 7 });
    assert.deepEqual(weightsOf(model), weights);
    assert.deepEqual(model.optimizer.getWeights(), slots);
  });

  it('leaves them so when it fails', async () => {
    const model = classifier();
    const before = weightsOf(model);
    const bad = labels.data.slice();
    const running = model.profile(x, bad, { steps: 1_000_000, batchSize: 1 });
    setTimeout(() => { bad[40] = 9; }, 5);
    await assert.rejects(running, /received 9 in row 40/);
    assert.deepEqual(weightsOf(model), before);
  });

  it('needs a model that can be trained', async () => {
    const model = new Sequential([new Dense(1, { inputShape: [1] })]);
    await assert.rejects(model.profile([1], [1]), /`profile` needs a compiled model/);
    model.compile({ optimizer: new SGD(), loss: 'mse' });
    await assert.rejects(model.profile([1], [1], { steps: 0 }), RangeError);
    await assert.rejects(model.profile([1], [1], { epochs: 1 } as never), /profile has no option `epochs`/);
  });
});

describe('explain', () => {
  it('prints the training program of a compiled model, else that of prediction', async () => {
    const model = new Sequential([new Dense(4, { inputShape: [3], activation: 'relu' })], { name: 'tiny' });
    assert.match(model.explain(), /tiny\.prediction/);
    assert.match(model.explain(), /gemm/);
    assert.doesNotMatch(model.explain(), /sgd/);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    assert.match(model.explain(), /tiny\.training/);
    assert.match(model.explain(), /sgd/);
  });

  it('needs a model that is built', () => {
    assert.throws(() => new Sequential([new Dense(4)]).explain(),
      { name: 'TypeError', message: /^`explain` needs a model that is built/ });
  });
});
