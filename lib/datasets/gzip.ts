/** Unpacking of gzipped IDX files that never takes more memory than their header announces. */
import { createGunzip } from 'node:zlib';
import { readHeader } from './idx.js';

/** DEFLATE makes at most 1032 bytes of one. */
const largestRatio = 1032;

/** Whether the bytes start as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The IDX file inside a gzip file. Throws when either is cut off, longer than it says, or damaged. */
export async function gunzipIdx(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const content = new IdxContent(name, bytes.length * largestRatio);
  gunzip.end(bytes);
  try {
    for await (const chunk of gunzip) content.append(chunk as Buffer);
  } catch (error) {
    if (error instanceof IdxError) throw error;
    throw new Error(`${name} is no intact gzip file: ${(error as Error).message}`, { cause: error });
  }
  if (gunzip.bytesWritten !== bytes.length) {
    throw new Error(`${name} has ${bytes.length - gunzip.bytesWritten} bytes after the end of its gzip data`);
  }
  return content.finish();
}

class IdxError extends Error {}

/** Gathers an IDX file of which chunks come; allocates once, when the header has told the size. */
class IdxContent {
  readonly #name: string;
  readonly #limit: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  #complete = false;

  /** @param limit No file can be larger than this. */
  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  append(chunk: Uint8Array): void {
    if (!this.#complete) {
      const start = Buffer.concat([this.#bytes.subarray(0, this.#length), chunk]);
      this.#bytes = this.#allocate(start) ?? new Uint8Array(start.length);
      this.#length = 0;
      chunk = start;
    }
    if (this.#length + chunk.length > this.#bytes.length) {
      throw new IdxError(`${this.#name} must hold ${this.#bytes.length} bytes as its header says, it holds more`);
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #allocate(start: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const header = this.#header(start);
    if (header === undefined) return undefined;
    this.#complete = true;
    if (header.end > this.#limit) {
      throw new IdxError(`${this.#name} is cut off: its header announces ${header.end} bytes, more than a file of its ` +
        'size can hold');
    }
    return new Uint8Array(header.end);
  }

  #header(start: Uint8Array): { end: number } | undefined {
    try {
      return readHeader(this.#name, start);
    } catch (error) {
      throw new IdxError((error as Error).message);
    }
  }
}
