import { fileURLToPath } from 'node:url';
import { typeError } from '../errors.js';

/** The path of a file or folder that may be given as Node's own functions take it: a path or a `file:` URL. */
export function toPath(argument: string, expected: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value);
  throw typeError(argument, expected, value instanceof URL ? value.href : value);
}
