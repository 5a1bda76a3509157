/** What a person typed is checked in TypeScript; every message names the argument, what was expected and what came. */
import { nearest } from './nearest.js';

/** Thrown when something that changes a model is called while a fit runs on it. */
export class ModelBusyError extends Error {
  override name = 'ModelBusyError';
}

/** A value as an error sentence shows it: short, with its type where that is the point. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value);
  if (Array.isArray(value)) return value.length > 8 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`;
  if (ArrayBuffer.isView(value)) {
    // A DataView has no length.
    return `a ${value.constructor.name} of ${(value as Partial<Uint8Array>).length ?? value.byteLength}`;
  }
  const shape = (value as { shape?: unknown }).shape;
  const name = value.constructor?.name ?? 'object';
  if (Array.isArray(shape)) return `a ${name} of shape [${shape.join(', ')}]`;
  return name === 'Object' ? `an object with ${Object.keys(value).slice(0, 6).join(', ') || 'no keys'}` : `a ${name}`;
}

export function typeError(argument: string, expected: string, received: unknown): TypeError {
  return new TypeError(`\`${argument}\` must be ${expected}, received ${show(received)}`);
}

export function rangeError(argument: string, expected: string, received: unknown): RangeError {
  return new RangeError(`\`${argument}\` must be ${expected}, received ${show(received)}`);
}

/** TypeError when it is no number, RangeError when it is no integer in [min, max]. */
export function checkInteger(argument: string, value: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const expected = max !== Number.MAX_SAFE_INTEGER ? `an integer from ${min} to ${max}`
    : min === 1 ? 'a positive integer' : min === Number.MIN_SAFE_INTEGER ? 'an integer' : `an integer >= ${min}`;
  if (typeof value !== 'number') throw typeError(argument, expected, value);
  if (!Number.isInteger(value) || value < min || value > max) throw rangeError(argument, expected, value);
  return value;
}

/** TypeError when it is no number, RangeError when it is not finite or outside [min, max]. */
export function checkNumber(argument: string, value: unknown, min = -Infinity, max = Infinity): number {
  const range = min === -Infinity && max === Infinity ? '' : max === Infinity ? ` >= ${min}` : ` from ${min} to ${max}`;
  if (typeof value !== 'number') throw typeError(argument, `a number${range}`, value);
  if (!Number.isFinite(value) || value < min || value > max) throw rangeError(argument, `a finite number${range}`, value);
  return value;
}

export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw typeError(argument, 'true or false', value);
  return value;
}

/** An unknown string, with the nearest known ones. */
export function unknownName(argument: string, name: string, known: readonly string[]): TypeError {
  const near = nearest(name, known);
  const hint = near.length ? `; did you mean ${near.map(show).join(' or ')}?` : '.';
  return new TypeError(`\`${argument}\` is unknown: ${show(name)}${hint} Known: ${known.join(', ')}`);
}

/** Throws when an options object holds a key that is neither known nor (with its own sentence) not supported yet. */
export function checkOptions(where: string, options: object, known: readonly string[],
                             notYet: readonly string[] = []): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw typeError('options', `an object of options for ${where}`, options);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    if (notYet.includes(key)) throw new TypeError(`${where} does not support the option \`${key}\` yet`);
    const near = nearest(key, known);
    const hint = near.length ? `; did you mean ${near.map((name) => `\`${name}\``).join(' or ')}?` : '.';
    throw new TypeError(`${where} has no option \`${key}\`${hint} Known: ${known.join(', ')}`);
  }
}
