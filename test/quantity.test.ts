import assert from 'node:assert/strict';
import { percent, quantity, quantityRange } from '../lib/quantity.js';
import { textTable } from '../lib/text-table.js';

describe('figures for people', () => {
  it('have the prefix that leaves one to three digits before the point', () => {
    const shown = [[1.2345e-5, 's'], [2.5e11, 'FLOP/s'], [999.96, 's'], [0.99996, 's'], [1e-12, 's'], [0, 's'],
      [-2500, 'B'], [3e15, 'B']] as const;
    assert.deepEqual(shown.map(([value, unit]) => quantity(value, unit)), ['12.35 us', '250.0 GFLOP/s', '1.000 ks',
      '1.000 s', '0.001 ns', '0 s', '-2.500 kB', '3000 TB']);
    assert.equal(quantity(2.5e11, 'FLOP/s', 3), '250 GFLOP/s');
    assert.equal(quantity(NaN, 's'), 'NaN s');
  });

  it('share the prefix of the larger in a range', () => {
    assert.equal(quantityRange(9e-6, 1.2e-5, 's'), '9.00 – 12.0 us');
    assert.equal(quantityRange(9e-7, 1.2e-3, 's'), '0.00 – 1.20 ms');
    assert.equal(quantityRange(0, 0, 's'), '0.00 – 0.00 s');
    assert.equal(percent(0.9314), '93.1 %');
  });

  it('stand in tables without empty columns', () => {
    assert.deepEqual(textTable(['name', 'empty', 'value'], [['a', '', '10'], ['long name', '', '9']], 1), [
      'name       value',
      '─────────  ─────',
      'a             10',
      'long name      9',
    ]);
  });
});
