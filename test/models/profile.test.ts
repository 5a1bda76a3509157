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

  it('prints a table', async () => {
    const profile = await classifier().profile(x, labels, { batchSize: 16, steps: 3, threads: 1 });
    const lines = profile.toString().split('\n');
    assert.equal(lines.length, profile.entries.length + 1);
    assert.match(lines[0]!, /^3 steps of 16 rows on 1 thread: [\d.]+ us a step$/);
    assert.match(lines[2]!, /^forward {2}gemm → .* us +[\d.]+ % +[\d.]+ GFLOP\/s$/);
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
