/** The generator against the published answers of Philox, and the native core against the generator. */
import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';
import { epochKey, keeps, permutation, philox } from './random.js';

describe('reference: random numbers', () => {
  it('Philox4x32-10 gives the known answers of Random123', () => {
    const ones = 0xffffffff;
    assert.deepEqual(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    assert.deepEqual(philox([ones, ones, ones, ones], [ones, ones]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    assert.deepEqual(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
  });

  it("the core's permutations are these", () => {
    for (const [rows, seed, epoch] of [[1, 0, 0], [2, 1, 0], [1000, 7, 3], [4097, 2 ** 53 - 1, 12]] as const) {
      const actual = new Uint32Array(rows);
      native().permutation(rows, seed, epoch, actual);
      assert.deepEqual(actual, permutation(rows, seed, epoch));
      assert.deepEqual(actual.slice().sort(), Uint32Array.from({ length: rows }, (_, i) => i));
    }
  });

  it('every order of three rows is as likely as another', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = permutation(3, 1, epoch).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 1000 each; the standard deviation is 29.
    assert.equal(counts.size, 6);
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 6 * 29, `${count} of 6000`);
  });

  it('a mask keeps its share', () => {
    const kept = Array.from({ length: 10_000 }, (_, i) => keeps(i, 0.3, 2, 1, epochKey(5, 1))).filter(Boolean).length;
    // 7000, with a standard deviation of 46.
    assert.ok(Math.abs(kept - 7000) < 6 * 46, `${kept} of 10000`);
  });
});
