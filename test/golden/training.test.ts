/** Whole training runs against Keras, through the public API: every batch, the history of fit, weights, predictions. */
import assert from 'node:assert/strict';
import type { NdArray } from '../../lib/index.js';
import { assertNear, readGolden, testCases, type GoldenArray, type JsonNumber } from './golden.js';
import { buildModel, ndArray, type ModelCase } from './keras-model.js';

type Results = Record<string, number>;
interface Evaluation { plain: Results; with_sample_weight?: Results }
interface Case extends ModelCase {
  name: string;
  fit: { epochs: number; batch_size: number; shuffle: false; class_weight?: Record<string, number>;
         validation_split?: number };
  x: GoldenArray; y: GoldenArray; sample_weight?: GoldenArray;
  initial_weights: GoldenArray[];
  final_weights: { data: JsonNumber[] }[];
  predict_before: GoldenArray; predict_after: GoldenArray;
  evaluate_before: Evaluation; evaluate_after: Evaluation;
  history: Record<string, number[]>;
  train_on_batch: ({ epoch: number; rows: [number, number] } & Results)[];
}

const { cases } = readGolden<Case>('training.json');

/** Long runs, batches of 1 and Adam gather more rounding than a few steps of SGD. */
function tolerances(c: Case): { results: number; weights: number } {
  const isLong = c.compile.optimizer.class_name !== 'SGD' || c.fit.batch_size === 1 || c.name.startsWith('long_run');
  return isLong ? { results: 2e-5, weights: 2e-5 } : { results: 1e-6, weights: 2e-6 };
}

function assertResults(actual: Results, expected: Results, tolerance: number, what: string): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), `${what}: names`);
  for (const [name, value] of Object.entries(expected)) {
    assertNear([actual[name]!], [value], tolerance, tolerance, `${what}, ${name}`);
  }
}

function assertWeights(actual: NdArray[], c: Case): void {
  actual.forEach(({ data }, i) =>
    assertNear(data as Float32Array, c.final_weights[i]!.data, tolerances(c).weights, 0, `final weights ${i}`));
}

function newModel(c: Case) {
  return buildModel(c, c.initial_weights.map(ndArray));
}

async function checkBatches(c: Case): Promise<void> {
  const model = newModel(c);
  const [x, y] = [ndArray(c.x), ndArray(c.y)];
  const sampleWeight = c.sample_weight && ndArray(c.sample_weight);
  for (const [step, { epoch: _, rows: [begin, end], ...expected }] of c.train_on_batch.entries()) {
    const actual = await model.trainOnBatch(x.slice(begin, end), y.slice(begin, end), {
      ...(sampleWeight ? { sampleWeight: sampleWeight.slice(begin, end) } : {}),
      ...(c.fit.class_weight ? { classWeight: c.fit.class_weight } : {}),
    });
    assertResults(actual as Results, expected as Results, tolerances(c).results, `step ${step}`);
  }
  assertWeights(model.getWeights(), c);
}

async function checkFit(c: Case): Promise<void> {
  const model = newModel(c);
  const [x, y] = [ndArray(c.x), ndArray(c.y)];
  const sampleWeight = c.sample_weight && ndArray(c.sample_weight);
  const { results, weights } = tolerances(c);
  const shown = x.slice(0, c.predict_before.shape[0]!);
  const { epochs, batch_size: batchSize, class_weight: classWeight, validation_split: validationSplit } = c.fit;
  const evaluate = async (expected: Evaluation, what: string): Promise<void> => {
    const plain = await model.evaluate(x, y, { batchSize, verbose: 0 });
    assertResults(plain as Results, expected.plain, results, what);
    if (!expected.with_sample_weight) return;
    const weighted = await model.evaluate(x, y, { batchSize, verbose: 0, sampleWeight: sampleWeight! });
    assertResults(weighted as Results, expected.with_sample_weight, results, `${what}, weighted`);
  };
  const predict = async (expected: GoldenArray, what: string): Promise<void> => {
    const { data, shape } = await model.predict(shown, { verbose: 0 });
    assert.deepEqual(shape, expected.shape);
    assertNear(data, expected.data, weights, weights, what);
  };

  await predict(c.predict_before, 'predictions before');
  await evaluate(c.evaluate_before, 'evaluate before');
  const { history } = await model.fit(x, y, {
    epochs, batchSize, shuffle: false, verbose: 0, ...(classWeight ? { classWeight } : {}),
    ...(validationSplit === undefined ? {} : { validationSplit }), ...(sampleWeight ? { sampleWeight } : {}),
  });
  assert.deepEqual(Object.keys(history).sort(), Object.keys(c.history).sort());
  for (const [name, values] of Object.entries(c.history)) {
    assertNear(history[name]!, values, results, results, `history of ${name}`);
  }
  assertWeights(model.getWeights(), c);
  await predict(c.predict_after, 'predictions after');
  await evaluate(c.evaluate_after, 'evaluate after');
}

describe('golden: training, batch by batch', () => testCases(cases, ({ name }) => name, {}, checkBatches));
describe('golden: training, fit, evaluate and predict', () => testCases(cases, ({ name }) => name, {}, checkFit));
