/** quern's part, in a process of its own: `quern.ts train|infer|weights|peak`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Dense, Input, NdArray, Rescaling, Sequential, SGD } from 'quern';
import { cpu, peakFlops } from 'quern/kernels';
import { sample } from '../sample.js';
import { accuracyOf, answer, loadData, seconds } from './contender.js';
import type { Inference, Peak, Training, Work } from './work.js';

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

function makeModel({ sizes, learningRate, decay, momentum }: Work, ofBytes = false): Sequential {
  const [inputs, ...units] = sizes;
  const model = new Sequential([Input({ shape: [inputs!] }), ...(ofBytes ? [new Rescaling(1 / 255)] : [])]);
  for (const [layer, width] of units.entries()) {
    model.add(new Dense(width, { activation: layer < units.length - 1 ? 'relu' : 'softmax' }));
  }
  const optimizer = new SGD({ lr: learningRate, decay, momentum, nesterov: true });
  model.compile({ optimizer, loss: 'categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

async function train(work: Work, ofBytes = false): Promise<Training> {
  const data = await loadData(work);
  const { y, yTest } = data;
  const [x, xTest] = [data.x, data.xTest].map((pixels) => (ofBytes ? toBytes(pixels) : pixels)) as [NdArray, NdArray];
  const model = makeModel(work, ofBytes);
  const ends: number[] = [];
  const { history } = await model.fit(x, y, {
    batchSize: work.batchSize, epochs: 1 + work.epochs, verbose: 0,
    callbacks: [{ onEpochEnd() { ends.push(seconds()); } }],
  });
  const { accuracy } = await model.evaluate(xTest, yTest, { verbose: 0 });
  return {
    version, setup: ends[0]!, epochs: ends.slice(1).map((end, i) => end - ends[i]!), testAccuracy: accuracy!,
    history: history['loss']!.map((loss, i) => ({ loss, accuracy: history['accuracy']![i]! })),
  };
}

function toBytes(pixels: NdArray): NdArray {
  const bytes = new Uint8Array(pixels.size);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(255 * (pixels.data[i] as number));
  return new NdArray(bytes, pixels.shape);
}

async function infer(work: Work): Promise<Inference> {
  const { xTest, testLabels } = await loadData(work);
  const model = makeModel(work);
  model.setWeights(readWeights(work));
  const testAccuracy = accuracyOf(model.predictSync(xTest).data as Float32Array, testLabels);
  const setup = seconds();
  const batches: Record<string, number[]> = {};
  for (const rows of work.batches) {
    const input = xTest.slice(0, rows);
    const out = new Float32Array(rows * work.sizes.at(-1)!);
    batches[rows] = await sample(() => model.predictSync(input, { out }), 1);
  }
  return { version, setup, batches, testAccuracy };
}

/** Kernel, bias, kernel, bias, …, as `writeWeights` has written them. */
function readWeights({ weights, sizes }: Work): Float32Array[] {
  const { buffer, byteOffset, byteLength } = readFileSync(weights);
  const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  let begin = 0;
  const take = (count: number): Float32Array => values.subarray(begin, begin += count);
  return sizes.slice(1).flatMap((units, layer) => [take(sizes[layer]! * units), take(units)]);
}

/** A model that has learned something, so that what inference computes can be checked. */
async function writeWeights(work: Work): Promise<null> {
  const { x, y } = await loadData(work);
  const model = makeModel(work);
  await model.fit(x, y, { batchSize: work.batchSize, epochs: 1, verbose: 0 });
  const bytes = model.getWeights().map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(work.weights, Buffer.concat(bytes));
  return null;
}

/** FLOP/s of the best FMA loop on all threads. */
function peak(): Peak {
  return { cpu: cpu(), flops: Array.from({ length: 3 }, () => peakFlops({ seconds: 0.2 })) };
}

const trainBytes = (work: Work): Promise<Training> => train(work, true);

const parts = { train, trainBytes, infer, weights: writeWeights, peak } as const;
await answer(parts[process.argv[2] as keyof typeof parts]);
