/** A file from the first of several mirrors that has the right one. */
import { setTimeout } from 'node:timers/promises';
import { DownloadBar } from './download-bar.js';
import { download, PermanentError, type DownloadLimits } from './download.js';

/** How often every mirror is asked, unless it answered for good. */
const rounds = 2;

/** Downloads `name` from the mirrors in turn until `accept` takes what came; returns what that made of it. */
export async function fetchFrom<T>(mirrors: readonly string[], name: string, limits: DownloadLimits,
                                   accept: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  const failures: string[] = [];
  let remaining = [...mirrors];
  for (let round = 0; round < rounds && remaining.length > 0; round++) {
    if (round > 0) await setTimeout(limits.pause);
    const again: string[] = [];
    for (const mirror of remaining) {
      const url = mirror + name;
      try {
        return await accept(await downloadWithBar(url, name, limits));
      } catch (error) {
        failures.push(`  ${url}: ${reasonOf(error)}`);
        if (!(error instanceof PermanentError)) again.push(mirror);
      }
    }
    remaining = again;
  }
  throw new Error(`no mirror has a usable ${name}:\n${[...new Set(failures)].join('\n')}`);
}

async function downloadWithBar(url: string, name: string, limits: DownloadLimits): Promise<Uint8Array> {
  const bar = new DownloadBar(name);
  try {
    return await download(url, limits, bar.update);
  } finally {
    bar.clear();
  }
}

/** Errors of a connection tried at several addresses have no message of their own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
