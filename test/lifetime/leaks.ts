import { setImmediate, setTimeout } from 'node:timers/promises';
import { native } from '../../lib/native.js';

/** Collects garbage, finalizers included. */
export async function collect(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    (globalThis as { gc?: () => void }).gc!();
    await setImmediate();
  }
}

/**
 * The core's counters once everything unreachable is gone. A job's thread lets go of it a moment after its promise is
 * settled, so zeros are waited for.
 */
export async function countersAfterGc(): Promise<ReturnType<ReturnType<typeof native>['counters']>> {
  for (let round = 0; round < 100; round++) {
    await collect();
    if (Object.values(native().counters()).every((count) => count === 0)) break;
    await setTimeout(10);
  }
  return native().counters();
}
