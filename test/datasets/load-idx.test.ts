import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadIdx } from '../../lib/index.js';
import { CacheFolder, idxBytes } from './small-set.js';

const file = (name: string): string => fileURLToPath(new URL(`./files/${name}`, import.meta.url));
const images = file('images-idx3-ubyte');
const labels = file('labels-idx1-ubyte.gz');

describe('loadIdx', () => {
  it('reads one file, plain or gzipped, whatever its name', async () => {
    assert.deepEqual((await loadIdx(images)).shape, [4, 5, 6]);
    assert.deepEqual((await loadIdx(file('images-idx3-ubyte.two-members.gz'))).shape, [4, 5, 6]);
    assert.deepEqual((await loadIdx(labels)).toArray(), [7, 2, 6, 0]);
    assert.equal((await loadIdx(file('f4.idx'))).dtype, 'float32');
  });

  it('reads images and their labels', async () => {
    const [x, y] = await loadIdx({ images, labels });
    assert.deepEqual([x.shape, y.shape], [[4, 5, 6], [4]]);
  });

  it('takes URLs of files, as Node does', async () => {
    assert.deepEqual((await loadIdx(pathToFileURL(images))).shape, [4, 5, 6]);
    const [x, y] = await loadIdx({ images: pathToFileURL(images), labels: pathToFileURL(labels) });
    assert.deepEqual([x.shape, y.shape], [[4, 5, 6], [4]]);
  });

  it('refuses images and labels that are not of one number', async () => {
    using temporary = new CacheFolder();
    const five = join(temporary.root, 'five');
    writeFileSync(five, idxBytes([5]));
    await assert.rejects(loadIdx({ images, labels: five }), /images-idx3-ubyte and .*five .* 4 images and 5 labels/);
  });

  it('names the file that is not there, or not intact', async () => {
    await assert.rejects(loadIdx('/nowhere/images'), { code: 'ENOENT', message: /\/nowhere\/images/ });
    await assert.rejects(loadIdx({ images, labels: file('malformed/truncated_data.idx') }),
      /truncated_data\.idx must have/);
    await assert.rejects(loadIdx(file('index.json')), /index\.json is no IDX file/);
  });

  it('refuses what is no path, and options it does not know', async () => {
    const refuses = (value: unknown, message: RegExp): Promise<void> =>
      assert.rejects(loadIdx(value as string), { name: 'TypeError', message });
    await refuses(undefined, /`path`/);
    await refuses(null, /`path`/);
    await refuses(7, /`path`.*7/);
    await refuses(new URL('https://mirror.example/images'), /`path`.*"https:\/\/mirror\.example\/images"/);
    await refuses({ images }, /`labels` must be a path or a file: URL, received undefined/);
    await refuses({ labels }, /`images` must be a path or a file: URL, received undefined/);
    await refuses({ images, labels, label: '' }, /no option `label`.*`labels`/);
  });
});
