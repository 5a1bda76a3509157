import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MisbehavingServer, sendFiles, stall, type Behaviour } from './server.js';
import { CacheFolder, firstElements, gzipFiles, load, smallSet } from './small-set.js';

const child = fileURLToPath(new URL('./load-in-child.ts', import.meta.url));
const names = [...gzipFiles.keys()].sort();

function start(url: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', child, url], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function endOf(process: ChildProcess): Promise<{ code: number | null; output: string; errors: string }> {
  let [output, errors] = ['', ''];
  process.stdout!.on('data', (data) => { output += String(data); });
  process.stderr!.on('data', (data) => { errors += String(data); });
  return new Promise((resolve) => process.on('close', (code) => resolve({ code, output, errors })));
}

/** Lets all of so many requests for the first file wait until the last of them is there. */
function together(count: number, behave: Behaviour): Behaviour {
  const waiting: (() => void)[] = [];
  return (request, response) => {
    if (waiting.length === count) return behave(request, response);
    waiting.push(() => behave(request, response));
    if (waiting.length === count) waiting.forEach((answer) => answer());
  };
}

describe('a cache that several processes use', function () {
  this.timeout(120_000);

  it('has whole files after two that download at once, and both have the data', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(together(2, sendFiles(gzipFiles)));
    const ends = await Promise.all([start(server.url), start(server.url)].map(endOf));
    for (const { code, output, errors } of ends) {
      assert.equal(code, 0, errors);
      assert.deepEqual(JSON.parse(output), firstElements);
      assert.equal(errors, '');
    }
    assert.deepEqual(readdirSync(cache.folder).sort(), names);
    for (const name of names) assert.ok(gzipFiles.get(name)!.equals(readFileSync(join(cache.folder, name))));
  });

  it('has whole files after one process loads twice at once', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(together(2, sendFiles(gzipFiles)));
    const set = smallSet([server.url]);
    assert.deepEqual(await Promise.all([load(set), load(set)]), [firstElements, firstElements]);
    assert.deepEqual(readdirSync(cache.folder).sort(), names);
  });

  it('has nothing of a download whose process was killed', async () => {
    using cache = new CacheFolder();
    const running: { process?: ChildProcess } = {};
    const half = stall(Buffer.alloc(1000));
    await using server = await MisbehavingServer.start((request, response) => {
      half(request, response);
      setTimeout(() => running.process!.kill('SIGKILL'), 50);
    }, sendFiles(gzipFiles));
    running.process = start(server.url);
    assert.equal((await endOf(running.process)).code, null);
    assert.throws(() => readdirSync(cache.folder), { code: 'ENOENT' });
    assert.deepEqual(await load(smallSet([server.url])), firstElements);
  });

  it('is cleared of what a process left half written long ago, not of what one may be writing', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    mkdirSync(cache.folder, { recursive: true });
    const [old, fresh] = [`${names[0]}.17-left.tmp`, `${names[0]}.18-busy.tmp`];
    const own = ['of-the-user.tmp', `${names[0]}.bak`];
    for (const name of [old, fresh, ...own]) writeFileSync(join(cache.folder, name), 'half');
    for (const name of [old, ...own]) utimesSync(join(cache.folder, name), 1e9, 1e9);
    assert.deepEqual(await load(smallSet([server.url])), firstElements);
    assert.deepEqual(readdirSync(cache.folder).sort(), [...names, fresh, ...own].sort());
  });
});
