/** CSR matrices that are never in memory with their zeros, since nothing reads them but matrix products. */
import assert from 'node:assert/strict';
import {
  Adam, Dense, Dropout, NdArray, Rescaling, Sequential, SGD, setRandomSeed, type CsrMatrix, type InputData,
  type Optimizer,
} from '../../lib/index.js';
import { numbers, quiet, weightsOf } from './blobs.js';
import { csrOf } from './sparse.js';

const width = 300;
const labelsOf = (rows: number): Uint8Array => Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3);

/** One element in forty, and a few rows that are empty. */
function mostlyZeros(rows: number, seed: number): NdArray<Float32Array> {
  const next = numbers(seed);
  const data = Float32Array.from({ length: rows * width }, (_, i) => {
    const [value, kept] = [2 * next() - 1, next() < 0.025];
    return kept && Math.floor(i / width) % 9 > 0 ? value : 0;
  });
  return new NdArray(data, [rows, width]);
}

function makeModel(optimizer: Optimizer, units: number, ...first: Rescaling[]): Sequential {
  setRandomSeed(11);
  const model = new Sequential([
    ...first, new Dense(units, { activation: 'relu' }), new Dropout(0.2), new Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer, loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

/** What fitting, evaluating and predicting make of the data; with steps enough for weights to lie in panels. */
async function resultsOf(model: Sequential, x: InputData, other: InputData, threads: number): Promise<unknown> {
  const [y, otherY] = [x, other].map((array) => labelsOf((array as CsrMatrix).shape[0]!)) as [Uint8Array, Uint8Array];
  const silent = { verbose: 0, threads } as const;
  const { history } = await model.fit(x, y, quiet({ seed: 4, threads, batchSize: 8, epochs: 2, validationSplit: 0.2 }));
  return [history, await model.evaluate(other, otherY, { ...silent, batchSize: 11 }),
    await model.trainOnBatch(x, y, { threads }), (await model.predict(other, { ...silent, batchSize: 9 })).toArray(),
    model.predictSync(other).toArray(), weightsOf(model)];
}

const optimizers: Record<string, () => Optimizer> = {
  'SGD': () => new SGD({ learningRate: 0.1 }),
  'SGD with weight decay': () => new SGD({ learningRate: 0.1, weightDecay: 0.01 }),
  'momentum': () => new SGD({ learningRate: 0.1, momentum: 0.9 }),
  'nesterov': () => new SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  'Adam': () => new Adam(),
  'AMSGrad with weight decay': () => new Adam({ amsgrad: true, weightDecay: 0.01 }),
};

describe('a CSR matrix that only products read', () => {
  const [x, other] = [mostlyZeros(205, 3), mostlyZeros(40, 8)];

  for (const [name, make] of Object.entries(optimizers)) {
    it(`gives the same bits as with its zeros, by ${name}`, async () => {
      for (const units of [16, 70]) {
        const expected = await resultsOf(makeModel(make(), units), x, other, 1);
        for (const threads of [1, 2, 3]) {
          assert.deepEqual(await resultsOf(makeModel(make(), units), csrOf(x), csrOf(other), threads), expected);
        }
      }
    });
  }

  it('is scaled as its zeros are', async () => {
    for (const scale of [-3, 0.1, 0]) {
      const make = (): Sequential => makeModel(new SGD({ learningRate: 0.1 }), 16, new Rescaling(scale));
      assert.deepEqual(await resultsOf(make(), csrOf(x), csrOf(other), 2), await resultsOf(make(), x, other, 2));
    }
  });

  it('rejects where its rows have been changed and point outside', async () => {
    const matrix = csrOf(x);
    const model = makeModel(new SGD(), 16);
    const spoil = { onEpochEnd: () => { matrix.indptr[100] = matrix.indptr[205]!; } };
    await assert.rejects(model.fit(matrix, labelsOf(205), quiet({ epochs: 2, shuffle: false, callbacks: [spoil] })), {
      name: 'TypeError', message: '`x` was changed while the model was reading it: row 100 points outside the matrix',
    });
  });

  it('of a million columns is trained, evaluated and predicted from in the memory of its weights', async function () {
    this.timeout(60_000);
    const [rows, columns, units, batchSize] = [2048, 1_000_000, 64, 1024];
    const matrix = bagsOfWords(rows, columns, 100);
    const y = Uint8Array.from({ length: rows }, (_, i) => i % 2);
    setRandomSeed(2);
    const model = new Sequential([
      new Dense(units, { activation: 'relu', kernelInitializer: 'zeros', biasInitializer: 'ones' }),
      new Dense(1, { activation: 'sigmoid' }),
    ]);
    model.compile({ optimizer: new SGD({ learningRate: 0.05 }), loss: 'binary_crossentropy' });
    model.build([null, columns]);
    const watch = watchMemory();
    const { history } = await model.fit(matrix, y, quiet({ batchSize, epochs: 4 }));
    const options = { batchSize, verbose: 0 } as const;
    const { loss } = await model.evaluate(matrix, y, options);
    const predicted = await model.predict(matrix, options);
    const grown = watch();
    assert.ok(loss! < history['loss']![0]!, `${history['loss']}, then ${loss}`);
    assert.equal(predicted.data.length, rows);
    // 64 million weights take 256 MB, their gradients and a snapshot for predict as much; a dense batch takes 4 GB.
    assert.ok(grown < 1.5e9, `grew by ${grown / 1e6} MB`);
  });
});

/** So many ones in each row, in columns that ascend. */
function bagsOfWords(rows: number, columns: number, each: number): CsrMatrix {
  const next = numbers(5);
  const indices = new Int32Array(rows * each);
  for (let row = 0; row < rows; row++) {
    const words = new Set<number>();
    while (words.size < each) words.add(Math.floor(next() * columns));
    indices.set(Int32Array.from(words).sort(), row * each);
  }
  const indptr = Int32Array.from({ length: rows + 1 }, (_, row) => each * row);
  return { indptr, indices, values: new Float32Array(rows * each).fill(1), shape: [rows, columns] };
}

/** How far the process has grown at most, until the function that is returned is called. */
function watchMemory(): () => number {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage.rss()); }, 5);
  return () => {
    clearInterval(timer);
    return Math.max(most, process.memoryUsage.rss()) - before;
  };
}
