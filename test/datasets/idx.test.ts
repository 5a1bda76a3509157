import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { gunzipIdx, isGzip } from '../../lib/datasets/gzip.js';
import { parseIdx } from '../../lib/datasets/idx.js';
import { sizeOf } from '../../lib/data/typed-array.js';
import { gzipSync } from 'node:zlib';
import { idxBytes } from './small-set.js';

const read = (name: string): Buffer => readFileSync(new URL(`./files/${name}`, import.meta.url));

interface Entry {
  dtype: string;
  shape: number[];
  data: number[];
}

const files = Object.entries(JSON.parse(read('index.json').toString()) as Record<string, Entry>);

/** What is in a file, plain or gzipped. */
async function parse(name: string, bytes: Uint8Array) {
  return parseIdx(name, isGzip(bytes) ? await gunzipIdx(name, bytes) : bytes);
}

describe('IDX files', () => {
  for (const [name, expected] of files) {
    it(`are read: ${name}`, async () => {
      const { dtype, shape, data } = await parse(name, read(name));
      assert.deepEqual({ dtype, shape }, { dtype: expected.dtype, shape: expected.shape });
      assert.deepEqual(Array.from(data as Float64Array), expected.data.map((value) =>
        (dtype === 'float32' ? Math.fround(value) : value)));
    });
  }

  const malformed: [string, RegExp][] = [
    ['empty.idx', /^is no IDX file: its header is cut off at 0 bytes/],
    ['truncated_header.idx', /^is no IDX file: its header is cut off at 10 bytes/],
    ['many_dimensions.idx', /^is no IDX file: its header is cut off at 44 bytes/],
    ['truncated_data.idx', /^must have 34 bytes for shape \[2, 3, 3\], found 33/],
    ['trailing_data.idx', /^must have 34 bytes for shape \[2, 3, 3\], found 38/],
    ['count_too_big.idx', /^must have 38654705671 bytes for shape \[4294967295, 3, 3\], found 34/],
    ['product_overflow.idx', /shape \[65536, 65536, 65536, 65536\], found 20/],
    ['no_dimensions.idx', /^is no IDX file: it has no axes$/],
    ['wrong_magic.idx', /^is no IDX file: it starts with 0x01000803/],
    ['little_endian_magic.idx', /^is no IDX file: it starts with 0x03080000/],
    ['unknown_type.idx', /^is no IDX file: it starts with 0x00000a03/],
    ['truncated.idx.gz', /^is no intact gzip file: unexpected end of file/],
    ['wrong_crc.idx.gz', /^is no intact gzip file: incorrect data check/],
    ['wrong_length.idx.gz', /^is no intact gzip file: incorrect length check/],
    ['garbage_after.idx.gz', /^is no intact gzip file: incorrect header check/],
    ['inflates_too_far.idx.gz', /^must hold 34 bytes as its header says, it holds more/],
  ];
  for (const [name, message] of malformed) {
    it(`are refused by name: ${name}`, () =>
      assert.rejects(parse(name, read(`malformed/${name}`)), (error: Error) => {
        assert.ok(error.message.startsWith(`${name} `), error.message);
        assert.match(error.message.slice(name.length + 1), message);
        return true;
      }));
  }

  it('are refused with zeros after their gzip data', () =>
    assert.rejects(parse('padded', Buffer.concat([gzipSync(idxBytes([2, 3])), Buffer.alloc(512)])),
      /padded has \d+ bytes after the end of its gzip data/));

  it('are refused when they announce more than their gzip file can hold, before memory is taken for it', () =>
    assert.rejects(parse('small', gzipSync(read('malformed/count_too_big.idx'))),
      /small is cut off: its header announces 38654705671 bytes/));

  it('hold bytes that are not copied', () => {
    const bytes = idxBytes([2, 3]);
    const { data } = parseIdx('bytes', bytes);
    assert.equal(data.buffer, bytes.buffer);
    assert.deepEqual(Array.from(data as Uint8Array), [0, 1, 2, 3, 4, 5]);
  });

  it('leave the bytes of wider elements as they were', () => {
    const bytes = read('f8.idx');
    const before = Buffer.from(bytes);
    parseIdx('f8.idx', bytes);
    assert.deepEqual(bytes, before);
  });

  it('are read wherever they lie in their buffer', () => {
    const bytes = read('i4.idx');
    const shifted = Buffer.alloc(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    assert.deepEqual(parseIdx('shifted', shifted), parseIdx('i4.idx', bytes));
  });

  it('may be empty', () => {
    const { shape, data } = parseIdx('empty', idxBytes([0, 28, 28]));
    assert.deepEqual([shape, data.length], [[0, 28, 28], 0]);
  });

  it('are undone by writing, of any shape, plain and packed', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(shapes, async (shape) => {
      const bytes = idxBytes(shape);
      for (const form of [bytes, gzipSync(bytes)]) {
        const array = await parse('any', form);
        assert.deepEqual(array.shape, shape);
        assert.deepEqual(array.data, Uint8Array.from({ length: sizeOf(shape) }, (_, i) => i));
      }
    }), { numRuns: 50 });
  });

  it('are read or refused, whatever the bytes', async () => {
    const any = fc.uint8Array({ maxLength: 64 });
    const almost = fc.tuple(fc.constantFrom(8, 9, 11, 12, 13, 14), fc.nat(4), any)
      .map(([type, rank, rest]) => Uint8Array.of(0, 0, type, rank, ...rest));
    const packed = fc.tuple(almost, fc.nat(), fc.nat(255)).map(([bytes, position, value]) => {
      const file = gzipSync(bytes);
      file[position % file.length] = value;
      return file;
    });
    await fc.assert(fc.asyncProperty(fc.oneof(any, almost, packed), async (bytes) => {
      await parse('any', bytes).catch((error: Error) => assert.match(error.message, /^any /));
    }), { numRuns: 500 });
  });
});
