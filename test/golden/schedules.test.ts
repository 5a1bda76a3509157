/** Learning-rate schedules against Keras. */
import * as schedules from '../../lib/schedules/index.js';
import { SGD } from '../../lib/optimizers/index.js';
import { assertNear, readGolden, testCases, type KerasObject } from './golden.js';

interface Case { name: string; schedule: KerasObject; steps: number[]; values: number[] }
const { cases } = readGolden<Case>('schedules.json');

const notYet = Object.fromEntries([
  'exponential_decay', 'exponential_decay_staircase', 'piecewise_constant_decay', 'polynomial_decay_power_1.0',
  'polynomial_decay_power_1.0_cycle', 'polynomial_decay_power_0.5', 'polynomial_decay_power_0.5_cycle',
  'polynomial_decay_power_2.0', 'polynomial_decay_power_2.0_cycle', 'cosine_decay', 'cosine_decay_alpha',
  'cosine_decay_warmup', 'cosine_decay_warmup_from_zero', 'cosine_decay_restarts', 'cosine_decay_restarts_options',
  'cosine_decay_restarts_t_mul_1',
].map((name) => [name, 'the schedule']));

describe('golden: schedules', () => {
  testCases(cases, ({ name }) => name, notYet, ({ schedule, steps, values }) => {
    const rate = schedules.get(schedule);
    assertNear(steps.map((step) => rate.at(step)), values, 0, 1e-6, 'rate');
  });

  for (const { name, schedule, steps, values } of cases.filter((c) => c.name.startsWith('legacy_decay'))) {
    it(`${name}, as SGD's own decay`, () => {
      const { initial_learning_rate: lr, decay_rate: decay } = schedule.config as Record<string, number>;
      const sgd = new SGD({ lr: lr!, decay: decay! });
      assertNear(steps.map((step) => sgd.scalars(step)[0]!), values, 0, 1e-6, 'rate');
    });
  }
});
