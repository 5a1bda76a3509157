/** Data sets by name, and IDX files of one's own. */
import { IdxDataset } from './idx-dataset.js';
import { fashionMnistRow, mnistRow } from './table.js';

/** Handwritten digits: 60,000 and 10,000 images of 28 x 28, ten classes. */
export const mnist = new IdxDataset(mnistRow);

/** Articles of clothing in MNIST's shape: 60,000 and 10,000 images of 28 x 28, ten classes. */
export const fashionMnist = new IdxDataset(fashionMnistRow);

export { loadIdx, type IdxPair } from './load-idx.js';
export type { DatasetSplits, IdxDataset, LoadDataOptions } from './idx-dataset.js';
