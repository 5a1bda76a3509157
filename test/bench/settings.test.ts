import assert from 'node:assert/strict';
import { grid } from '../../bench/products.js';
import { readCommandLine } from '../../bench/settings.js';

describe('bench command line', () => {
  it('reads lists and shapes', () => {
    const { suite, settings, given, rounds } = readCommandLine(
      ['gemm', '--shapes', '1x2x3,4x5x6:tn', '--transpose', 'nt,tt', '--threads', '1,2', '--isa', 'scalar', '--rounds',
        '7']);
    assert.deepEqual([suite, rounds, given], ['gemm', 7, ['threads', 'isa', 'shapes', 'transpose']]);
    assert.deepEqual(settings, {
      threads: [1, 2], isa: ['scalar'],
      products: [{ m: 1, n: 2, k: 3, transpose: 'nt' }, { m: 1, n: 2, k: 3, transpose: 'tt' },
        { m: 4, n: 5, k: 6, transpose: 'tn' }],
    });
    assert.deepEqual(readCommandLine(['program', '--layers', '20,64,64,1', '--batch', '32']).settings,
      { layers: [20, 64, 64, 1], batch: [32] });
  });

  it('makes the grid of all its sides, for one transposition or all', () => {
    const count = (...args: string[]): number => readCommandLine(['gemm', '--grid', ...args]).settings.products!.length;
    assert.equal(count('--transpose', 'tn'), grid.length ** 3);
    assert.equal(count(), 4 * grid.length ** 3);
  });

  it('runs one round when it is to be quick', () => {
    assert.equal(readCommandLine(['peak', '--quick']).rounds, 1);
    assert.equal(readCommandLine(['peak']).rounds, 5);
  });

  const refused: [string[], RegExp][] = [
    [['gemm', '--laers', '1'], /`option` is unknown: "--laers"; did you mean "--layers"\?/],
    [['gemm', '--rounds', 'x'], /`--rounds` must be a positive integer, received NaN/],
    [['gemm', '--rounds', '0'], /`--rounds` must be a positive integer, received 0/],
    [['gemm', '--rounds'], /`--rounds` must be given a value such as 5, received undefined/],
    [['gemm', '--quick=yes'], /`--quick` must be without a value, received "yes"/],
    [['gemm', '--threads', '1,,2'], /`--threads` must be integers from 1 to 256 with commas between, received "1,,2"/],
    [['gemm', '--threads', '0'], /`--threads` must be integers from 1 to 256/],
    [['gemm', '--isa', 'sse'], /`--isa` is unknown: "sse".* Known: scalar/],
    [['gemm', '--shapes', '1x2'], /`--shapes` must be sizes m x n x k such as .*, received "1x2"/],
    [['gemm', '--shapes', '1x2x0'], /`--shapes` must be sizes m x n x k/],
    [['gemm', '--shapes', '1x2x3', '--grid'], /`--shapes` must be given without --grid, received "1x2x3"/],
    [['gemm', '--transpose', 'nn'], /`--transpose` must be given with --shapes or --grid, received "nn"/],
    [['gemm', '--shapes', '1x2x3', '--transpose', 'nx'], /`--transpose` is unknown: "nx"/],
    [['program', '--layers', '5'], /`--layers` must be two sizes or more, inputs first, received "5"/],
    [['gemm', 'train'], /`arguments` must be the name of one bench/],
    [['--compare', 'a.json'], /`--compare` must be followed by two files that --json wrote, received \["a.json"\]/],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => readCommandLine(args), (error: Error) => {
        assert.match(error.message, message);
        return error instanceof TypeError || error instanceof RangeError;
      });
    });
  }
});
