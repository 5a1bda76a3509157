/**
 * Fails the run when fewer tests passed than expected. Loaded by `npm test` alone: a test file that silently does not
 * load, or a suite that skips itself, shows here. The numbers are a floor, without a prebuilt binary; raise them when
 * tests are added. Many tests go through the machine's instruction sets, of which scalar is counted in `tests`.
 */
import { readFileSync } from 'node:fs';
import { native } from '../lib/native.js';

interface Expected {
  tests: number;
  perFurtherInstructionSet: number;
}

const expected = JSON.parse(readFileSync(new URL('./expected-count.json', import.meta.url), 'utf8')) as Expected;
let passed = 0;

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (this.currentTest?.state === 'passed') passed++;
  },
};

export function mochaGlobalTeardown(): void {
  const least = expected.tests + expected.perFurtherInstructionSet * (native().cpu().isas.length - 1);
  if (passed >= least) return;
  throw new Error(`only ${passed} tests passed, at least ${least} are expected (test/expected-count.json)`);
}
