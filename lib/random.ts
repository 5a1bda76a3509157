/**
 * Where seeds come from. One stream of the process seeds all that was not given a seed of its own: initializers, and
 * the models that shuffle and drop out. The numbers drawn with a seed come from the native counter-based generator, so
 * that they are the same on every machine and in every instruction set.
 */
import { checkInteger } from './errors.js';
import { native } from './native.js';

const mask64 = (1n << 64n) - 1n;
let state: bigint | undefined;

/**
 * Seeds everything random in quern: initial weights, shuffling and dropout of models made from here on.
 * Call it first; the same seed then gives the same results on every machine.
 * @param seed an integer >= 0
 */
export function setRandomSeed(seed: number): void {
  state = BigInt(checkInteger('seed', seed));
}

/**
 * The next seed of the process: from `setRandomSeed`'s stream, or when that was never called from V8's generator, which
 * starts anew in every process from the system's entropy. Secrecy is not asked for, and node:crypto takes 9 ms to load.
 */
export function drawSeed(): number {
  if (state === undefined) return Math.floor(Math.random() * 2 ** 53);
  state = (state + 0x9e3779b97f4a7c15n) & mask64;
  return Number(splitmix64(state) >> 11n);
}

/** The finalizer of splitmix64: every bit of the result depends on every bit of x. */
function splitmix64(x: bigint): bigint {
  x = ((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  x = ((x ^ (x >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return x ^ (x >> 31n);
}

/** The generator's stream that initial weights are drawn from; masks and permutations use others. */
const initializerStream = 0xfffffffe;
const blockWords = 4096;

/** Numbers uniform in [low, low + width): those of a new sequence's `uniform`, all at once, for whole weights. */
export function uniformValues(seed: number, length: number, low: number, width: number): Float32Array {
  const values = new Float32Array(length);
  native().randomUniform(seed, initializerStream, low, width, values);
  return values;
}

/** An endless sequence of random numbers that depends on the seed alone. */
export class RandomSequence {
  readonly #words = new Uint32Array(blockWords);
  #next = blockWords;
  #drawn = 0;
  #spare: number | undefined;

  constructor(readonly seed: number) {}

  /** The next 32 random bits. */
  word(): number {
    if (this.#next === blockWords) {
      native().random(this.seed, initializerStream, this.#drawn, this.#words);
      this.#drawn += blockWords;
      this.#next = 0;
    }
    return this.#words[this.#next++]!;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.word() >>> 5;
    return (high * 2 ** 26 + (this.word() >>> 6)) * 2 ** -53;
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Standard normal, drawn again while beyond two standard deviations. */
  truncatedNormal(): number {
    for (;;) {
      const value = this.normal();
      if (Math.abs(value) < 2) return value;
    }
  }
}
