/** Programs that skip zeros leave the bits of those that multiply by them, and say how much they skipped. */
import assert from 'node:assert/strict';
import { Activation, Dense, Dropout, Flatten, Rescaling } from '../../lib/layers/index.js';
import type { Layer } from '../../lib/layers/layer.js';
import * as losses from '../../lib/losses/index.js';
import { native, type NativeArray, type SpanSpec } from '../../lib/native.js';
import { Adam, SGD, type Optimizer } from '../../lib/optimizers/index.js';
import { graphParameters, lowerPrediction } from '../../lib/program/lower.js';
import { buildChain, buildGraph } from '../reference/chain.js';
import { Dice } from '../reference/dice.js';

interface Model {
  layers: () => Layer[];
  inputShape?: number[];
  optimizer?: () => Optimizer;
  /** Of the first weights. */
  weight?: number;
}

const [rows, batchSize] = [150, 40];
const steps = Math.ceil(rows / batchSize);
const columns = 150;

/** How many of the elements of each batch are not 0. */
type Densities = number[];

function data(densities: Densities, form: 'bytes' | 'floats'): NativeArray {
  const dice = new Dice(3);
  const densityAt = (i: number): number => densities[Math.floor(i / columns / batchSize) % densities.length]!;
  const bytes = Uint8Array.from({ length: rows * columns },
    (_, i) => dice.chance(densityAt(i)) ? 1 + dice.below(255) : 0);
  return { data: form === 'bytes' ? bytes : Float32Array.from(bytes, (byte) => byte / 255), rowLength: columns };
}

/** What training leaves: parameters and slots, accumulators; and the FLOPs that were skipped. */
function train(model: Model, isa: string, input: NativeArray, skipsZeros: boolean, changes: Partial<SpanSpec> = {}) {
  const optimizer = model.optimizer?.() ?? new SGD({ momentum: 0.9, nesterov: true });
  const chain = buildChain({ layers: model.layers(), inputShape: model.inputShape ?? [columns],
    loss: losses.get('mse'), optimizer, rows });
  const slots = optimizer.slots;
  const parameters = new (native().Parameters)(chain.layout, slots);
  if (model.weight !== undefined) chain.values[0]![17] = model.weight;
  chain.values.forEach((values, index) => parameters.write(index, -1, values));
  const spec = { ...chain.lowered.spec, maxRows: batchSize, skipsZeros };
  const program = new (native().Program)(spec, parameters, { isa });
  const skipped = new Float64Array(spec.forward.length + spec.backward.length + spec.update.length);
  const scalars = Float32Array.from(Array.from({ length: steps }, (_, i) => optimizer.scalars(i)).flat());
  const accumulators: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const result = program.runSync({ ...chain.span, inputs: [input], rows, batchSize, steps, epoch, scalars,
      segments: { forward: true, backward: true, update: true }, skipped, ...changes });
    assert.equal(result.error, undefined);
    accumulators.push(...result.accumulators);
  }
  const left = new Float32Array(chain.values.reduce((sum, { length }) => sum + length + 32, 0) * (slots + 1));
  let at = 0;
  chain.values.forEach(({ length }, index) => {
    for (let slot = -1; slot < slots; slot++, at += length) {
      parameters.read(index, slot, left.subarray(at, at + length));
    }
  });
  // Of two NaNs an instruction passes on either one, by its form, and their signs may differ.
  left.forEach((value, i) => { if (Number.isNaN(value)) left[i] = NaN; });
  return { bits: Buffer.from(left.buffer), accumulators, skipped: skipped.reduce((sum, flops) => sum + flops, 0) };
}

function checkSame(model: Model, isa: string, densities: Densities, form: 'bytes' | 'floats', skips: boolean): void {
  const input = data(densities, form);
  const expected = train(model, isa, input, false);
  assert.equal(expected.skipped, 0);
  for (const threads of [1, 2, 3]) {
    for (const shuffle of [false, true]) {
      const what = `${densities} ${form}, ${threads} threads, shuffle ${shuffle}`;
      const dense = shuffle ? train(model, isa, input, false, { shuffle, threads: 1 }) : expected;
      const actual = train(model, isa, input, true, { shuffle, threads });
      assert.ok(actual.bits.equals(dense.bits), `${what}: other weights`);
      assert.deepEqual(actual.accumulators, dense.accumulators, what);
      assert.equal(actual.skipped > 0, skips, `${what}: ${actual.skipped} FLOPs skipped`);
    }
  }
}

/** Planes of bytes and of floats are as exact as each other, and have other bits. */
function checkNear(actual: number[], expected: number[]): void {
  actual.forEach((x, i) => {
    const wanted = expected[i]!;
    assert.ok(Math.abs(x - wanted) <= 1e-5 * Math.abs(wanted), `${x}, not ${wanted}`);
  });
}

/** A layer of 70 units, and a way to set the first one's weight for input 17. */
function predictor(isa: string, skipsZeros: boolean) {
  const graph = buildGraph([new Dense(70, { activation: 'relu' })], [columns]);
  const { spec } = lowerPrediction(graph, { name: 'predictor', maxRows: rows });
  const layout = graphParameters(graph).map(({ path, shape }) => ({ name: path, shape: [...shape] }));
  const parameters = new (native().Parameters)(layout, 0);
  const weights = new Dice(9).floats(columns * 70, -1, 1);
  const program = new (native().Program)({ ...spec, skipsZeros }, parameters, { isa });
  return {
    setWeight(value: number): void {
      weights[17 * 70] = value;
      parameters.write(0, -1, weights);
    },
    predict(input: NativeArray, count: number): Float32Array {
      const out = new Float32Array(count * 70);
      program.predict(input.data, columns, count, count, 1, out);
      return out;
    },
  };
}

const classifier: Model = { layers: () => [new Dense(72, { activation: 'relu' }), new Dense(5)] };

describe('programs that skip zeros', () => {
  for (const isa of native().cpu().isas) {
    for (const form of ['bytes', 'floats'] as const) {
      it(`${isa}: leave the bits of those that do not, ${form} of any density`, () => {
        for (const density of [0, 0.02, 0.15]) checkSame(classifier, isa, [density], form, true);
        for (const density of [0.95, 1]) checkSame(classifier, isa, [density], form, false);
      });

      it(`${isa}: also where batches are sparse and dense in turn, ${form}`, () => {
        checkSame(classifier, isa, [0.05, 1, 0.1, 0.3], form, true);
        checkSame(classifier, isa, [0.7, 0.02], form, true);
      });
    }

    it(`${isa}: multiply bytes with the bits of the floats they stand for`, () => {
      const scaled: Model = { layers: () => [new Rescaling(1 / 255), ...classifier.layers()] };
      for (const density of [0.1, 0.6, 1]) {
        const bytes = data([density], 'bytes');
        const floats = { ...bytes, data: Float32Array.from(bytes.data) };
        const expected = train(scaled, isa, floats, false);
        for (const [skipsZeros, threads] of [[false, 1], [false, 2], [true, 3]] as const) {
          const actual = train(scaled, isa, bytes, skipsZeros, { threads });
          if (isa === 'amx') checkNear(actual.accumulators, expected.accumulators);
          else assert.ok(actual.bits.equals(expected.bits), `${density}, skips ${skipsZeros}, ${threads} threads`);
        }
      }
    });

    it(`${isa}: with other optimizers, views, scaled inputs and dropout`, () => {
      const models: Model[] = [
        { ...classifier, optimizer: () => new SGD() },
        { ...classifier, optimizer: () => new Adam() },
        { layers: () => [new Rescaling(1 / 128), new Flatten(), new Dense(65)], inputShape: [30, 5] },
        { layers: () => [new Dropout(0.8), new Dense(70, { activation: 'tanh' }), new Dense(2)] },
        { layers: () => [new Dense(130, { useBias: false }), new Dropout(0.9), new Dense(100)] },
      ];
      for (const model of models) checkSame(model, isa, [0.1], 'bytes', true);
    });

    it(`${isa}: of what a ReLU let pass, forward and backward`, () => {
      const optimizers = [() => new SGD({ momentum: 0.9, nesterov: true }), () => new Adam()];
      for (const optimizer of optimizers) {
        const layers = () => [192, 128, 128].map((units) => new Dense(units, { activation: 'relu' }));
        checkSame({ layers, optimizer }, isa, [1], 'floats', true);
        checkSame({ layers, optimizer, weight: NaN }, isa, [1], 'floats', true);
      }
      const views: Model = { layers: () => [new Dense(128), new Activation('relu'), new Flatten(), new Dense(70)] };
      checkSame(views, isa, [1], 'floats', true);
    });

    it(`${isa}: where weights are not finite`, () => {
      for (const weight of [Infinity, NaN]) checkSame({ ...classifier, weight }, isa, [0, 0.1], 'floats', true);
    });

    it(`${isa}: where weights stop being finite as they are trained`, () => {
      for (const optimizer of [() => new SGD(), () => new SGD({ momentum: 0.9 }), () => new Adam()]) {
        const model = { ...classifier, optimizer, weight: 1e25 };
        checkSame(model, isa, [0.1], 'bytes', true);
        const left = new Float32Array(train(model, isa, data([0.1], 'bytes'), true).bits.buffer);
        assert.ok(left.some((weight) => !Number.isFinite(weight)), 'they all stayed finite');
      }
    });
  }

  for (const isa of native().cpu().isas) {
    it(`${isa}: predict the same, one row or a few, also after weights stop being finite`, () => {
      for (const form of ['bytes', 'floats'] as const) {
        const [skipping, multiplying] = [true, false].map((skipsZeros) => predictor(isa, skipsZeros));
        const input = data([0.1], form);
        const agree = (weight: number): void => {
          for (const model of [skipping!, multiplying!]) model.setWeight(weight);
          for (const count of [1, 2, 3, 9, 31, 40]) {
            const [actual, expected] = [skipping!.predict(input, count), multiplying!.predict(input, count)];
            assert.ok(Buffer.from(actual.buffer).equals(Buffer.from(expected.buffer)), `${form}, ${count} rows`);
            assert.equal(expected.every(Number.isFinite), Number.isFinite(weight));
          }
        };
        for (const weight of [0.5, Infinity, -1, NaN]) agree(weight);
      }
    });
  }

  it('multiply what others read as floats, and inputs that are never 0', () => {
    const read: Model = { layers: () => [new Activation('tanh'), new Dense(70)] };
    checkSame(read, native().cpu().isa, [0.1], 'bytes', false);
    const shifted: Model = { layers: () => [new Rescaling(1, { offset: -1 }), new Dense(70)] };
    checkSame(shifted, native().cpu().isa, [0.1], 'bytes', false);
  });
});
