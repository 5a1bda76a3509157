/**
 * IDX files and where those of a data set are found: a folder that was given, the cache, an npm package, a mirror.
 * Loaded when the first one is read, since it takes files, digests, zlib and HTTP.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NdArray } from '../nd-array.js';
import { cacheFolder, keep } from './cache.js';
import { verifiedContent } from './digest.js';
import type { DownloadLimits } from './download.js';
import { gunzipIdx, isGzip } from './gzip.js';
import { parseIdx } from './idx.js';
import { fetchFrom } from './mirrors.js';
import type { DatasetRow, Role } from './table.js';

type IdxFile = DatasetRow['files'][Role];

/** The array in a file, plain or gzipped. Rejects with an Error that names the file. */
export async function readIdx(path: string): Promise<NdArray> {
  const bytes = await readFile(path);
  return parseIdx(path, isGzip(bytes) ? await gunzipIdx(path, bytes) : bytes);
}

/** The array of one file of a data set; `IdxDataset.loadData` says where it is looked for. */
export async function loadFileOf(row: DatasetRow, role: Role, path: string | undefined,
                               limits: DownloadLimits): Promise<NdArray<Uint8Array>> {
  const file = row.files[role];
  const cache = join(cacheFolder(), row.name);
  const content = (path === undefined ? undefined : await findIn(path, file))
    ?? await findIntact(cache, file)
    ?? (row.package && await findInPackage(row.package, file))
    ?? await downloadInto(cache, row, file, limits);
  return parseIdx(file.name, content) as NdArray<Uint8Array>;
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

/** The file from an npm package that the working folder or quern itself sees. */
async function findInPackage(source: { name: string; folder: string }, file: IdxFile): Promise<Uint8Array | undefined> {
  for (const originOf of [() => join(process.cwd(), 'package.json'), () => import.meta.url]) {
    const folder = packageFolder(source.name, originOf);
    const content = folder === undefined ? undefined : await findIntact(join(folder, source.folder), file);
    if (content !== undefined) return content;
  }
  return undefined;
}

/** The folder of an npm package as seen from a file; none when there is no package, or no working folder any more. */
function packageFolder(name: string, originOf: () => string): string | undefined {
  try {
    return dirname(createRequire(originOf()).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

async function downloadInto(cache: string, row: DatasetRow, file: IdxFile,
                            limits: DownloadLimits): Promise<Uint8Array> {
  const name = `${file.name}.gz`;
  const accept = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const content = await verifiedContent(name, bytes, file);
    await keep(cache, name, bytes).catch((error: Error) => {
      process.emitWarning(`quern could not keep ${name} in ${cache}: ${error.message}`);
    });
    return content;
  };
  try {
    return await fetchFrom(row.mirrors, name, limits, accept);
  } catch (error) {
    throw new Error(`${row.name}: ${(error as Error).message}\n` +
      `Put the file into ${cache}, or pass \`path\`, a folder that has it.`, { cause: error });
  }
}
