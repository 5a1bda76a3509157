/**
 * What the compiler made of the sources. An instruction set's unit is compiled with flags the rest must not have; if one
 * of its functions were shared with other units (a template, an inline), the linker might keep the wrong copy and a
 * machine without that instruction set would die of it. So the object files themselves are read.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const instructionSets = ['scalar', 'avx2', 'avx512', 'avx512bf16', 'amx'];
const ownFlags = ['avx2', 'avx512', 'avx512bf16', 'amx'];

/** A line of a listing whose instruction is encoded by VEX (c4, c5) or EVEX (62), whatever its name and registers. */
const vexEncoded = /^ *[0-9a-f]+:\t(?:(?:2e|36|3e|26|64|65|67) )*(?:c4|c5|62) [0-9a-f ]*\t.*$/m;
const napiSymbols = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

function available(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  try {
    for (const tool of ['nm', 'objdump', 'readelf']) run(tool, '--version');
    return true;
  } catch {
    return false;
  }
}

/** Symbols as `nm` lists them: the letter of their type, and the name. */
function symbols(file: string, ...options: string[]): { type: string; name: string }[] {
  return run('nm', '--format=posix', ...options, file).split('\n').filter((line) => line && !line.endsWith(':'))
    .map((line) => line.split(' ')).map(([name, type]) => ({ name: name!, type: type! }));
}

function objectsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.o')).map((name) => join(folder, name));
}

/** Skips the suite aloud when what it looks at is not there. */
function needs(suite: Mocha.Suite, what: string, present: boolean): void {
  suite.beforeAll(function () {
    if (present) return;
    console.log(`      skipped: ${what}`);
    this.skip();
  });
}

const builds = { 'the local build': join(root, 'build'), 'the prebuild': join(root, 'build-prebuild', 'build') };
for (const [title, folder] of Object.entries(builds)) {
  const objectFolder = join(folder, 'Release', 'obj.target');
  const isaObject = (isa: string) => join(objectFolder, `quern_${isa}`, 'native', 'kernels', 'isa', `${isa}.o`);

  describe(`object files of ${title}`, function () {
    this.timeout(120_000);
    needs(this, `needs binutils on linux-x64 and objects in ${objectFolder}`, available() && existsSync(objectFolder));

    for (const isa of instructionSets) {
      it(`${isa}: one global symbol, none weak or unique, no initialiser, nothing of C++ from outside`, () => {
        const all = symbols(isaObject(isa));
        const defined = all.filter(({ type }) => type !== 'U');
        assert.equal(defined.filter(({ type }) => type === type.toUpperCase()).length, 1, show(defined));
        assert.deepEqual(all.filter(({ type }) => /[wvu]/i.test(type) && type !== 'U'), []);
        assert.deepEqual(defined.filter(({ name }) => name.startsWith('_GLOBAL__sub_I')), []);
        assert.deepEqual(all.filter(({ type, name }) => type === 'U' && name.startsWith('_Z')), []);
      });
    }

    it('avx512 computes with zmm registers', () => {
      assert.match(run('objdump', '-d', isaObject('avx512')), /vfmadd\d+ps .*%zmm/);
    });

    it('avx512bf16 computes dot products of zmm registers, reading B once for all rows', () => {
      const code = run('objdump', '-d', '--no-show-raw-insn', isaObject('avx512bf16'));
      assert.match(code, /vdpbf16ps .*%zmm/);
      assert.doesNotMatch(code, /vdpbf16ps .*\(.*%zmm/);
    });

    it('amx multiplies tiles, and looks at them before it lets them go', () => {
      const code = run('objdump', '-d', '--no-show-raw-insn', isaObject('amx'));
      for (const name of ['ldtilecfg', 'tilezero', 'tileloadd', 'tdpbf16ps', 'tilestored']) {
        assert.match(code, new RegExp(`\\t${name} `));
      }
      assert.match(code, /sttilecfg[^]*tilestored .*%tmm7[^]*tilerelease/);
    });

    it('avx2 computes with ymm registers and holds nothing of AVX-512', () => {
      const code = run('objdump', '-d', isaObject('avx2'));
      assert.match(code, /vfmadd\d+ps .*%ymm/);
      assert.doesNotMatch(code, /%zmm|%[xy]mm(1[6-9]|2\d|3[01])|\{%k[1-7]\}/);
    });

    it('everything else runs on any x86-64', () => {
      const others = objectsIn(objectFolder).filter((file) => !ownFlags.includes(basename(file, '.o')));
      assert.ok(others.length > 20, `only ${others.length} objects found`);
      for (const file of others) {
        const code = run('objdump', '-d', file);
        const line = /^.*%[yz]mm.*$/m.exec(code) ?? vexEncoded.exec(code);
        assert.equal(line, null, `${file}: ${line?.[0]}`);
      }
      for (const isa of ownFlags) assert.match(run('objdump', '-d', isaObject(isa)), vexEncoded);
    });
  });
}

const binaries = {
  'the local build': join(root, 'build', 'Release', 'quern.node'),
  'the prebuild': join(root, 'prebuilds', 'linux-x64', 'quern.glibc.node'),
};
for (const [title, file] of Object.entries(binaries)) {
  describe(`binary of ${title}`, function () {
    needs(this, `needs binutils on linux-x64 and ${file}`, available() && existsSync(file));

    it('exports what Node asks for and nothing else', () => {
      const exported = symbols(file, '--dynamic', '--defined-only').map(({ name }) => name.replace(/@.*/, ''));
      assert.deepEqual(exported.sort(), napiSymbols);
    });

    it('stays in memory when the last Worker that used it ends', () => {
      assert.match(run('readelf', '--dynamic', '--wide', file), /NODELETE/);
    });
  });
}

describe('requirements of the prebuild', function () {
  const file = binaries['the prebuild'];
  needs(this, `needs binutils on linux-x64 and ${file}`, available() && existsSync(file));

  it('loads with glibc 2.28 and no C++ runtime of the system', () => {
    const versions = [...run('objdump', '-T', file).matchAll(/GLIBC_(\d+)\.(\d+)/g)];
    assert.ok(versions.length > 0);
    for (const [text, major, minor] of versions) {
      assert.ok(Number(major) === 2 && Number(minor) <= 28, `${text} is newer than what Node itself needs`);
    }
    assert.doesNotMatch(run('readelf', '--dynamic', '--wide', file), /NEEDED.*(libstdc\+\+|libgcc_s|libc\+\+)/);
  });

  it('is stripped', () => {
    assert.doesNotMatch(run('readelf', '--sections', '--wide', file), /\.(symtab|debug_info)/);
  });
});

describe('sources.json', () => {
  it('names every source file, each once', () => {
    const sources = JSON.parse(readFileSync(join(root, 'native', 'sources.json'), 'utf8')) as {
      core: string[]; binding: string[]; isa: Record<string, { sources: string[] }>;
    };
    const listed = [sources.core, sources.binding, ...Object.values(sources.isa).map((isa) => isa.sources)].flat();
    const present = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.cc')).map((name) => `native/${name.replaceAll('\\', '/')}`);
    assert.deepEqual([...listed].sort(), present.sort());
  });
});

function show(list: { type: string; name: string }[]): string {
  return list.filter(({ type }) => type === type.toUpperCase()).map(({ type, name }) => `${type} ${name}`).join(', ');
}
