/** Twelve steps from given gradients on every instruction set against Keras, for all variables at every step. */
import * as optimizers from '../../lib/optimizers/index.js';
import { isas, newBuilder, prepare, runOnce, zeros } from './direct.js';
import { assertNear, readGolden, testCases, type KerasObject } from './golden.js';

interface Case { name: string; optimizer: KerasObject; params: number[][][] }
interface File { shapes: number[][]; initial_params: number[][]; gradients: number[][][] }
const file = readGolden<Case, File>('optimizers.json');

const needing = (what: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, what]));
const notYet = {
  ...needing('the schedule', 'sgd_piecewise', 'sgd_exponential_decay', 'adam_cosine_decay'),
  ...needing('clipping', 'sgd_clipnorm', 'sgd_clipvalue', 'sgd_global_clipnorm', 'adam_clipnorm', 'adam_clipvalue',
    'adam_global_clipnorm', 'sgd_global_clipnorm_inverse_time_decay_weight_decay', 'sgd_accumulation_2_clipnorm'),
  ...needing('accumulation of gradients', 'sgd_accumulation_3', 'sgd_accumulation_2_schedule', 'adam_accumulation_3'),
  ...needing('a moving average of the weights', 'sgd_ema', 'sgd_ema_overwrite_4', 'adam_ema'),
};

/** Gradients come in as inputs of one row, and are summed over that row into their place. */
function check(c: Case, isa: string): void {
  const optimizer = optimizers.get(c.optimizer);
  const variables = file.shapes.map((shape, i) => zeros(`v${i}`, shape));
  const builder = newBuilder('training', 1, variables);
  for (const variable of variables) {
    const given = builder.input(`${variable.name}.given`, [null, variable.size]);
    builder.sumRows(given, builder.view(builder.gradient(variable), [variable.size]));
  }
  builder.update(() => optimizer.lower(builder, [{ first: 0, count: variables.length }]));
  const run = prepare(builder.finish(), isa, variables, optimizer.slots);
  file.initial_params.forEach((values, i) => run.parameters.write(i, -1, Float32Array.from(values)));

  file.gradients.forEach((gradients, step) => {
    runOnce(run, { rows: 1, inputs: gradients.map((g) => ({ data: Float32Array.from(g), rowLength: g.length })),
      scalars: Float32Array.from(optimizer.scalars(step)), segments: { forward: true, backward: true, update: true } });
    variables.forEach(({ size }, i) => {
      const actual = new Float32Array(size);
      run.parameters.read(i, -1, actual);
      const expected = c.params[step]![i]!;
      const largest = expected.reduce((top, w) => Math.max(top, Math.abs(w)), 0);
      assertNear(actual, expected, 5e-6 * largest, 0, `${isa}, step ${step}, variable ${i}`);
    });
  });
}

describe('golden: optimizers', () => {
  testCases(file.cases, (c) => c.name, notYet, (c) => {
    for (const isa of isas) check(c, isa);
  });
});
