/** A model and data that train for as long as a scene likes. */
import {
  Dense, Sequential, setRandomSeed, type CallbackHooks, type CsrMatrix, type FitOptions, type History, type InputData,
} from '../../lib/index.js';

const features = 32;
export const rows = 4096;

export function makeClassifier(): Sequential {
  setRandomSeed(7);
  const model = new Sequential([
    new Dense(64, { activation: 'relu', inputShape: [features] }),
    new Dense(4, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

/** Rows of bytes, and the label that their sum gives. */
export function makeData(): { x: Uint8Array; y: Int32Array } {
  const x = Uint8Array.from({ length: rows * features }, (_, i) => (i * 2_654_435_761) >>> 24);
  const y = Int32Array.from({ length: rows }, (_, row) => {
    return x.subarray(row * features, (row + 1) * features).reduce((sum, value) => sum + value, 0) % 4;
  });
  return { x, y };
}

interface CsrArrays extends CsrMatrix {
  indptr: Int32Array;
  indices: Int32Array;
  values: Float32Array;
}

/** The same rows in CSR form, without the bytes below 128. */
export function makeCsrData(): { x: CsrArrays; y: Int32Array } {
  const { x, y } = makeData();
  const [indptr, indices, values]: [number[], number[], number[]] = [[0], [], []];
  x.forEach((value, i) => {
    if (value >= 128) indices.push(i % features), values.push(value / 255);
    if ((i + 1) % features === 0) indptr.push(indices.length);
  });
  const matrix = {
    indptr: Int32Array.from(indptr), indices: Int32Array.from(indices), values: Float32Array.from(values),
    shape: [rows, features],
  };
  return { x: matrix, y };
}

export const quiet = { verbose: 0, batchSize: 32 } as const;

export function endlessFit(options: FitOptions = {}, model = makeClassifier(),
                           { x, y }: { x: InputData; y: Int32Array } = makeData()): Promise<History> {
  return model.fit(x, y, { ...quiet, epochs: 1_000_000, ...options });
}

/** A callback, and a promise of the end of the first epoch it sees: from then on steps have been made. */
export function firstEpoch(): { callback: CallbackHooks; ended: Promise<void> } {
  let end: () => void;
  const ended = new Promise<void>((resolve) => { end = resolve; });
  return { callback: { onEpochEnd: () => end() }, ended };
}
