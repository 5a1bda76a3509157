import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { verifiedContent, type Digest } from '../../lib/datasets/digest.js';
import { idxBytes, sha256 } from './small-set.js';

const content = idxBytes([3, 2]);
const packed = gzipSync(content);
const packedAnew = gzipSync(content, { level: 0 });
const other = idxBytes([3, 2], 9);

const both = { gzip: sha256(packed), plain: sha256(content) };
const gzipAlone = { gzip: sha256(packed) };
const plainAlone = { plain: sha256(content) };

const accepts = async (bytes: Uint8Array, digests: { gzip?: Digest; plain?: Digest }): Promise<void> =>
  assert.deepEqual(Buffer.from(await verifiedContent('file', bytes, digests)), content);

describe('digests', () => {
  it('accept the file as published and its content', async () => {
    await accepts(packed, both);
    await accepts(content, both);
    await accepts(packed, gzipAlone);
    await accepts(content, plainAlone);
  });

  it('accept the content however it was packed', async () => {
    await accepts(packedAnew, both);
    await accepts(packed, plainAlone);
  });

  it('refuse other content, and name file, digest expected and digest found', async () => {
    const message = `file is not the right file: expected ${both.plain}, found ${sha256(other)}`;
    await assert.rejects(verifiedContent('file', other, both), { message });
    await assert.rejects(verifiedContent('file', gzipSync(other), both), { message: `the content of ${message}` });
    await assert.rejects(verifiedContent('file', packedAnew, gzipAlone),
      { message: `file is not the right file: expected ${both.gzip}, found ${sha256(packedAnew)}` });
    await assert.rejects(verifiedContent('file', new Uint8Array(0), both), /file is not the right file/);
  });

  it('refuse what cannot be checked', () =>
    assert.rejects(verifiedContent('file', content, gzipAlone), /file cannot be checked: only the digest of the gzip/));

  it('may be MD5, of files much longer than a slice of work', async () => {
    const long = idxBytes([3 << 20]);
    const plain: Digest = `md5:${createHash('md5').update(long).digest('hex')}`;
    assert.deepEqual(await verifiedContent('file', long, { plain }), long);
    long[long.length - 1]! ^= 1;
    await assert.rejects(verifiedContent('file', long, { plain }), /expected md5:/);
  });
});
