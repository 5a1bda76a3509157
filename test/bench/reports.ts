/** Results as the bench suite writes them, with figures made up for tests. */
import { figureOf, format, rowOf, type Figure, type Report, type Row, type Rounds } from '../../bench/result.js';
import type { Measurement } from '../../bench/suite.js';

const cpu = { isas: ['scalar', 'avx2'], isa: 'avx2', cores: 2, threads: 2, l1d: 1 << 15, l2: 1 << 20, l3: 1 << 25,
  brand: 'a <made up> CPU' };

/** 100 GFLOP/s, 200 GB/s of L1, 100 of L2, 50 of L3, 10 of memory. */
export const machine: Record<string, Figure> = {
  'fma avx2 1': figureOf([[100e9, 98e9], [99e9]]),
  'read L1 1': figureOf([[200e9]]), 'read L2 1': figureOf([[100e9]]), 'read L3 1': figureOf([[50e9]]),
  'read memory 1': figureOf([[10e9]]),
};

export function row(measured: Omit<Measurement, 'samples'>, rounds: Rounds, contender = 'avx2, 1 thread'): Row {
  const native = { name: contender, machine: { isa: 'avx2', threads: 1 }, measure: () => Promise.resolve([]) };
  return rowOf(native, { ...measured, samples: [] }, rounds, machine, cpu);
}

export function report(rows: Row[], more: Partial<Report> = {}): Report {
  return { format, suite: 'gemm', settings: {}, date: '2026-11-26T12:00:00.000Z', commit: 'abc1234', node: 'v20.19.0',
    cpu, machine, rows, ...more };
}
