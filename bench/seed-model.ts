/** The model all figures are quoted for: 784-128-128-10 on MNIST, and its FLOPs. */
import { Dense, Sequential, SGD, mnist, toCategorical, type NdArray } from '../lib/index.js';

export const sizes = [784, 128, 128, 10] as const;

/** Multiplications and additions of one sample: a product forward and two backward, but no gradient of the pixels. */
const products = sizes.slice(1).map((units, l) => 2 * units * sizes[l]!);
export const inferenceFlops = products.reduce((sum, flops) => sum + flops);
export const trainingFlops = 3 * inferenceFlops - products[0]!;

export const hyper = { learningRate: 0.01, decay: 1e-6, momentum: 0.9 };

export function seedModel(): Sequential {
  const model = new Sequential();
  model.add(new Dense(128, { activation: 'relu', inputShape: [784] }));
  model.add(new Dense(128, { activation: 'relu' }));
  model.add(new Dense(10, { activation: 'softmax' }));
  model.compile({
    optimizer: new SGD({ lr: hyper.learningRate, decay: hyper.decay, momentum: hyper.momentum, nesterov: true }),
    loss: 'categorical_crossentropy', metrics: ['accuracy'],
  });
  return model;
}

/** The training set as the seed program prepares it (f32 pixels, one-hot labels), and the labels themselves. */
export async function trainingSet(): Promise<{ x: NdArray; y: NdArray; labels: Uint8Array }> {
  const [[images, labels]] = await mnist.loadData();
  return { x: images.reshape([-1, 784]).divide(255), y: toCategorical(labels, 10), labels: labels.data as Uint8Array };
}
