/**
 * Fails the run when fewer tests passed than expected. Loaded by `npm test` alone: a test file that silently does not
 * load, or a suite that skips itself, shows here. The number is a floor; raise it when tests are added.
 */
import { readFileSync } from 'node:fs';

interface Expected {
  tests: number;
}

const expected = JSON.parse(readFileSync(new URL('./expected-count.json', import.meta.url), 'utf8')) as Expected;
let passed = 0;

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (this.currentTest?.state === 'passed') passed++;
  },
};

export function mochaGlobalTeardown(): void {
  if (passed >= expected.tests) return;
  throw new Error(`only ${passed} tests passed, at least ${expected.tests} are expected (test/expected-count.json)`);
}
