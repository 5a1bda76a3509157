import assert from 'node:assert/strict';
import { Zeros } from '../../lib/initializers/index.js';
import { Parameter } from '../../lib/layers/index.js';
import { native } from '../../lib/native.js';
import * as optimizers from '../../lib/optimizers/index.js';
import { ProgramBuilder } from '../../lib/program/builder.js';
import { InverseTimeDecay } from '../../lib/schedules/index.js';

const { Adam, Optimizer, SGD } = optimizers;
const schedule = () => new InverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 1 });

/** Two weights in a slab, which the optimizer is bound to. */
function bound<T extends optimizers.Optimizer>(optimizer: T): T {
  const shapes = [[2, 3], [3]];
  const slab = new (native().Parameters)(
    shapes.map((shape, i) => ({ name: `w${i}`, shape })),
    0,
  );
  const weights = shapes.map(
    (shape, i) => new Parameter({ layer: 'l', name: `w${i}`, shape, initializer: new Zeros() }),
  );
  weights.forEach((weight, i) => weight.adopt(slab, i));
  optimizer.adopt({});
  optimizer.bind(slab, weights);
  return optimizer;
}

describe('optimizers by name', () => {
  it('take any of the names, a config or an instance', () => {
    for (const name of ['sgd', 'SGD'] as const) assert.ok(optimizers.get(name) instanceof SGD);
    for (const name of ['adam', 'Adam'] as const) assert.ok(optimizers.get(name) instanceof Adam);
    const sgd = new SGD();
    assert.equal(optimizers.get(sgd), sgd);
    const made = optimizers.get({
      class_name: 'Adam',
      config: { learning_rate: 0.5, beta_1: 0.8, clipnorm: null, use_ema: false },
    });
    assert.deepEqual([made.learningRate, made instanceof Adam && made.beta1], [0.5, 0.8]);
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

describe('state of optimizers', () => {
  it('belongs to one model', () => {
    const [sgd, model] = [new SGD(), {}];
    sgd.adopt(model);
    sgd.adopt(model);
    assert.throws(
      () => sgd.adopt({}),
      (error: Error) => error instanceof TypeError && /already belongs to another model/.test(error.message),
    );
  });

  it("is listed in Keras's order", () => {
    const shapes = (optimizer: optimizers.Optimizer) =>
      bound(optimizer)
        .getWeights()
        .map(({ shape }) => shape);
    assert.deepEqual(shapes(new SGD()), [[], []]);
    assert.deepEqual(shapes(new SGD({ learningRate: schedule() })), [[]]);
    assert.deepEqual(shapes(new SGD({ momentum: 0.5 })), [[], [], [2, 3], [3]]);
    assert.deepEqual(shapes(new Adam()), [[], [], [2, 3], [2, 3], [3], [3]]);
    assert.deepEqual(shapes(new Adam({ amsgrad: true })), [[], [], [2, 3], [2, 3], [3], [3], [2, 3], [3]]);
  });

  it('goes out and in', () => {
    const numbered = (shape: number[], first: number) => ({
      shape,
      data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
    });
    const arrays = [
      { shape: [], data: [7] },
      { shape: [], data: [0.25] },
      numbered([2, 3], 10),
      numbered([2, 3], 20),
      numbered([3], 30),
      numbered([3], 40),
      numbered([2, 3], 50),
      numbered([3], 60),
    ];
    const adam = bound(new Adam({ amsgrad: true }));
    adam.setWeights(arrays);
    assert.deepEqual([adam.iterations, adam.learningRate], [7, 0.25]);
    assert.deepEqual(
      adam.getWeights().map(({ data }) => [...data]),
      arrays.map(({ data }) => data),
    );
    const again = bound(new Adam({ amsgrad: true }));
    again.setWeights(adam.getWeights());
    assert.deepEqual(again.getWeights(), adam.getWeights());
  });

  it('keeps the exact rate when the array has its rounding', () => {
    const sgd = bound(new SGD({ learningRate: 0.1 }));
    sgd.setWeights(sgd.getWeights());
    assert.equal(sgd.learningRate, 0.1);
  });

  it('is left alone when an array does not fit', () => {
    const sgd = bound(new SGD({ momentum: 0.5 }));
    const kernel = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    const [iterations, rate] = [
      { shape: [], data: [7] },
      { shape: [], data: [0.5] },
    ];
    assert.throws(
      () => sgd.setWeights([iterations, rate, kernel]),
      /has 2 arrays beside iterations and learning rate, received 1/,
    );
    assert.throws(
      () => sgd.setWeights([iterations, rate, kernel, { shape: [2], data: [1, 2] }]),
      /l\/w1\/momentum` must be of shape \[3\]/,
    );
    assert.throws(
      () => sgd.setWeights([{ shape: [], data: [-1] }, rate, kernel, { shape: [3], data: [1, 2, 3] }]),
      /iterations/,
    );
    assert.throws(() => sgd.setWeights(3 as never), /`weights`/);
    assert.deepEqual(
      sgd.getWeights().map(({ data }) => [...data]),
      [[0], [Math.fround(0.01)], [0, 0, 0, 0, 0, 0], [0, 0, 0]],
    );
  });

  it('needs a built model for slots', () => {
    assert.throws(
      () =>
        new SGD({ momentum: 0.5 }).setWeights([
          { shape: [], data: [1] },
          { shape: [], data: [1] },
          { shape: [3], data: [1, 2, 3] },
        ]),
      /compile and build the model first/,
    );
  });

  it('is zeroed only for other weights', () => {
    const store = new (native().Parameters)(
      [
        { name: 'w', shape: [2] },
        { name: 'v', shape: [2] },
      ],
      0,
    );
    const weights = ['w', 'v'].map((name) => new Parameter({ layer: 'l', name, shape: [2], initializer: new Zeros() }));
    weights.forEach((weight, i) => weight.adopt(store, i));
    const sgd = new SGD({ momentum: 0.5 });
    const momenta = () =>
      sgd
        .getWeights()
        .slice(2)
        .map(({ data }) => [...data]);
    sgd.bind(store, weights);
    store.write(0, 0, Float32Array.of(1, 2));
    sgd.bind(store, weights);
    assert.deepEqual(momenta(), [
      [1, 2],
      [0, 0],
    ]);
    sgd.bind(store, weights.slice(0, 1));
    assert.deepEqual(momenta(), [[0, 0]]);
    store.write(0, 0, Float32Array.of(1, 2));
    new Adam().bind(store, weights);
    sgd.bind(store, weights.slice(0, 1));
    assert.deepEqual(momenta(), [[0, 0]]);
  });
});

describe("an optimizer of one's own", () => {
  class Plain extends Optimizer {
    static override readonly className = 'Plain';
    override readonly slotGroups = [];
    override readonly scalarCount = 3;
    constructor(options: optimizers.OptimizerOptions = {}) {
      super(options, 0.5);
    }
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
    assert.deepEqual(optimizers.get('plain' as never).scalars(0), [0.5, 0, 0]);
    assert.equal(optimizers.get({ class_name: 'Plain', config: { learningRate: 2 } }).learningRate, 2);
    forget();
  });
});
