import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os, { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheFolder, keep } from '../../lib/datasets/cache.js';
import { CacheFolder } from './small-set.js';

/** Runs with another function in the place of one of Node's. */
async function replacing<M, K extends keyof M>(module: M, name: K, stand: M[K], run: () => unknown): Promise<void> {
  const before = module[name];
  module[name] = stand;
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    module[name] = before;
    syncBuiltinESMExports();
  }
}

const refusal = (code: string) => () => { throw Object.assign(new Error(code), { code }); };

describe('the cache', () => {
  it('is QUERN_CACHE, or the platform\'s folder for caches + /quern', () => {
    assert.equal(cacheFolder({ QUERN_CACHE: '/data/sets' }, 'linux'), resolve('/data/sets'));
    assert.equal(cacheFolder({ QUERN_CACHE: 'sets' }, 'linux'), resolve('sets'));
    assert.equal(cacheFolder({}, 'linux'), join(homedir(), '.cache', 'quern'));
    assert.equal(cacheFolder({ QUERN_CACHE: '', XDG_CACHE_HOME: '' }, 'linux'), join(homedir(), '.cache', 'quern'));
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/xdg' }, 'linux'), join('/xdg', 'quern'));
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/xdg' }, 'darwin'), join(homedir(), 'Library', 'Caches', 'quern'));
    assert.equal(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32'), join('/local', 'quern'));
    assert.equal(cacheFolder({}, 'win32'), join(homedir(), 'AppData', 'Local', 'quern'));
  });

  it('takes no relative XDG_CACHE_HOME, as its specification says', () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: 'xdg' }, 'linux'), join(homedir(), '.cache', 'quern'));
  });

  it('is among temporary files for a user who has no home', () =>
    replacing(os, 'homedir', refusal('ENOENT'), () => {
      for (const platform of ['linux', 'darwin', 'win32'] as const) {
        assert.equal(cacheFolder({}, platform), join(tmpdir(), 'quern'));
      }
      assert.equal(cacheFolder({ XDG_CACHE_HOME: '/xdg' }, 'linux'), join('/xdg', 'quern'));
    }));

  it('makes its folder, and keeps a file under its name alone', async () => {
    using cache = new CacheFolder();
    await keep(cache.folder, 'file', Buffer.from('content'));
    assert.deepEqual(readdirSync(cache.folder), ['file']);
    assert.equal(readFileSync(join(cache.folder, 'file'), 'utf8'), 'content');
  });

  it('replaces a file as a whole', async () => {
    using cache = new CacheFolder();
    await keep(cache.folder, 'file', Buffer.alloc(1 << 20, 'a'));
    await keep(cache.folder, 'file', Buffer.from('short'));
    assert.equal(readFileSync(join(cache.folder, 'file'), 'utf8'), 'short');
  });

  it('has one whole file when many keep it at once', async () => {
    using cache = new CacheFolder();
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc((1 << 18) + i, String(i)));
    await Promise.all(bodies.map((body) => keep(cache.folder, 'file', body)));
    assert.deepEqual(readdirSync(cache.folder), ['file']);
    const kept = readFileSync(join(cache.folder, 'file'));
    assert.ok(bodies.some((body) => body.equals(kept)));
  });

  it('is content with what another process put there when it may not replace it, as on Windows', async () => {
    using cache = new CacheFolder();
    await keep(cache.folder, 'file', Buffer.from('content'));
    for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
      await replacing(promises, 'rename', refusal(code), async () => {
        await keep(cache.folder, 'file', Buffer.from('content'));
        await assert.rejects(keep(cache.folder, 'file', Buffer.from('longer content')), { code });
        await assert.rejects(keep(cache.folder, 'other', Buffer.from('content')), { code });
      });
    }
    await replacing(promises, 'rename', refusal('ENOSPC'), () =>
      assert.rejects(keep(cache.folder, 'file', Buffer.from('content')), { code: 'ENOSPC' }));
    assert.deepEqual(readdirSync(cache.folder), ['file']);
  });

  it('leaves nothing behind when it cannot keep a file', async () => {
    using cache = new CacheFolder();
    mkdirSync(join(cache.folder, 'file', 'in the way'), { recursive: true });
    await assert.rejects(keep(cache.folder, 'file', Buffer.from('content')));
    assert.deepEqual(readdirSync(cache.folder), ['file']);
    writeFileSync(join(cache.root, 'no folder'), '');
    await assert.rejects(keep(join(cache.root, 'no folder'), 'file', Buffer.from('content')));
  });
});
