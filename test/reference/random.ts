/** Philox4x32-10 (Salmon et al., 2011), and what the core derives from it, in plain integer arithmetic. */

type Words = [number, number, number, number];

/** High and low word of a 32 by 32 bit product. */
function multiply(a: number, b: number): [number, number] {
  const product = BigInt(a >>> 0) * BigInt(b >>> 0);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
}

export function philox(counter: Words, key: [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Whether dropout keeps element `index` of the batch. */
export function keeps(index: number, rate: number, step: number, stream: number, key: [number, number]): boolean {
  const group = Math.floor(index / 4);
  const words = philox([group >>> 0, Math.floor(group / 2 ** 32), step, stream], key);
  return words[index % 4]! >= Math.round(Math.fround(rate) * 2 ** 32);
}

const mask64 = (1n << 64n) - 1n;

/** The finalizer of splitmix64, after its constant has been added. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & mask64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return z ^ (z >> 31n);
}

/** Key of all draws of an epoch: mix(mix(seed) + epoch), low and high half. */
export function epochKey(seed: number, epoch: number): [number, number] {
  const key = mix((mix(BigInt(seed)) + BigInt(epoch)) & mask64);
  return [Number(key & 0xffffffffn), Number(key >> 32n)];
}

/** Dropout's streams count up from 0; the permutation has this one. */
const permutationStream = 0xffffffff;

/** Successive 64-bit draws of a stream, two from each block of four words. */
function* draws(key: [number, number], stream: number): Generator<bigint, never> {
  for (let block = 0; ; block++) {
    const [w0, w1, w2, w3] = philox([block >>> 0, Math.floor(block / 2 ** 32), 0, stream], key);
    yield (BigInt(w1) << 32n) | BigInt(w0);
    yield (BigInt(w3) << 32n) | BigInt(w2);
  }
}

/** Uniform in [0, bound): the high half of draw * bound, drawing again where the low half is below 2^64 mod bound. */
function below(bound: bigint, source: Generator<bigint, never>): bigint {
  for (;;) {
    const product = source.next().value * bound;
    if ((product & mask64) >= (1n << 64n) % bound) return product >> 64n;
  }
}

/** The order in which the epoch (seed, epoch) visits its rows: Fisher-Yates from the top. */
export function permutation(rows: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  const source = draws(epochKey(seed, epoch), permutationStream);
  for (let i = rows - 1; i > 0; i--) {
    const j = Number(below(BigInt(i) + 1n, source));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
