/** Long conversions as generators that yield at every slice of work: one code for at once and for in between. */

/** Work that yields whenever it may be interrupted, and returns its result at the end. */
export type SlicedWork<T> = Generator<void, T, void>;

/** Elements to convert between two yields: some 0.1 ms for the slowest conversions. */
export const sliceLength = 16384;

/** Seconds of work before the event loop gets its turn. */
const turn = 0.003;

/** Runs the work to its end on the spot. */
export function finishAtOnce<T>(work: SlicedWork<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Runs the work, and gives the event loop a turn every few milliseconds. Short work is done without a turn. */
export async function finishInSlices<T>(work: SlicedWork<T>): Promise<T> {
  // Not by `performance`, for which Node loads a dozen modules.
  let start = process.uptime();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (process.uptime() - start < turn) continue;
    await new Promise<void>((resolve) => { setImmediate(resolve); });
    start = process.uptime();
  }
}
