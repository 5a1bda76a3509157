/**
 * The IDX format of MNIST and its relatives: two zero bytes, a type, the number of axes, their sizes as big-endian
 * 32-bit integers, then the elements in row-major order, big-endian.
 */
import { endianness } from 'node:os';
import { NdArray } from '../nd-array.js';
import { showShape, sizeOf, type TypedArray } from '../data/typed-array.js';

type ElementArray = { new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
  BYTES_PER_ELEMENT: number };

const elementTypes = new Map<number, ElementArray>([
  [0x08, Uint8Array], [0x09, Int8Array], [0x0b, Int16Array], [0x0c, Int32Array], [0x0d, Float32Array],
  [0x0e, Float64Array],
]);

interface IdxHeader {
  elements: ElementArray;
  shape: number[];
  /** Where the elements start, and where the file ends. */
  begin: number;
  end: number;
}

/** The header of an IDX file, or undefined when `bytes` is too short to hold it. Throws when it is no IDX file. */
export function readHeader(name: string, bytes: Uint8Array): IdxHeader | undefined {
  if (bytes.length < 4) return undefined;
  const elements = elementTypes.get(bytes[2]!);
  if (bytes[0] !== 0 || bytes[1] !== 0 || elements === undefined) {
    const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
    throw new Error(`${name} is no IDX file: it starts with 0x${magic}, expected 0x0000, a type of element ` +
      '(08, 09, 0b, 0c, 0d or 0e) and the number of axes');
  }
  const rank = bytes[3]!;
  if (rank === 0) throw new Error(`${name} is no IDX file: it has no axes`);
  const begin = 4 + 4 * rank;
  if (bytes.length < begin) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { elements, shape, begin, end: begin + sizeOf(shape) * elements.BYTES_PER_ELEMENT };
}

/**
 * The array in an (uncompressed) IDX file. Bytes stay where they are; wider elements are turned to this machine's
 * byte order in a copy.
 * @param name What to call the file in errors.
 */
export function parseIdx(name: string, bytes: Uint8Array): NdArray {
  const header = readHeader(name, bytes);
  if (header === undefined) throw new Error(`${name} is no IDX file: its header is cut off at ${bytes.length} bytes`);
  const { elements, shape, begin, end } = header;
  if (bytes.length !== end) {
    throw new Error(`${name} must have ${end} bytes for shape ${showShape(shape)}, found ${bytes.length}`);
  }
  if (elements === Uint8Array) {
    return new NdArray(new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin), shape);
  }
  const copy = new Uint8Array(bytes.subarray(begin, end));
  swapFromBigEndian(copy, elements.BYTES_PER_ELEMENT);
  return new NdArray(new elements(copy.buffer, 0, sizeOf(shape)), shape);
}

function swapFromBigEndian(bytes: Uint8Array, width: number): void {
  if (width === 1 || endianness() === 'BE') return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else buffer.swap64();
}
