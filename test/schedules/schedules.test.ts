import assert from 'node:assert/strict';
import * as schedules from '../../lib/schedules/index.js';

describe('InverseTimeDecay', () => {
  const options = { initialLearningRate: 0.1, decaySteps: 4, decayRate: 0.5 };

  it('divides the rate by 1 + decayRate * step / decaySteps', () => {
    const schedule = new schedules.InverseTimeDecay(options);
    assert.deepEqual(
      [0, 2, 4, 8].map((step) => schedule.at(step)),
      [0.1, 0.1 / 1.25, 0.1 / 1.5, 0.1 / 2],
    );
  });

  it('jumps with staircase', () => {
    const schedule = new schedules.InverseTimeDecay({ ...options, staircase: true });
    assert.deepEqual(
      [0, 3, 4, 7].map((step) => schedule.at(step)),
      [0.1, 0.1, 0.1 / 1.5, 0.1 / 1.5],
    );
  });

  it("writes Keras's config, and comes back from it", () => {
    const config = {
      initial_learning_rate: 0.1,
      decay_steps: 4,
      decay_rate: 0.5,
      staircase: false,
      name: 'InverseTimeDecay',
    };
    assert.deepEqual(new schedules.InverseTimeDecay(options).getConfig(), config);
    assert.deepEqual(schedules.get({ class_name: 'InverseTimeDecay', config }).getConfig(), config);
    assert.equal(
      schedules.serialize(schedules.InverseTimeDecay.fromConfig(config) as schedules.InverseTimeDecay).module,
      'keras.optimizers.schedules',
    );
  });

  it('refuses bad arguments by name', () => {
    const bad: [object, RegExp][] = [
      [{ initialLearningRate: 'a' }, /`initialLearningRate`/],
      [{ decaySteps: 0 }, /`decaySteps` must be a number > 0/],
      [{ decayRate: NaN }, /`decayRate`/],
      [{ staircase: 1 }, /`staircase`/],
      [{ name: 3 }, /`name`/],
      [{ rate: 1 }, /no option `rate`/],
    ];
    for (const [change, message] of bad) {
      assert.throws(() => new schedules.InverseTimeDecay({ ...options, ...change } as never), message);
    }
    assert.throws(() => new schedules.InverseTimeDecay({} as never), /`initialLearningRate`/);
  });
});

describe("a schedule of one's own", () => {
  class Halving extends schedules.LearningRateSchedule {
    static override readonly className = 'Halving';
    override at(step: number): number {
      return 2 ** -step;
    }
  }

  it('is found by its name once it is registered', () => {
    assert.throws(() => schedules.get({ class_name: 'Halving' }), /unknown/);
    const forget = schedules.register(Halving);
    assert.equal(schedules.get({ class_name: 'Halving' }).at(3), 0.125);
    forget();
  });
});
