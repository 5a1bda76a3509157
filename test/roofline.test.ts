import assert from 'node:assert/strict';
import { cpu } from '../lib/kernels.js';
import { floorOf, levelOf, levels, measureBandwidth, workingSet } from '../lib/roofline.js';

const machine = { isas: [], isa: '', cores: 4, threads: 4, l1d: 32 << 10, l2: 1 << 20, l3: 16 << 20, brand: '' };
const peaks = { flops: 1e11, bandwidth: { L1: 2e11, L2: 1e11, L3: 5e10, memory: 1e10 } };

describe('roofline', () => {
  it('knows the fastest level that can hold a thread\'s share', () => {
    const sizes = [1, 32 << 10, (32 << 10) + 1, 1 << 20, (1 << 20) + 1, 16 << 20, (16 << 20) + 1];
    assert.deepEqual(sizes.map((bytes) => levelOf(bytes, 1, machine)), ['L1', 'L1', 'L2', 'L2', 'L3', 'L3', 'memory']);
    assert.equal(levelOf(64 << 10, 2, machine), 'L1');
    assert.equal(levelOf(17 << 20, 32, machine), 'L2');
  });

  it('takes the longer of computing and moving', () => {
    const close = (floor: ReturnType<typeof floorOf>, seconds: number, bound: string): void => {
      assert.ok(Math.abs(floor!.seconds - seconds) < 1e-9 * seconds);
      assert.equal(floor!.bound, bound);
    };
    close(floorOf({ flops: 1e6, bytes: 1000 }, 1, peaks, machine), 1e-5, 'FMA');
    close(floorOf({ flops: 1000, bytes: 1 << 18 }, 1, peaks, machine), (1 << 18) / 1e11, 'L2');
    close(floorOf({ flops: 0, bytes: 1 << 28 }, 1, peaks, machine), (1 << 28) / 1e10, 'memory');
    assert.equal(floorOf({ flops: 0, bytes: 0 }, 1, peaks, machine), undefined);
  });

  it('takes the next faster level for one that was not measured', () => {
    const bandwidth = { L1: 2e11, L2: 1e11 };
    assert.equal(floorOf({ flops: 0, bytes: 1 << 28 }, 1, { ...peaks, bandwidth }, machine)!.bound, 'L2');
    assert.equal(floorOf({ flops: 0, bytes: 1 << 28 }, 1, { ...peaks, bandwidth: {} }, machine), undefined);
  });

  it('measures a level with what fits it and not the one before', () => {
    for (const threads of [1, 2, 4]) {
      const [l1, l2, l3, memory] = levels.map((level) => workingSet(level, threads, machine)!);
      assert.ok(l1! <= machine.l1d && l2! > machine.l1d && l2! <= machine.l2);
      assert.ok(l3! > machine.l2 && l3! * threads <= machine.l3 && memory! * threads > 2 * machine.l3);
    }
    assert.equal(workingSet('L3', 16, machine), undefined, '16 caches of 1 MB hold as much');
  });

  it('measures each level that has a working set here', () => {
    for (const level of levels) {
      const isThere = workingSet(level, 1, cpu()) !== undefined;
      const bandwidth = measureBandwidth(level, 1, 0.005);
      assert.equal(bandwidth !== undefined, isThere, level);
      assert.ok(bandwidth === undefined || (bandwidth > 0 && Number.isFinite(bandwidth)), `${level} ${bandwidth}`);
    }
  });
});
