import { checkOptions } from '../errors.js';
import type { NdArray } from '../nd-array.js';
import { toPath } from './path.js';

/** Paths of the two files of a labelled set. */
export interface IdxPair {
  images: string | URL;
  labels: string | URL;
}

/**
 * Reads IDX files of one's own, plain or gzipped: one array, or images and their labels.
 * All element types of the format are known: uint8, int8, int16, int32, float32, float64.
 * Rejects with an Error that names the file when it cannot be read or is not intact.
 */
export async function loadIdx(path: string | URL): Promise<NdArray>;
export async function loadIdx(pair: IdxPair): Promise<[NdArray, NdArray]>;
export async function loadIdx(source: string | URL | IdxPair): Promise<NdArray | [NdArray, NdArray]> {
  if (source === null || typeof source !== 'object' || source instanceof URL) {
    return loadFile(toPath('path', 'a path, a file: URL or { images, labels }', source));
  }
  checkOptions('loadIdx', source, ['images', 'labels']);
  const images = toPath('images', 'a path or a file: URL', source.images);
  const labels = toPath('labels', 'a path or a file: URL', source.labels);
  const pair: [NdArray, NdArray] = [await loadFile(images), await loadFile(labels)];
  if (pair[0].shape[0] === pair[1].shape[0]) return pair;
  throw new Error(`${images} and ${labels} must belong together, found ${pair[0].shape[0]} images and ` +
    `${pair[1].shape[0]} labels`);
}

async function loadFile(path: string): Promise<NdArray> {
  const { readIdx } = await import('./idx-files.js');
  return readIdx(path);
}
