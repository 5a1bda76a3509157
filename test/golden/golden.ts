/** Reads the golden files, and compares with them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Keras's way to name an object and what differs from its defaults. */
export interface KerasObject { class_name: string; config: Record<string, unknown> }
export type KerasIdentifier = string | KerasObject;

/** A number, or "NaN", "Infinity", "-Infinity". */
export type JsonNumber = number | string;

export interface GoldenArray { dtype: 'float32' | 'float64' | 'int32' | 'uint8'; shape: number[]; data: JsonNumber[] }

const folder = new URL('./keras/', import.meta.url);

export function readGolden<Case, File = object>(name: string): File & { cases: Case[] } {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as File & { cases: Case[] };
}

/** Little-endian float32. */
export function readBinary(name: string): Float32Array {
  const bytes = readFileSync(new URL(name, folder));
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

export function float64(values: readonly JsonNumber[]): Float64Array {
  return Float64Array.from(values, Number);
}

/** Inputs: the digits name float32 numbers, and these are exactly those. */
export function inputs(values: readonly JsonNumber[]): Float64Array {
  return Float64Array.from(values, (v) => Math.fround(Number(v)));
}

const arrayTypes = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

/** `{ data, shape }` with the typed array of its dtype. */
export function typed(array: GoldenArray): { data: Float32Array | Float64Array | Int32Array | Uint8Array;
                                            shape: number[] } {
  return { data: new arrayTypes[array.dtype](array.data.map(Number)), shape: array.shape };
}

/** |actual - expected| <= absolute + relative * |expected|; NaN equals NaN, and past float32's range lies Infinity. */
export function isNear(actual: number, expected: number, absolute: number, relative: number): boolean {
  const reachable = Number.isFinite(Math.fround(expected));
  if (!reachable) return Object.is(Math.fround(actual), Math.fround(expected));
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

export function assertNear(actual: ArrayLike<number>, expected: ArrayLike<JsonNumber>, absolute: number,
                           relative: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(isNear(actual[i]!, Number(expected[i]), absolute, relative),
      `${what}[${i}]: ${actual[i]}, Keras has ${expected[i]}, tolerance ${absolute} + ${relative} relative`);
  }
}

/**
 * One test a case. A case in `notYet` (name -> what quern lacks) must be refused, so that the list cannot outlive its
 * reason: the day the case runs, its test fails and the entry goes.
 */
export function testCases<Case>(cases: readonly Case[], nameOf: (c: Case) => string, notYet: Record<string, string>,
                                test: (c: Case) => void | Promise<void>): void {
  const names = new Set(cases.map(nameOf));
  for (const name of Object.keys(notYet)) {
    if (!names.has(name)) throw new Error(`there is no case ${name} to leave out`);
  }
  for (const c of cases) {
    const reason = notYet[nameOf(c)];
    if (reason === undefined) it(nameOf(c), () => test(c));
  }
  const left = cases.filter((c) => nameOf(c) in notYet);
  if (left.length === 0) return;
  it(`refuses the ${left.length} cases of ${cases.length} that need what does not exist yet`, async () => {
    for (const c of left) {
      await assert.rejects(async () => test(c), (error: Error) => !(error instanceof assert.AssertionError),
        `${nameOf(c)} runs: ${notYet[nameOf(c)]} exists now, so take it off the list`);
    }
  });
}
