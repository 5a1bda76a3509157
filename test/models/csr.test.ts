/** Matrices in CSR form as x: the same bits as from the same numbers with their zeros. */
import assert from 'node:assert/strict';
import {
  Dense, Dropout, NdArray, Rescaling, Sequential, setRandomSeed, type CsrMatrix, type InputData,
} from '../../lib/index.js';
import { numbers, quiet, weightsOf } from './blobs.js';

const columns = 40;
const labelsOf = (rows: number): Uint8Array => Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3);

/** About one element in eight is not zero; rows 0, 5, 10, … are empty, and so are columns 0, 9, 18, … */
function dense(rows: number, seed = 3): NdArray<Float32Array> {
  const next = numbers(seed);
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [value, kept] = [2 * next() - 1, next() < 0.125];
    return kept && Math.floor(i / columns) % 5 > 0 && (i % columns) % 9 > 0 ? value : 0;
  });
  return new NdArray(data, [rows, columns]);
}

function csrOf({ data, shape: [rows, cols] }: NdArray): CsrMatrix & { indptr: Int32Array } {
  const indptr = [0], indices = [], values = [];
  for (let i = 0; i < rows! * cols!; i++) {
    if (data[i] !== 0) {
      indices.push(i % cols!);
      values.push(Number(data[i]));
    }
    if (i % cols! === cols! - 1) indptr.push(indices.length);
  }
  return {
    indptr: Int32Array.from(indptr), indices: Int32Array.from(indices), values: Float32Array.from(values),
    shape: [rows!, cols!],
  };
}

function makeModel(...first: ConstructorParameters<typeof Rescaling>[]): Sequential {
  setRandomSeed(11);
  const model = new Sequential([
    ...first.map(([scale, options]) => new Rescaling(scale, options)), new Dense(16, { activation: 'tanh' }),
    new Dropout(0.2), new Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

/** What a fit and all other uses of the data make of them, on so many threads. */
async function resultsOf(x: InputData, other: InputData, threads: number, model = makeModel()): Promise<unknown> {
  const [rows, otherRows] = [x, other].map((array) => (array as CsrMatrix).shape[0]!) as [number, number];
  const [y, otherY] = [labelsOf(rows), labelsOf(otherRows)];
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
  const [x, other] = [dense(61), dense(25, 8)];

  for (const threads of [1, 2, 3]) {
    it(`gives the same bits as with its zeros, on ${threads} threads`, async () => {
      assert.deepEqual(await resultsOf(csrOf(x), csrOf(other), threads), await resultsOf(x, other, threads));
    });
  }
});
