/** What contenders written for Node have in common: the protocol, and the data. */
import { text } from 'node:stream/consumers';
import { mnist, toCategorical, type NdArray } from 'quern';
import type { Work } from './work.js';

/** Seconds since the process began. */
export const seconds = (): number => performance.now() / 1000;

/** Reads the work from standard input, does it and prints the result. */
export async function answer(does: (work: Work) => unknown): Promise<void> {
  const result = await does(JSON.parse(await text(process.stdin)) as Work);
  console.log(`\n${JSON.stringify(result)}`);
}

export interface Data {
  /** Pixels from 0 to 1, (rows, 784). */
  x: NdArray;
  xTest: NdArray;
  /** One-hot, (rows, 10), and as they are. */
  y: NdArray;
  yTest: NdArray;
  testLabels: Uint8Array;
}

export async function loadData({ data }: Work): Promise<Data> {
  const [[x, y], [xTest, yTest]] = await mnist.loadData({ path: data });
  const pixels = (images: NdArray): NdArray => images.reshape([-1, 784]).divide(255);
  return { x: pixels(x), y: toCategorical(y, 10), xTest: pixels(xTest), yTest: toCategorical(yTest, 10),
    testLabels: yTest.data };
}

/** Share of rows whose largest of ten probabilities is that of their label. */
export function accuracyOf(probabilities: Float32Array, labels: Uint8Array): number {
  let right = 0;
  labels.forEach((label, row) => {
    const of = probabilities.subarray(10 * row, 10 * row + 10);
    if (of.indexOf(Math.max(...of)) === label) right++;
  });
  return right / labels.length;
}
