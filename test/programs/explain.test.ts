/**
 * What `explain()` prints for three canonical models. The listings stand in `explain/*.txt`; after a change that is
 * meant, `UPDATE_LISTINGS=1` writes them anew, to be read before they are committed.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Dense, Dropout, Flatten } from '../../lib/layers/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { native } from '../../lib/native.js';
import { Adam, SGD } from '../../lib/optimizers/index.js';
import { graphParameters, lowerPrediction, lowerTraining } from '../../lib/program/lower.js';
import type { ProgramSpec } from '../../lib/program/spec.js';
import type { Parameter } from '../../lib/layers/parameter.js';
import { buildGraph } from '../reference/chain.js';

/** The scalar instruction set is on every machine, so that its listings are the same on all. */
function listing(spec: ProgramSpec, parameters: Parameter[], slots: number): string {
  const layout = parameters.map(({ path, shape }) => ({ name: path, shape: [...shape] }));
  return new (native().Program)(spec, new (native().Parameters)(layout, slots), { isa: 'scalar' }).explain();
}

function check(name: string, actual: string): void {
  const file = new URL(`./explain/${name}.txt`, import.meta.url);
  if (process.env['UPDATE_LISTINGS']) writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, 'utf8'));
}

describe('explain', () => {
  const classifier = () => buildGraph([
    new Dense(128, { activation: 'relu', name: 'hidden1' }), new Dense(128, { activation: 'relu', name: 'hidden2' }),
    new Dense(10, { activation: 'softmax', name: 'classes' }),
  ], [784]);

  it('a classifier in training: softmax and cross-entropy are one, ReLUs are in the products', () => {
    const graph = classifier();
    const optimizer = new SGD({ momentum: 0.9, nesterov: true });
    const { spec } = lowerTraining(graph, { loss: losses.get('categorical_crossentropy'), weightedMetrics: [],
      metrics: [metrics.get('accuracy')] }, optimizer, { name: 'classifier', maxRows: 128 });
    check('classifier-training', listing(spec, graphParameters(graph), optimizer.slots));
  });

  it('a classifier in prediction: nothing of training is left', () => {
    const graph = classifier();
    check('classifier-prediction', listing(lowerPrediction(graph, { name: 'classifier', maxRows: 16 }).spec,
      graphParameters(graph), 0));
  });

  it('a regression with dropout: the mask is applied again on the way back', () => {
    const graph = buildGraph([new Flatten({ name: 'flatten' }), new Dense(33, { activation: 'gelu', name: 'hidden' }),
      new Dropout(0.25, { name: 'dropout' }), new Dense(3, { name: 'values' })], [4, 5]);
    const optimizer = new Adam();
    const { spec } = lowerTraining(graph, { loss: losses.get('mse'), weightedMetrics: [],
      metrics: [metrics.get('mae')] }, optimizer, { name: 'regression', maxRows: 32 });
    check('regression-training', listing(spec, graphParameters(graph), optimizer.slots));
  });

  it('a binary classifier with sample weights: they scale the loss and count in the weighted metric', () => {
    const graph = buildGraph([new Dense(16, { activation: 'tanh', name: 'hidden' }),
      new Dense(1, { activation: 'sigmoid', name: 'probability' })], [8]);
    const optimizer = new SGD();
    const { spec } = lowerTraining(graph, { loss: losses.get('binary_crossentropy'), metrics: [],
      weightedMetrics: [metrics.get('accuracy')] }, optimizer, { name: 'binary', maxRows: 32, sampleWeights: true });
    check('binary-training', listing(spec, graphParameters(graph), optimizer.slots));
  });
});
