/** A data set of a few images, made as the real ones are, and folders to look for it in. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { IdxDataset } from '../../lib/datasets/idx-dataset.js';
import type { DownloadLimits } from '../../lib/datasets/download.js';
import type { Digest } from '../../lib/datasets/digest.js';
import { mnistRow, type DatasetRow, type Role } from '../../lib/datasets/table.js';

/** An IDX file of bytes that count up from `first`. */
export function idxBytes(shape: number[], first = 0): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  const size = shape.reduce((product, axis) => product * axis, 1);
  return Buffer.concat([header, Uint8Array.from({ length: size }, (_, i) => first + i)]);
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const contents: Record<Role, Buffer> = {
  trainImages: idxBytes([4, 3, 2]),
  trainLabels: idxBytes([4], 3),
  testImages: idxBytes([2, 3, 2], 100),
  testLabels: idxBytes([2], 5),
};
const roles = Object.keys(contents) as Role[];
const nameOf = (role: Role): string => mnistRow.files[role].name;

/** The files by their published names. */
export const plainFiles = new Map(roles.map((role) => [nameOf(role), contents[role]]));
export const gzipFiles = new Map(roles.map((role) => [`${nameOf(role)}.gz`, gzipSync(contents[role])]));

/** The first elements of the four arrays: says which files were read. */
export const firstElements = [0, 3, 100, 5];

function digests(role: Role): { name: string; gzip: Digest; plain: Digest } {
  const name = nameOf(role);
  return { name, gzip: sha256(gzipFiles.get(`${name}.gz`)!), plain: sha256(contents[role]) };
}

/**
 * A row to which two contents are right: one when it is packed as published, `idxBytes(shape, 40)`, and one when it is
 * plain, `idxBytes(shape, 80)`. Which one is loaded tells from where.
 */
export function ambiguousRow(shape: number[]): { row: DatasetRow; packed: Buffer; plain: Buffer } {
  const [packed, plain] = [gzipSync(idxBytes(shape, 40)), idxBytes(shape, 80)];
  const files = Object.fromEntries(roles.map((role) => [role, { name: nameOf(role), gzip: sha256(packed),
    plain: sha256(plain) }])) as DatasetRow['files'];
  return { row: { name: 'small', mirrors: [], package: { name: 'small-data', folder: 'data' }, files }, packed, plain };
}

export function smallRow(mirrors: string[], npmPackage?: DatasetRow['package']): DatasetRow {
  const files = Object.fromEntries(roles.map((role) => [role, digests(role)])) as DatasetRow['files'];
  return { name: 'small', mirrors, files, ...(npmPackage && { package: npmPackage }) };
}

/** Limits that a test can wait for. */
export const shortLimits: DownloadLimits = { stall: 10_000, total: 20_000, bytes: 1 << 20, pause: 1 };

export function smallSet(mirrors: string[], limits: Partial<DownloadLimits> = {}): IdxDataset {
  return new IdxDataset(smallRow(mirrors), { ...shortLimits, ...limits });
}

/** The first elements of the four arrays that are loaded. */
export async function load(set: IdxDataset, path?: string | URL): Promise<number[]> {
  const [train, test] = await set.loadData(path === undefined ? {} : { path });
  return [...train, ...test].map((array) => array.data[0]!);
}

/** A folder that goes when the scope ends; as long as it stands it is the place of the cache. */
export class CacheFolder implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'quern-datasets-'));
  readonly #before = process.env['QUERN_CACHE'];

  constructor() {
    process.env['QUERN_CACHE'] = join(this.root, 'cache');
  }

  /** The folder of the small set in the cache. */
  get folder(): string {
    return join(this.root, 'cache', 'small');
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env['QUERN_CACHE'];
    else process.env['QUERN_CACHE'] = this.#before;
    rmSync(this.root, { recursive: true, force: true });
  }
}
