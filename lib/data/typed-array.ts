/** The typed arrays quern reads, and what their names are. */

export type TypedArray =
  | Float32Array | Float64Array | Uint8Array | Uint8ClampedArray | Int8Array | Uint16Array | Int16Array
  | Uint32Array | Int32Array | BigInt64Array | BigUint64Array;

/** Types of elements, by Keras's names. Booleans are kept as `uint8`. */
export type DTypeName =
  | 'float32' | 'float64' | 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'int64' | 'uint64';

const names: Record<string, DTypeName> = {
  Float32Array: 'float32', Float64Array: 'float64', Uint8Array: 'uint8', Uint8ClampedArray: 'uint8',
  Int8Array: 'int8', Uint16Array: 'uint16', Int16Array: 'int16', Uint32Array: 'uint32', Int32Array: 'int32',
  BigInt64Array: 'int64', BigUint64Array: 'uint64',
};

const constructors = {
  float32: Float32Array, float64: Float64Array, uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array,
  int16: Int16Array, uint32: Uint32Array, int32: Int32Array, int64: BigInt64Array, uint64: BigUint64Array,
} as const;

/** A new array of `length` zeros. */
export function arrayOf(dtype: DTypeName, length: number): TypedArray {
  return new constructors[dtype](length);
}

/** `%TypedArray%.prototype[Symbol.toStringTag]`: the kind of array it really is, also for Buffers and other realms. */
const kindOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)!.get as (this: unknown) => string | undefined;

/** Whether `value` is a typed array of a type that quern reads (so not a DataView, not a Float16Array). */
export function isTypedArray(value: unknown): value is TypedArray {
  const kind = kindOf.call(value);
  return kind !== undefined && kind in names;
}

/** The name of the array's element type. */
export function dtypeOf(data: TypedArray): DTypeName {
  return names[kindOf.call(data)!]!;
}

/** Whether the array's elements are bigints. */
export function isBigArray(data: TypedArray): data is BigInt64Array | BigUint64Array {
  const dtype = dtypeOf(data);
  return dtype === 'int64' || dtype === 'uint64';
}

/** Whether the memory below `data` was transferred away: nothing of it can be read any more. */
export function isDetached(data: TypedArray): boolean {
  if (data.byteLength > 0) return false;
  try {
    new Uint8Array(data.buffer);
    return false;
  } catch {
    return true;
  }
}

/** Whether the memory below `data` shrank below its end: it reads as empty then, and its methods throw. */
export function isOutOfBounds(data: TypedArray): boolean {
  if (data.byteLength > 0) return false;
  try {
    data.at(0);
    return false;
  } catch {
    return true;
  }
}

/** Whether the memory below `data` may change its size, so that it cannot be read in place. */
export function isResizable(data: TypedArray): boolean {
  const buffer = data.buffer as { resizable?: boolean; growable?: boolean };
  return buffer.resizable === true || buffer.growable === true;
}

/** Product of the sizes: the number of elements of an array of that shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A shape as sentences show it. */
export function showShape(shape: readonly (number | string | null)[]): string {
  return `[${shape.map((size) => size ?? 'rows').join(', ')}]`;
}
