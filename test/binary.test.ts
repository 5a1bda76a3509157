import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { usualBinary } from '../lib/binary.js';

const { resolve } = createRequire(import.meta.url)('node-gyp-build') as { resolve(root: string): string };
const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
const otherLibc = libc === 'glibc' ? 'musl' : 'glibc';
const prebuilds = `prebuilds/${process.platform}-${process.arch}`;
const built = 'build/Release/quern.node';
const debug = 'build/Debug/quern.node';
const prebuilt = `${prebuilds}/quern.${libc}.node`;
const foreign = `${prebuilds}/quern.${otherLibc}.node`;

describe('the place of the binary', () => {
  let root: string;
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'quern-binary-')) + '/'; });
  afterEach(() => rmSync(root, { recursive: true }));

  function add(...names: string[]): void {
    for (const name of names) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), '');
    }
  }

  for (const names of [[built], [prebuilt], [built, prebuilt], [debug, built], [foreign, prebuilt]]) {
    it(`is where node-gyp-build finds it: ${names.join(', ')}`, () => {
      add(...names);
      assert.equal(usualBinary(root, {}), resolve(root));
    });
  }

  for (const names of [[], [debug], [foreign], [`${prebuilds}/node.napi.node`], [debug, prebuilt]]) {
    it(`is left to node-gyp-build with ${names.join(', ') || 'none'}`, () => {
      add(...names);
      assert.equal(usualBinary(root, {}), undefined);
    });
  }

  for (const name of ['PREBUILDS_ONLY', 'QUERN_PREBUILD', 'LIBC']) {
    it(`is left to node-gyp-build where ${name} is set`, () => {
      add(built, prebuilt);
      assert.equal(usualBinary(root, { [name]: '1' }), undefined);
    });
  }
});
