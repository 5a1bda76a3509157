/**
 * Epochs of training with shuffling, dropout, momentum and a partial last batch, native against the interpreter: the
 * order of the rows, the masks, the scalars of each step and the accumulators, which single instructions do not show.
 */
import assert from 'node:assert/strict';
import { Dense, Dropout } from '../../lib/layers/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { native, type SpanSpec } from '../../lib/native.js';
import { Adam, SGD, type Optimizer } from '../../lib/optimizers/index.js';
import { buildChain, referenceParameters } from '../reference/chain.js';
import { Interpreter } from '../reference/interpreter.js';

const [rows, batchSize, epochs] = [43, 8, 3];
const steps = Math.ceil(rows / batchSize);

function spans(base: SpanSpec, optimizer: Optimizer): SpanSpec[] {
  return Array.from({ length: epochs }, (_, epoch) => ({
    ...base, rows, batchSize, steps, epoch, shuffle: true, seed: 11,
    scalars: Float32Array.from(Array.from({ length: steps }, (_, i) => optimizer.scalars(epoch * steps + i)).flat()),
    segments: { forward: true, backward: true, update: true },
  }));
}

const optimizers: Record<string, () => Optimizer> = {
  'SGD with nesterov, decay and weight decay': () =>
    new SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true, decay: 0.01, weightDecay: 0.001 }),
  Adam: () => new Adam({ learningRate: 0.01 }),
};

describe('whole runs against the interpreter', () => {
  for (const [name, makeOptimizer] of Object.entries(optimizers)) {
    it(`${epochs} epochs of ${name}`, () => {
      const optimizer = makeOptimizer();
      const chain = buildChain({
        layers: [new Dense(20, { activation: 'tanh' }), new Dropout(0.3), new Dense(4, { activation: 'softmax' })],
        inputShape: [9], loss: losses.get('sparse_categorical_crossentropy'), metrics: [metrics.get('accuracy')],
        optimizer, rows, sampleWeights: true,
      });
      const reference = referenceParameters(chain, optimizer.slots);
      const interpreter = new Interpreter(chain.lowered.spec, reference);
      for (const isa of native().cpu().isas) {
        const parameters = new (native().Parameters)(chain.layout, optimizer.slots);
        chain.values.forEach((values, index) => parameters.write(index, -1, values));
        referenceParameters(chain, optimizer.slots).values.forEach((v, i) => { reference.values[i] = v; });
        for (const slot of reference.slots) slot.fill(0);
        const program = new (native().Program)(chain.lowered.spec, parameters, { isa });
        for (const span of spans(chain.span, optimizer)) {
          const expected = interpreter.run(span);
          const actual = program.runSync(span).accumulators;
          expected.forEach((v, i) => assert.ok(Math.abs(actual[i]! - v) <= 1e-5 * Math.abs(v),
            `${isa}, epoch ${span.epoch}: accumulator ${i} is ${actual[i]}, exactly ${v}`));
        }
        chain.layout.forEach(({ name: parameter }, index) => {
          const exact = reference.at(index);
          const values = new Float32Array(exact.length);
          parameters.read(index, -1, values);
          // 18 steps, each adding roundings of the step to those before: 2^-24 times 18 times the length of a sum.
          values.forEach((v, i) => assert.ok(Math.abs(v - exact[i]!) <= 18 * 43 * 2 ** -24,
            `${isa}: ${parameter}[${i}] is ${v}, exactly ${exact[i]}`));
        });
      }
    });
  }
});
