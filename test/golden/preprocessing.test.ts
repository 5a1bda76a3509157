/** What happens to data before a model sees it, against Keras. */
import assert from 'node:assert/strict';
import { Dense, Input, Rescaling, Sequential, toCategorical } from '../../lib/index.js';
import { assertNear, readGolden, typed, type GoldenArray } from './golden.js';
import { ndArray } from './keras-model.js';

interface Case {
  function: string; arguments: Record<string, number | null>; x: GoldenArray;
  output: GoldenArray & { train: [number, number]; validation: [number, number] } | null;
}

const { cases } = readGolden<Case>('preprocessing.json');
const of = (name: string): Case[] => cases.filter((c) => c.function === name);

describe('golden: toCategorical', () => {
  for (const { x, arguments: { num_classes: classes }, output } of of('to_categorical')) {
    it(`${x.shape.join('x')} labels, ${classes ?? 'as many as there are'} classes`, () => {
      const y = classes == null ? toCategorical(ndArray(x)) : toCategorical(ndArray(x), classes);
      assert.deepEqual(y.shape, output!.shape);
      assert.deepEqual([...y.data], output!.data);
    });
  }
});

describe('golden: Rescaling', () => {
  for (const { x, arguments: { scale, offset }, output } of of('Rescaling')) {
    it(`of bytes by ${scale}, ${offset}`, async () => {
      const model = new Sequential([Input({ shape: x.shape.slice(1) }), new Rescaling(scale!, { offset: offset! })]);
      const { data, shape } = await model.predict(ndArray(x), { verbose: 0 });
      assert.deepEqual(shape, output!.shape);
      assertNear(data, typed(output!).data, 1e-6, 1e-6, 'output');
    });
  }
});

describe('golden: where validationSplit cuts', () => {
  for (const { arguments: { rows, validation_split: validationSplit }, output } of of('train_validation_split')) {
    it(`${rows} rows at ${validationSplit}`, async () => {
      const model = new Sequential([Input({ shape: [1] }), new Dense(1)]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      // Rows beyond the cut have a target that the training loss would show.
      const cut = output?.train[1] ?? 0;
      const x = new Float32Array(rows!);
      const y = Float32Array.from(x, (_, row) => (row < cut ? 0 : 1));
      const fit = model.fit(x, y, { validationSplit: validationSplit!, verbose: 0, batchSize: rows! });
      if (output === null) return assert.rejects(fit, { name: 'RangeError', message: /validationSplit/ });
      const { history } = await fit;
      assert.equal(history['loss']![0], 0);
      assertNear(history['val_loss']!, [1], 1e-6, 0, 'validation loss');
    });
  }
});
