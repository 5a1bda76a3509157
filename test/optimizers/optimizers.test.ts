import assert from 'node:assert/strict';
import { Zeros } from '../../lib/initializers/index.js';
import { Parameter } from '../../lib/layers/index.js';
import * as quern from '../../lib/index.js';
import * as optimizers from '../../lib/optimizers/index.js';
import { ProgramBuilder } from '../../lib/program/builder.js';
import { InverseTimeDecay } from '../../lib/schedules/index.js';

const { Adam, Optimizer, SGD } = optimizers;
const schedule = () => new InverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 1 });

describe('optimizers by name', () => {
  it('take any of the names, a config or an instance', () => {
    for (const name of ['sgd', 'SGD'] as const) assert.ok(optimizers.get(name) instanceof SGD);
    for (const name of ['adam', 'Adam'] as const) assert.ok(optimizers.get(name) instanceof Adam);
    const sgd = new SGD();
    assert.equal(optimizers.get(sgd), sgd);
    const made = optimizers.get({
      class_name: 'Adam',
      config: { learning_rate: 0.5, beta_1: 0.8, clipnorm: null, use_ema: false, jit_compile: false },
    });
    assert.deepEqual([made.learningRate, made instanceof Adam && made.beta1], [0.5, 0.8]);
  });

  it('are exported beside the models', () => {
    const classes = Object.entries(optimizers).filter(([, member]) =>
      typeof member === 'function' && (member as { prototype?: unknown }).prototype instanceof Optimizer);
    assert.deepEqual(classes.map(([name]) => name.toLowerCase()).sort(), [...optimizers.names].sort());
    for (const [name, member] of classes) assert.equal(quern[name as 'SGD'], member, `quern has no ${name}`);
  });

  it('are refused when unknown', () => {
    assert.throws(() => optimizers.get('sdg' as never), /`optimizer` is unknown: "sdg"/);
    assert.throws(() => optimizers.get('adamm' as never), /did you mean "adam"/);
    assert.throws(() => optimizers.get(3 as never), /`optimizer` must be an optimizer/);
  });
});

describe('SGD', () => {
  it('has the rate, momentum and decay of weights of each step', () => {
    const sgd = new SGD({ learningRate: 0.5, momentum: 0.9, weightDecay: 0.1, decay: 0.25 });
    assert.deepEqual(sgd.scalars(0), [0.5, 0.9, 0.1 * 0.5]);
    assert.deepEqual(sgd.scalars(4), [0.25, 0.9, 0.1 * 0.25]);
  });

  it('follows a schedule of the steps', () => {
    const sgd = new SGD({ learningRate: schedule() });
    assert.deepEqual([sgd.scalars(0)[0], sgd.scalars(4)[0]], [0.1, 0.02]);
    sgd.iterations = 1;
    assert.equal(sgd.learningRate, 0.05);
  });

  it('takes lr for learningRate, and snake_case', () => {
    assert.equal(new SGD({ lr: 0.3 }).learningRate, 0.3);
    assert.equal(new SGD({ learning_rate: 0.3 } as never).learningRate, 0.3);
    assert.equal(new SGD().learningRate, 0.01);
    assert.equal(new SGD({ lr: schedule() }).learningRateAt(4), 0.1 / 5);
    const sgd = new SGD({ lr: 0.3 });
    sgd.lr = 0.2;
    assert.deepEqual([sgd.lr, sgd.learningRate], [0.2, 0.2]);
  });

  it('keeps decay when the rate is set', () => {
    const sgd = new SGD({ lr: 0.3, decay: 1 });
    sgd.learningRate = 0.8;
    assert.deepEqual([sgd.learningRate, sgd.scalars(1)[0]], [0.8, 0.4]);
  });

  it('emits one instruction a range, with momentum only where there is some', () => {
    const weight = (i: number) => new Parameter({ layer: 'l', name: `w${i}`, shape: [3], initializer: new Zeros() });
    const lower = (sgd: optimizers.SGD) => {
      const builder = new ProgramBuilder({ mode: 'training', parameters: [0, 1, 2, 3].map(weight) });
      builder.update(() =>
        sgd.lower(builder, [
          { first: 0, count: 2 },
          { first: 3, count: 1 },
        ]),
      );
      return builder.finish();
    };
    const { update, buffers } = lower(new SGD({ momentum: 0.5, nesterov: true, weightDecay: 0.1 }));
    assert.deepEqual(
      update.map((code) => code.op === 'sgd' && [code.nesterov, code.weightDecay, buffers[code.momentum!]!.kind]),
      [
        [true, true, 'slot'],
        [true, true, 'slot'],
      ],
    );
    assert.deepEqual(
      buffers.filter(({ kind }) => kind === 'parameter').map(({ shape }) => shape),
      [[32], [3]],
    );
    assert.ok(
      lower(new SGD()).update.every((code) => code.op === 'sgd' && code.momentum === undefined && !code.weightDecay),
    );
  });
});

describe('Adam', () => {
  it("has Keras's corrected rate", () => {
    const adam = new Adam({ learningRate: 0.5, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 });
    const alpha = (0.5 * Math.sqrt(1 - 0.9 ** 3)) / (1 - 0.8 ** 3);
    assert.deepEqual(adam.scalars(2), [alpha, 0.8, 0.9, 1e-3, 0.1 * 0.5]);
  });

  it('has its defaults', () => {
    const adam = new Adam();
    assert.deepEqual(
      [adam.learningRate, adam.beta1, adam.beta2, adam.epsilon, adam.amsgrad],
      [0.001, 0.9, 0.999, 1e-7, false],
    );
  });
});

describe('configs of optimizers', () => {
  const common = {
    weight_decay: null,
    clipnorm: null,
    global_clipnorm: null,
    clipvalue: null,
    use_ema: false,
    ema_momentum: 0.99,
    ema_overwrite_frequency: null,
    loss_scale_factor: null,
    gradient_accumulation_steps: null,
  };
  const examples: [string, optimizers.Optimizer, object][] = [
    [
      'SGD',
      new SGD({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
      { ...common, name: 'sgd', learning_rate: 0.01, weight_decay: 0.1, momentum: 0.9, nesterov: true },
    ],
    [
      'SGD with decay',
      new SGD({ decay: 0.5, name: 'slower' }),
      { ...common, name: 'slower', learning_rate: 0.01, momentum: 0, nesterov: false, decay: 0.5 },
    ],
    [
      'SGD with a schedule',
      new SGD({ learningRate: schedule() }),
      {
        ...common,
        name: 'sgd',
        momentum: 0,
        nesterov: false,
        learning_rate: {
          module: 'keras.optimizers.schedules',
          class_name: 'InverseTimeDecay',
          registered_name: null,
          config: {
            initial_learning_rate: 0.1,
            decay_steps: 1,
            decay_rate: 1,
            staircase: false,
            name: 'InverseTimeDecay',
          },
        },
      },
    ],
    [
      'Adam',
      new Adam({ beta1: 0.8, amsgrad: true }),
      { ...common, name: 'adam', learning_rate: 0.001, beta_1: 0.8, beta_2: 0.999, epsilon: 1e-7, amsgrad: true },
    ],
  ];
  for (const [what, optimizer, config] of examples) {
    it(`${what}: Keras's keys, and back`, () => {
      assert.deepEqual(optimizer.getConfig(), config);
      const serialized = JSON.parse(JSON.stringify(optimizers.serialize(optimizer)));
      assert.deepEqual(optimizers.deserialize(serialized).getConfig(), config);
    });
  }
});

describe('arguments of optimizers', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['lr and learningRate together', () => new SGD({ lr: 0.1, learningRate: 0.1 }), /both `lr` and `learningRate`/],
    [
      'decay with a schedule',
      () => new SGD({ learningRate: schedule(), decay: 0.1 }),
      /`decay` together with a schedule/,
    ],
    [
      'decay 0 with a schedule',
      () => new SGD({ learningRate: schedule(), decay: 0 }),
      /`decay` together with a schedule/,
    ],
    ['an lr that is no rate', () => new SGD({ lr: 'x' as never }), /`lr` must be a number >= 0 or a Learning/],
    ['a negative rate', () => new SGD({ learningRate: -1 }), /`learningRate`/],
    ['a negative lr', () => new SGD({ lr: -1 }), /`lr`/],
    [
      'a rate that is no number',
      () => new Adam({ learningRate: '0.1' as never }),
      /`learningRate` must be a number >= 0 or a LearningRateSchedule/,
    ],
    [
      'an unknown schedule',
      () => new Adam({ learningRate: { class_name: 'Decay', config: {} } }),
      /`learningRate.class_name` is unknown/,
    ],
    ['momentum above 1', () => new SGD({ momentum: 1.5 }), /`momentum`/],
    ['nesterov 1', () => new SGD({ nesterov: 1 as never }), /`nesterov`/],
    ['a negative weightDecay', () => new SGD({ weightDecay: -1 }), /`weightDecay`/],
    ['beta1 above 1', () => new Adam({ beta1: 2 }), /`beta1`/],
    ['a negative epsilon', () => new Adam({ epsilon: -1 }), /`epsilon`/],
    ['amsgrad that is no boolean', () => new Adam({ amsgrad: 'yes' as never }), /`amsgrad`/],
    ['clipnorm', () => new SGD({ clipnorm: 1 } as never), /SGD does not support the option `clipnorm` yet/],
    ['another jit_compile', () => new Adam({ jit_compile: 'later' } as never), /`jitCompile` yet/],
    ['use_ema', () => new Adam({ use_ema: true } as never), /`useEma` yet/],
    [
      'gradient accumulation',
      () => new Adam({ gradientAccumulationSteps: 2 } as never),
      /`gradientAccumulationSteps` yet/,
    ],
    [
      'an unknown option',
      () => new SGD({ learningrate: 1 } as never),
      /SGD has no option `learningrate`; did you mean `learningRate`/,
    ],
    ['an unknown option of Adam', () => new Adam({ momentum: 0.9 } as never), /Adam has no option `momentum`/],
  ];
  for (const [what, make, message] of cases) it(`${what} is refused by name`, () => assert.throws(make, message));

  it('a rate cannot be set over a schedule', () => {
    const sgd = new SGD({ learningRate: schedule() });
    assert.throws(
      () => {
        sgd.learningRate = 0.1;
      },
      (error: Error) => error instanceof TypeError && /LearningRateSchedule/.test(error.message),
    );
    assert.throws(() => {
      new SGD().learningRate = NaN;
    }, RangeError);
  });
});

describe("an optimizer of one's own", () => {
  class Plain extends Optimizer {
    static override readonly className = 'Plain';
    override readonly slotGroups = [];
    override readonly scalarCount = 3;
    override scalars(iteration: number): number[] {
      return [this.learningRateAt(iteration), 0, 0];
    }
    override lower(builder: ProgramBuilder, ranges: readonly optimizers.ParameterRange[]): void {
      const scalars = builder.scalars(this.scalarCount).id;
      for (const { first, count } of ranges) {
        const parameters = builder.parameterRange(first, count).id;
        const gradients = builder.gradientRange(first, count).id;
        builder.emit({ op: 'sgd', parameters, gradients, scalars, nesterov: false, weightDecay: false });
      }
    }
  }

  it('is found by its name once it is registered', () => {
    const forget = optimizers.register(Plain);
    assert.deepEqual(optimizers.get('plain' as never).scalars(0), [0.01, 0, 0]);
    assert.equal(optimizers.get({ class_name: 'Plain', config: { learning_rate: 2 } }).learningRate, 2);
    forget();
  });
});
