/**
 * Sees the golden values fail: copies the sources to a temporary folder, flips a sign in the copy, rebuilds what that
 * needs, and expects the tests of that family to go red, having seen them green without the flip.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeMutations, scriptMutations, type Mutation } from './mutations.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copied = ['lib', 'test', 'native', 'binding.gyp', 'package.json', 'tsconfig.json'];

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quern-mutation-'));
  for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}

function run(folder: string, script: string, args: string[], what: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'node_modules', script), ...args], {
    cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, QUERN_ISA: 'scalar', QUERN_NATIVE: '' },
  });
  if (status !== 0 && !script.startsWith('mocha')) throw new Error(`${what} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

function build(folder: string, command: 'rebuild' | 'build'): void {
  run(folder, 'node-gyp/bin/node-gyp.js', [command, '-j', String(cpus().length)], 'the build');
}

/** Makes the objects of the other instruction sets look newer than any change, so that only scalar is compiled. */
function keepOtherObjects(folder: string): void {
  const objects = join(folder, 'build', 'Release', 'obj.target');
  const now = new Date();
  for (const entry of readdirSync(objects, { recursive: true, encoding: 'utf8' })) {
    if (/^quern_(avx|neon).*\.o$/.test(entry)) utimesSync(join(objects, entry), now, now);
  }
}

interface TestRun { passes: number; failed: { title: string; isAssertion: boolean }[] }

/** Runs a file of tests. Those that go through all instruction sets begin with scalar, the one that is mutated. */
function test(folder: string, file: string): TestRun {
  const json = join(folder, 'results.json');
  rmSync(json, { force: true });
  const log = run(folder, 'mocha/bin/mocha.js', ['--no-config', '--node-option', 'import=tsx', '--timeout', '300000',
    '--reporter', 'json', '--reporter-option', `output=${json}`, '--spec', file], file);
  try {
    const { stats, failures } = JSON.parse(readFileSync(json, 'utf8')) as {
      stats: { passes: number }; failures: { fullTitle: string; err: { code?: string } }[];
    };
    return { passes: stats.passes,
      failed: failures.map(({ fullTitle, err }) => ({ title: fullTitle, isAssertion: err.code === 'ERR_ASSERTION' })) };
  } catch {
    throw new Error(`${file} did not run to its end:\n${log}`);
  }
}

function expectGreen(folder: string, file: string): void {
  const { passes, failed } = test(folder, file);
  if (failed.length > 0 || passes === 0) throw new Error(`${file} is not green without a flip: ${failed[0]?.title}`);
  console.log(`green  ${file}, ${passes} tests`);
}

function expectRed(folder: string, file: string): void {
  const { failed } = test(folder, file);
  if (failed.length === 0) throw new Error(`${file} does not notice`);
  // A wrong value may also make a call fail that should not; where nothing else is seen, the flip broke the code.
  const wrong = failed.find(({ isAssertion }) => isAssertion);
  if (!wrong) throw new Error(`${file}: "${failed[0]!.title}" failed for another reason than a wrong value`);
  console.log(`red    ${file}, ${failed.length} tests, such as "${wrong.title}"`);
}

/** Every file of golden values has been seen to fail. */
function checkFamilies(): void {
  const seen = new Set([...scriptMutations, ...nativeMutations].flatMap(({ red }) => red));
  for (const name of readdirSync(join(root, 'test', 'golden'))) {
    const file = `test/golden/${name}`;
    if (name.endsWith('.test.ts') && !seen.has(file)) throw new Error(`no flip is to turn ${file} red`);
  }
}

/** Before anything is built, which takes minutes. */
function checkMutation(folder: string, { file, from }: Mutation): void {
  const times = readFileSync(join(folder, file), 'utf8').split(from).length - 1;
  if (times !== 1) throw new Error(`${file} must hold "${from}" once, not ${times} times: the flip needs an update`);
}

/** Applies the flip, lets `body` run, and puts the file back. */
function withMutation(folder: string, { what, file, from, to }: Mutation, body: () => void): void {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  console.log(`\nflip   ${what}`);
  writeFileSync(path, source.replace(from, to));
  try {
    body();
  } finally {
    writeFileSync(path, source);
  }
}

function main(): void {
  checkFamilies();
  const folder = copyTree();
  try {
    for (const mutation of [...scriptMutations, ...nativeMutations]) checkMutation(folder, mutation);
    build(folder, 'rebuild');
    for (const file of new Set([...scriptMutations, ...nativeMutations].flatMap(({ red }) => red))) {
      expectGreen(folder, file);
    }
    for (const mutation of scriptMutations) {
      withMutation(folder, mutation, () => mutation.red.forEach((file) => expectRed(folder, file)));
    }
    for (const mutation of nativeMutations) {
      withMutation(folder, mutation, () => {
        keepOtherObjects(folder);
        build(folder, 'build');
        mutation.red.forEach((file) => expectRed(folder, file));
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${scriptMutations.length + nativeMutations.length} flips, all noticed`);
}

main();
