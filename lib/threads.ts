/** How many threads a call uses: its `threads`, else `QUERN_THREADS`, else the physical cores the process may use. */
import { checkInteger, rangeError } from './errors.js';
import { native } from './native.js';

const most = 256;
let physicalCores: number | undefined;

/**
 * The number of threads of one call. Results never depend on it.
 * Throws a RangeError when `threads` or the variable is no integer from 1 to 256.
 */
export function resolveThreads(threads?: number): number {
  if (threads !== undefined) return checkInteger('threads', threads, 1, most);
  const variable = process.env['QUERN_THREADS'];
  if (variable === undefined || variable === '') return (physicalCores ??= native().cpu().threads);
  const value = Number(variable);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw rangeError('QUERN_THREADS', `an integer from 1 to ${most}`, variable);
  }
  return value;
}
