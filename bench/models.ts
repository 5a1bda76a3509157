/** The models that are measured: ReLU classifiers of any sizes, of which the seed model is one, and their data. */
import { Dense, mnist, NdArray, Sequential, SGD, toCategorical } from '../lib/index.js';

/** The model all figures are quoted for: 784-128-128-10 on MNIST. */
export const seedSizes: readonly number[] = [784, 128, 128, 10];

export const hyper = { learningRate: 0.01, decay: 1e-6, momentum: 0.9 };

export function modelName(sizes: readonly number[]): string {
  return sizes.join('-');
}

/** Whether models made from here on skip zeros: where they do not, every product is computed, as others do it. */
export function skipZeros(skips: boolean): void {
  process.env['QUERN_SKIP_ZEROS'] = skips ? '1' : '0';
}

/** Dense layers with ReLU and a softmax at the end; a single output is a logistic one. */
export function classifier(sizes: readonly number[]): Sequential {
  const model = new Sequential();
  sizes.slice(1).forEach((units, l) => {
    const last = l === sizes.length - 2;
    const activation = !last ? 'relu' : units === 1 ? 'sigmoid' : 'softmax';
    model.add(new Dense(units, { activation, ...(l === 0 ? { inputShape: [sizes[0]!] } : {}) }));
  });
  model.compile({
    optimizer: new SGD({ lr: hyper.learningRate, decay: hyper.decay, momentum: hyper.momentum, nesterov: true }),
    loss: sizes.at(-1) === 1 ? 'binary_crossentropy' : 'categorical_crossentropy', metrics: ['accuracy'],
  });
  return model;
}

/** Multiplications and additions of one row's products in each layer. */
function products(sizes: readonly number[]): number[] {
  return sizes.slice(1).map((units, l) => 2 * units * sizes[l]!);
}

/** FLOPs of the products for one row: one a layer. */
export function inferenceFlops(sizes: readonly number[]): number {
  return products(sizes).reduce((sum, flops) => sum + flops, 0);
}

/** FLOPs of the products for one row of a step: three a layer, but nobody needs the gradient of the inputs. */
export function trainingFlops(sizes: readonly number[]): number {
  return 3 * inferenceFlops(sizes) - products(sizes)[0]!;
}

/** Bytes of the weights, biases included. */
export function weightBytes(sizes: readonly number[]): number {
  return 4 * sizes.slice(1).reduce((sum, units, l) => sum + units * (sizes[l]! + 1), 0);
}

export interface TrainingSet {
  x: NdArray;
  y: NdArray;
  labels: Uint8Array;
}

/** Whether a model can be trained on MNIST. */
export function takesMnist(sizes: readonly number[]): boolean {
  return sizes[0] === 784 && sizes.at(-1) === 10;
}

/** MNIST as the seed program prepares it, f32 pixels and one-hot labels, for models that take it; else noise. */
export async function trainingSet(sizes: readonly number[], rows: number): Promise<TrainingSet> {
  if (!takesMnist(sizes)) return noise(sizes, rows);
  const [[images, labels]] = await mnist.loadData();
  const x = images.reshape([-1, 784]).divide(255);
  return { x, y: toCategorical(labels, 10), labels: labels.data as Uint8Array };
}

/** `rows` of numbers from 0 to 1, next to none of which are 0, with labels that have nothing to do with them. */
export function noise(sizes: readonly number[], rows: number): TrainingSet {
  const classes = sizes.at(-1)!;
  const x = Float32Array.from({ length: rows * sizes[0]! }, () => Math.random());
  const labels = Uint8Array.from({ length: rows }, () => Math.random() * Math.min(classes === 1 ? 2 : classes, 256));
  const y = classes === 1 ? new NdArray(Float32Array.from(labels), [rows, 1]) : toCategorical(labels, classes);
  return { x: new NdArray(x, [rows, sizes[0]!]), y, labels };
}
