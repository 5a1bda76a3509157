/**
 * The roofline: the least time that work can take on this machine, from its FLOPs over the peak of multiply-adds and
 * its bytes over the bandwidth of where they lie, both measured.
 */
import { native, type CpuInfo } from './native.js';

/** Where data lie: a cache of one core, the cache that cores share, or memory. */
export const levels = ['L1', 'L2', 'L3', 'memory'] as const;
export type Level = (typeof levels)[number];

export interface Work {
  flops: number;
  /**
   * Of the operands, each once: what has to come into the caches, to be read or written. What goes back from them goes
   * at the same time.
   */
  bytes: number;
}

/** What `threads` reach together with one instruction set. */
export interface Peaks {
  /** Multiply-adds from registers, two operations each: FLOP a second. */
  flops: number;
  /** Reading in order: bytes a second. */
  bandwidth: Partial<Record<Level, number>>;
}

export interface Floor {
  seconds: number;
  /** What it comes from. */
  bound: 'FMA' | Level;
}

/**
 * The fastest level that can hold a thread's share of the bytes. Data may come from a slower one, when other work has
 * driven them out; from a faster one they cannot, so that a floor stays a floor.
 */
export function levelOf(bytes: number, threads: number, { l1d, l2, l3 }: CpuInfo): Level {
  const share = bytes / threads;
  if (share <= l1d) return 'L1';
  if (share <= l2) return 'L2';
  return bytes <= l3 ? 'L3' : 'memory';
}

/**
 * Bytes that a thread reads over and over to measure a level: half of the cache, but well more than the one before.
 * Undefined for a cache that the machine lacks, or that the caches of `threads` cores hold as well.
 */
export function workingSet(level: Level, threads: number, { l1d, l2, l3 }: CpuInfo): number | undefined {
  if (level === 'L1') return l1d > 0 ? l1d >> 1 : undefined;
  if (level === 'L2') return l2 > 0 ? l2 >> 1 : undefined;
  if (level === 'memory') return Math.ceil(Math.max(4 * l3, 1 << 28) / threads);
  const share = Math.max(2 * l2, Math.ceil(l3 / 2 / threads));
  return share * threads <= l3 ? share : undefined;
}

/** Bytes a second that `threads` read together from a level; undefined where `workingSet` is. Takes `seconds`. */
export function measureBandwidth(level: Level, threads: number, seconds: number,
                                 kind: 'read' | 'copy' = 'read'): number | undefined {
  const bytes = workingSet(level, threads, native().cpu());
  return bytes === undefined ? undefined : native().bandwidth(kind, bytes, threads, seconds);
}

/**
 * The least time for the work; undefined when it has none. A level that was not measured counts as the next faster one
 * that was.
 */
export function floorOf({ flops, bytes }: Work, threads: number, peaks: Peaks, machine: CpuInfo): Floor | undefined {
  const held = levels.indexOf(levelOf(bytes, threads, machine));
  const level = levels.findLast((name, place) => place <= held && peaks.bandwidth[name] !== undefined);
  const computing: Floor = { seconds: flops / peaks.flops, bound: 'FMA' };
  const moving: Floor | undefined = level && { seconds: bytes / peaks.bandwidth[level]!, bound: level };
  const floor = moving && moving.seconds > computing.seconds ? moving : computing;
  return floor.seconds > 0 ? floor : undefined;
}
