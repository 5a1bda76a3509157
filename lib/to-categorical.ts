import { checkInteger } from './errors.js';
import type { ArrayInput } from './data/array-input.js';
import { readLabels } from './data/labels.js';
import { finishAtOnce } from './data/slices.js';
import { describeSource } from './data/source.js';
import { NdArray } from './nd-array.js';

/**
 * One-hot rows for integer labels, as Keras's `to_categorical`: labels of shape [n] (or [n, 1]) become float32 of
 * shape [n, numClasses] with a 1 in the label's place; labels of more axes get one axis more.
 * @param y Integers >= 0 of any type, floats with integer values among them.
 * @param numClasses Default: the largest label plus one.
 * @throws RangeError that names the row of a label that is no integer from 0 to numClasses - 1.
 */
export function toCategorical(y: ArrayInput, numClasses?: number): NdArray<Float32Array> {
  if (numClasses !== undefined) checkInteger('numClasses', numClasses, 1);
  const source = describeSource('y', y);
  const labels = finishAtOnce(readLabels('y', source, numClasses));
  const shape = source.shape ?? [labels.length];
  const axes = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  const classes = numClasses ?? largest(labels) + 1;
  const out = zeros(labels.length, classes);
  for (let i = 0; i < labels.length; i++) out[i * classes + labels[i]!] = 1;
  return new NdArray(out, [...axes, classes]);
}

function zeros(labels: number, classes: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(labels * classes);
  } catch (cause) {
    throw new RangeError(`\`y\` must fit into memory as one-hot rows, received ${labels} labels of ${classes} ` +
      "classes; the loss 'sparse_categorical_crossentropy' takes labels as they are", { cause });
  }
}

function largest(labels: ArrayLike<number>): number {
  let result = -1;
  for (let i = 0; i < labels.length; i++) result = Math.max(result, labels[i]!);
  return result;
}
