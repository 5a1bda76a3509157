import { readFile } from 'node:fs/promises';
import { checkOptions, typeError } from '../errors.js';
import type { NdArray } from '../nd-array.js';
import { gunzipIdx, isGzip } from './gzip.js';
import { parseIdx } from './idx.js';

/** Paths of the two files of a labelled set. */
export interface IdxPair {
  images: string;
  labels: string;
}

/**
 * Reads IDX files of one's own, plain or gzipped: one array, or images and their labels.
 * All element types of the format are known: uint8, int8, int16, int32, float32, float64.
 * Rejects with an Error that names the file when it cannot be read or is not intact.
 */
export async function loadIdx(path: string): Promise<NdArray>;
export async function loadIdx(pair: IdxPair): Promise<[NdArray, NdArray]>;
export async function loadIdx(source: string | IdxPair): Promise<NdArray | [NdArray, NdArray]> {
  if (typeof source === 'string') return loadFile(source);
  if (source === null || typeof source !== 'object') throw typeError('path', 'a path or { images, labels }', source);
  checkOptions('loadIdx', source, ['images', 'labels']);
  const { images, labels } = source;
  if (typeof images !== 'string') throw typeError('images', 'a path', images);
  if (typeof labels !== 'string') throw typeError('labels', 'a path', labels);
  const pair: [NdArray, NdArray] = [await loadFile(images), await loadFile(labels)];
  if (pair[0].shape[0] === pair[1].shape[0]) return pair;
  throw new Error(`${images} and ${labels} must belong together, found ${pair[0].shape[0]} images and ` +
    `${pair[1].shape[0]} labels`);
}

async function loadFile(path: string): Promise<NdArray> {
  const bytes = await readFile(path);
  return parseIdx(path, isGzip(bytes) ? await gunzipIdx(path, bytes) : bytes);
}
