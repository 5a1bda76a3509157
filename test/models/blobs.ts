/** Small data that can be learned, and models for it. */
import assert from 'node:assert/strict';
import { Dense, NdArray, Sequential, SGD, setRandomSeed, type FitOptions } from '../../lib/index.js';
import type { CompileOptions } from '../../lib/models/compile.js';

export const classes = 3;
export const features = 5;

/** Pseudo-random numbers in [0, 1): the same in every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Blobs {
  x: NdArray<Float32Array>;
  labels: NdArray<Uint8Array>;
  oneHot: NdArray<Float32Array>;
}

/** `rows` points around one centre for each class. */
export function blobs(rows: number, seed = 1): Blobs {
  const next = numbers(seed);
  const x = new Float32Array(rows * features);
  const labels = new Uint8Array(rows);
  const oneHot = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const label = Math.floor(next() * classes);
    labels[row] = label;
    oneHot[row * classes + label] = 1;
    for (let j = 0; j < features; j++) x[row * features + j] = (j % classes === label ? 1 : 0) + next() - 0.5;
  }
  return {
    x: new NdArray(x, [rows, features]), labels: new NdArray(labels), oneHot: new NdArray(oneHot, [rows, classes]),
  };
}

/** A classifier with the same initial weights for the same seed. */
export function classifier(seed = 7, compile: Partial<CompileOptions> = {}): Sequential {
  setRandomSeed(seed);
  const model = new Sequential([
    new Dense(8, { activation: 'relu', inputShape: [features] }),
    new Dense(classes, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }), loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'], ...compile,
  });
  return model;
}

/** A classifier of which a step takes so long that a pass over some ten thousand rows, one at a time, takes seconds. */
export function slowClassifier(): Sequential {
  const model = new Sequential([
    new Dense(1024, { activation: 'relu', inputShape: [features] }), new Dense(1024, { activation: 'relu' }),
    new Dense(classes, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
  return model;
}

/** y = w x + b with chosen weights: what it does can be computed by hand. */
export function line(w: number, b: number, compile: Partial<CompileOptions> = {}): Sequential {
  const model = new Sequential([new Dense(1, { inputShape: [1] })]);
  model.setWeights([[[w]], [b]]);
  model.compile({ optimizer: new SGD({ learningRate: 0.125 }), loss: 'mse', ...compile });
  return model;
}

/** All weights as one list of numbers, to be compared bit by bit. */
export function weightsOf(model: Sequential): number[] {
  return model.getWeights().flatMap(({ data }) => [...data]);
}

/** Options that print nothing. */
export function quiet(options: FitOptions = {}): FitOptions {
  return { verbose: 0, ...options };
}

/** Waits for a fit that runs to make steps: the weights become others. */
export async function progressOf(model: Sequential): Promise<void> {
  const before = String(weightsOf(model));
  while (String(weightsOf(model)) === before) await new Promise((resume) => setTimeout(resume, 1));
}

const many = blobs(20_000);

/** A fit of a classifier that runs until it is stopped. */
export function endless(model: Sequential): { stop(): Promise<void> } {
  const controller = new AbortController();
  const running = model.fit(many.x, many.labels, quiet({ batchSize: 2, epochs: 1e9, signal: controller.signal }));
  const ended = assert.rejects(running, { name: 'AbortError' });
  return {
    stop: () => {
      controller.abort();
      return ended;
    },
  };
}
