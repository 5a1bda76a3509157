/** CSR rows as scipy's `sum_duplicates` leaves them: columns in ascending order, none twice. */
import { checkIntact } from './intact.js';
import type { FixedCsr } from './csr.js';
import { sliceLength, type SlicedWork } from './slices.js';

/**
 * A copy in which the columns of each row ascend. Values of the same column are added up in the order in which they
 * stand, and rounded once.
 */
export function* canonicalRows(argument: string, csr: FixedCsr): SlicedWork<FixedCsr> {
  const most = csr.indptr.at(-1)! - csr.indptr[0]!;
  const copy: FixedCsr = {
    ...csr, indptr: new Uint32Array(csr.rows + 1), indices: new Uint32Array(most), values: new Float32Array(most),
  };
  let untilYield = sliceLength;
  for (let row = 0; row < csr.rows; row++) {
    const order = sortedByColumn(csr.indices, csr.indptr[row]!, csr.indptr[row + 1]!);
    copy.indptr[row + 1] = append(csr, order, copy, copy.indptr[row]!);
    untilYield -= order.length + 1;
    if (untilYield > 0) continue;
    yield;
    checkIntact(argument, csr);
    untilYield = sliceLength;
  }
  const length = copy.indptr.at(-1)!;
  return { ...copy, length, indices: copy.indices.subarray(0, length), values: copy.values.subarray(0, length) };
}

/** Positions begin to end - 1, by column; those of one column as they stand. */
function sortedByColumn(indices: Uint32Array, begin: number, end: number): Uint32Array {
  const order = new Uint32Array(end - begin);
  for (let i = 0; i < order.length; i++) order[i] = begin + i;
  return order.sort((a, b) => indices[a]! - indices[b]! || a - b);
}

/** Writes a row from position `at` on, and returns where it ends. */
function append(from: FixedCsr, order: Uint32Array, to: FixedCsr, at: number): number {
  for (let i = 0; i < order.length;) {
    const column = from.indices[order[i]!]!;
    let sum = from.values[order[i++]!]!;
    while (i < order.length && from.indices[order[i]!] === column) sum += from.values[order[i++]!]!;
    to.indices[at] = column;
    to.values[at++] = sum;
  }
  return at;
}
