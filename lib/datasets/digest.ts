/** Digests of files, and whether a file is the one it should be. */
import { createHash } from 'node:crypto';
import { finishInSlices, type SlicedWork } from '../data/slices.js';
import { gunzipIdx, isGzip } from './gzip.js';

/** `sha256:` or `md5:` and the digest in hexadecimal. */
export type Digest = `sha256:${string}` | `md5:${string}`;

/** What is known of a file: the digest of its gzip file as published, and of its content. */
export interface Digests {
  gzip?: Digest;
  plain?: Digest;
}

/** Bytes to digest between two looks at the clock: about a millisecond. */
const sliceBytes = 1 << 20;

/**
 * The content of a file, plain or gzipped, when it is the right one. It is when the file as it lies, or else its
 * content, has the digest known for it. Throws an error that names the file, what was expected and what was found.
 */
export async function verifiedContent(name: string, bytes: Uint8Array, digests: Digests): Promise<Uint8Array> {
  if (!isGzip(bytes)) {
    await checkDigest(name, bytes, digests.plain);
    return bytes;
  }
  const found = digests.gzip && await digestOf(digests.gzip, bytes);
  if (found !== undefined && found === digests.gzip) return gunzipIdx(name, bytes);
  if (digests.plain === undefined) throw mismatch(name, digests.gzip, found);
  const content = await gunzipIdx(name, bytes);
  await checkDigest(`the content of ${name}`, content, digests.plain);
  return content;
}

async function checkDigest(name: string, bytes: Uint8Array, expected: Digest | undefined): Promise<void> {
  if (expected === undefined) throw mismatch(name, undefined, undefined);
  const found = await digestOf(expected, bytes);
  if (found !== expected) throw mismatch(name, expected, found);
}

async function digestOf(like: Digest, bytes: Uint8Array): Promise<Digest> {
  const algorithm = like.slice(0, like.indexOf(':')) as 'sha256' | 'md5';
  return `${algorithm}:${await finishInSlices(digestInSlices(algorithm, bytes))}`;
}

function* digestInSlices(algorithm: string, bytes: Uint8Array): SlicedWork<string> {
  const hash = createHash(algorithm);
  for (let begin = 0; begin < bytes.length; begin += sliceBytes) {
    hash.update(bytes.subarray(begin, begin + sliceBytes));
    yield;
  }
  return hash.digest('hex');
}

function mismatch(name: string, expected: Digest | undefined, found: Digest | undefined): Error {
  if (expected === undefined) {
    return new Error(`${name} cannot be checked: only the digest of the gzip file is known, so keep it as it was published`);
  }
  return new Error(`${name} is not the right file: expected ${expected}, found ${found}`);
}
