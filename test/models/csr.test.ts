/** Matrices in CSR form as x: the same bits as from the same numbers with their zeros. */
import assert from 'node:assert/strict';
import {
  Dense, Dropout, NdArray, Rescaling, Sequential, setRandomSeed, type CsrMatrix, type InputData,
} from '../../lib/index.js';
import { numbers, quiet, weightsOf } from './blobs.js';
import { columns, csrOf, withZeros, type FittingCsr } from './sparse.js';

const labelsOf = (rows: number): Uint8Array => Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3);

function makeModel(...first: ConstructorParameters<typeof Rescaling>[]): Sequential {
  setRandomSeed(11);
  const model = new Sequential([
    ...first.map(([scale, options]) => new Rescaling(scale, options)), new Dense(16, { activation: 'tanh' }),
    new Dropout(0.2), new Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

/** What fits and all other uses of the data make of them, on so many threads. */
async function resultsOf(x: InputData, other: InputData, threads: number, model = makeModel()): Promise<unknown> {
  const [y, otherY] = [x, other].map((array) => labelsOf((array as CsrMatrix).shape[0]!)) as [Uint8Array, Uint8Array];
  const sampleWeight = Float32Array.from(y, (label) => 1 + label);
  const options = quiet({ seed: 4, threads, batchSize: 7 });
  const { history } = await model.fit(x, y, { ...options, epochs: 3, validationSplit: 0.3, sampleWeight });
  const second = await model.fit(x, y, { ...options, shuffle: false, validationData: [other, otherY] });
  const silent = { verbose: 0, threads } as const;
  const outputs = [await model.predict(other, { ...silent, batchSize: 9 }), await model.predictOnBatch(x),
    model.predictSync(other)];
  return [history, second.history, await model.evaluate(other, otherY, { ...silent, sampleWeight: otherY }),
    await model.trainOnBatch(x, y, { threads }), await model.testOnBatch(other, otherY, { threads }),
    ...outputs.map((output) => output.toArray()), weightsOf(model)];
}

describe('a CSR matrix as x', () => {
  const [x, other] = [withZeros(61), withZeros(25, 8)];
  const y = labelsOf(61);

  for (const threads of [1, 2, 3]) {
    it(`gives the same bits as with its zeros, on ${threads} threads`, async () => {
      assert.deepEqual(await resultsOf(csrOf(x), csrOf(other), threads), await resultsOf(x, other, threads));
    });
  }

  it('is rescaled with its zeros', async () => {
    for (const first of [[-3, { offset: 0.25 }], [0.1], [-1], [1, { offset: -0.5 }]] as [number, object?][]) {
      const [csr, dense] = [makeModel(first), makeModel(first)];
      assert.deepEqual(await resultsOf(csrOf(x), csrOf(other), 2, csr), await resultsOf(x, other, 2, dense));
    }
  });

  it('keeps the sign of a zero that it holds', () => {
    const model = new Sequential([new Rescaling(1, { inputShape: [2] })]);
    const matrix = { indptr: [0, 1], indices: [1], values: [-0], shape: [1, 2] };
    assert.deepEqual(model.predictSync(matrix).data, model.predictSync([[0, -0]]).data);
    assert.ok(Object.is(model.predictSync(matrix).data[1], -0));
  });

  it('may be empty but for its shape', async () => {
    const zeros = new NdArray(new Float32Array(20 * columns), [20, columns]);
    assert.equal(csrOf(zeros).values.length, 0);
    assert.deepEqual(await resultsOf(csrOf(zeros), csrOf(zeros), 2), await resultsOf(zeros, zeros, 2));
  });

  it('may be a slice of the rows of another', async () => {
    const whole = csrOf(x);
    const slice = { ...whole, indptr: whole.indptr.subarray(10, 51), shape: [40, columns] };
    assert.ok(slice.indptr[0]! > 0 && slice.indptr.at(-1)! < whole.indices.length);
    assert.deepEqual(await resultsOf(slice, csrOf(other), 2), await resultsOf(x.slice(10, 50), other, 2));
  });

  it('may have columns in any order, and more than once', async () => {
    const { indptr, indices, values, shape } = csrOf(x);
    const halves = { indptr: [0], indices: [] as number[], values: [] as number[], shape };
    for (let row = 0; row < 61; row++) {
      for (let i = indptr[row + 1]! - 1; i >= indptr[row]!; i--) {
        halves.indices.push(indices[i]!);
        halves.values.push(values[i]! / 2);
      }
      for (let i = indptr[row]!; i < indptr[row + 1]!; i++) {
        halves.indices.push(indices[i]!);
        halves.values.push(values[i]! / 2);
      }
      halves.indptr.push(halves.indices.length);
    }
    assert.deepEqual(await resultsOf(halves, csrOf(other), 2), await resultsOf(x, other, 2));
  });

  it('says how wide the input of a model is that is not built, and is profiled', async () => {
    const model = makeModel();
    const { entries } = await model.profile(csrOf(x), y, { steps: 2, batchSize: 8 });
    assert.ok(entries.length > 0);
    assert.deepEqual(model.getWeights()[0]!.shape, [columns, 16]);
  });

  it('is looked through for numbers that are not finite, by row and column', async () => {
    const matrix = csrOf(x);
    const { indptr, indices, values } = matrix;
    values[indptr[58]! + 1] = NaN;
    const message = `\`x\` must hold finite numbers, received NaN in row 58, column ${indices[indptr[58]! + 1]}`;
    const checkFinite = true;
    const model = makeModel();
    await assert.rejects(model.fit(matrix, y, quiet({ checkFinite })), { name: 'RangeError', message });
    await assert.rejects(model.trainOnBatch(matrix, y, { checkFinite }), { name: 'RangeError', message });
    model.build([null, columns]);
    await assert.rejects(model.predict(matrix, { verbose: 0, checkFinite }), { name: 'RangeError', message });
    await model.predict(matrix, { verbose: 0 });
  });

  it('is looked at again while it is read', async () => {
    const matrix = csrOf(x);
    const { indptr, indices, values } = matrix;
    const spoil = { onEpochEnd: () => { values[indptr[59]!] = Infinity; } };
    await assert.rejects(
      makeModel().fit(matrix, y, quiet({ checkFinite: true, validationSplit: 0.3, epochs: 2, callbacks: [spoil] })),
      { message: `\`x\` must hold finite numbers, received Infinity in row 59, column ${indices[indptr[59]!]}` });
  });

  it('that is changed while it is read, and points outside then, rejects with the row', async () => {
    const spoils: ((matrix: FittingCsr) => void)[] = [
      ({ indptr, indices }) => { indices[indptr[58]!] = columns; },
      ({ indptr, indices }) => { indices[indptr[58]!] = -1; },
      ({ indptr, indices }) => { indptr[59] = indices.length + 1; },
      ({ indptr }) => { indptr[59] = 0; },
    ];
    const { indices, values, ...rest } = csrOf(x);
    const padded = <T extends Int32Array | Float32Array>(array: T, longer: T): T => {
      longer.set(array);
      return longer.subarray(0, array.length) as T;
    };
    for (const spoil of spoils) {
      // What lies behind the matrix could be read as part of it, so that nothing else gives a wrong index away.
      const matrix = {
        ...rest, indptr: rest.indptr.slice(),
        indices: padded(indices, new Int32Array(indices.length + 1)),
        values: padded(values, new Float32Array(values.length + 1)),
      };
      const callbacks = [{ onEpochEnd: () => spoil(matrix) }];
      const model = makeModel();
      await assert.rejects(model.fit(matrix, y, quiet({ validationSplit: 0.3, epochs: 2, callbacks })), {
        name: 'TypeError',
        message: '`x` was changed while the model was reading it: row 58 points outside the matrix',
      });
      assert.ok(model.optimizer.iterations > 0);
    }
  });

  it('names a row that points outside by its place in x, whatever the order of rows', async () => {
    const matrix = csrOf(x);
    const callbacks = [{ onEpochEnd: () => { matrix.indices[matrix.indptr[8]!] = columns; } }];
    await assert.rejects(makeModel().fit(matrix, y, quiet({ epochs: 2, callbacks })), { message: /: row 8 points/ });
  });

  it('of a million columns moves the weights of those that occur', async () => {
    const [rows, width, each] = [100_000, 1_000_000, 3];
    const next = numbers(5);
    const matrix = {
      indptr: Int32Array.from({ length: rows + 1 }, (_, row) => each * row),
      indices: Int32Array.from({ length: rows * each }, () => Math.floor(next() * width)),
      values: new Uint8Array(rows * each).fill(1), shape: [rows, width],
    };
    const model = new Sequential([new Dense(1, { activation: 'sigmoid', kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    model.optimizer.learningRate = 1;
    await model.fit(matrix, new Uint8Array(rows).fill(1), quiet({ batchSize: 2, stepsPerEpoch: 3, epochs: 2 }));
    const moved = model.getWeights()[0]!.data.reduce((count, weight) => count + Number(weight > 0), 0);
    assert.equal(moved, 2 * 2 * 3 * each);
  });
});
