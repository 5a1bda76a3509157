/** Where downloaded files are kept. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** `QUERN_CACHE`, or the platform's folder for caches + /quern. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const own = environment['QUERN_CACHE'];
  if (own) return resolve(own);
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] || inHome('AppData', 'Local'), 'quern');
  if (platform === 'darwin') return join(inHome('Library', 'Caches'), 'quern');
  const xdg = environment['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : inHome('.cache'), 'quern');
}

/** A user of a container may have no home; the files are checked wherever they lie, so any folder serves. */
function inHome(...folders: string[]): string {
  try {
    return join(homedir(), ...folders);
  } catch {
    return tmpdir();
  }
}

/** Milliseconds after which nobody still writes a file: its process has died. */
const abandonedAfter = 3_600_000;

/**
 * Puts a file into the folder whole or not at all: it is written under a name of its own first, so that neither a
 * process that dies nor one that does the same at the same time leaves half a file.
 */
export async function keep(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  const target = join(folder, name);
  const temporary = `${target}.${process.pid}-${randomUUID()}.tmp`;
  try {
    await writeThrough(temporary, bytes);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    if (!await replacedMeanwhile(error, target, bytes.length)) throw error;
  }
  await removeAbandoned(folder, name);
}

/** Removes what processes that died left of the same file. Whatever goes wrong here can wait for the next time. */
async function removeAbandoned(folder: string, name: string): Promise<void> {
  const entries = await readdir(folder).catch(() => []);
  const left = entries.filter((entry) => entry.startsWith(`${name}.`) && entry.endsWith('.tmp'));
  await Promise.all(left.map(async (entry) => {
    const path = join(folder, entry);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > abandonedAfter) await rm(path);
  })).catch(() => {});
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Windows refuses to replace a file that another process reads: it has put it there at the same time as we. */
async function replacedMeanwhile(error: unknown, target: string, length: number): Promise<boolean> {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY') return false;
  return stat(target).then((found) => found.size === length, () => false);
}
