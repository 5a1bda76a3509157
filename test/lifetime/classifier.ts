/** A model and data that train for as long as a scene likes. */
import { Dense, Sequential, setRandomSeed, type CallbackHooks, type FitOptions, type History } from '../../lib/index.js';

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

export const quiet = { verbose: 0, batchSize: 32 } as const;

export function endlessFit(options: FitOptions = {}, model = makeClassifier(), { x, y } = makeData()): Promise<History> {
  return model.fit(x, y, { ...quiet, epochs: 1_000_000, ...options });
}

/** A callback, and a promise of the end of the first epoch it sees: from then on steps have been made. */
export function firstEpoch(): { callback: CallbackHooks; ended: Promise<void> } {
  let end: () => void;
  const ended = new Promise<void>((resolve) => { end = resolve; });
  return { callback: { onEpochEnd: () => end() }, ended };
}
