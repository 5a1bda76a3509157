/** What importing the built package loads and starts: nothing that has not been asked for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** What a CommonJS program prints as JSON in a process of its own; `dist` is the built package's folder there. */
function run<T>(program: string, ...flags: string[]): T {
  const { QUERN_NATIVE: native } = process.env;
  const env = { PATH: process.env['PATH'], ...(native === undefined ? {} : { QUERN_NATIVE: native }) };
  const source = `const dist = ${JSON.stringify(dist)};\n(async () => {\n${program}\n})();`;
  return JSON.parse(execFileSync(process.execPath, [...flags, '-e', source], { env, encoding: 'utf8' })) as T;
}

/** Node's own modules that were loaded when it is called, files that came through require, and addons. */
const loadedNow = `const loaded = () => ({
  builtins: process.moduleLoadList.filter((entry) => entry.startsWith('NativeModule '))
    .map((entry) => entry.slice('NativeModule '.length)),
  files: Object.keys(require.cache),
  addons: process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node')),
});
`;

interface Loaded {
  builtins: string[];
  files: string[];
  addons: string[];
}

/** Those that cost milliseconds each and that at most data sets need. Node's import itself loads fs/promises. */
const heavy = ['http', 'https', 'net', 'tls', 'zlib', 'crypto', 'stream', 'os', 'timers/promises', 'child_process',
  'worker_threads', 'readline', 'perf_hooks', 'internal/util/comparisons'];

const heavyOnes = ({ builtins }: Loaded): string[] => heavy.filter((name) => builtins.includes(name));

describe('the built package', () => {
  for (const entry of ['index.js', 'kernels.js']) {
    for (const how of ['require', 'await import']) {
      it(`${how} of ${entry} loads neither the addon nor Node's larger modules`, () => {
        const loaded = run<Loaded>(`${loadedNow}${how}(dist + '${entry}');\nconsole.log(JSON.stringify(loaded()));`);
        assert.deepEqual(heavyOnes(loaded), []);
        assert.deepEqual(loaded.addons, []);
      });
    }
  }

  it('require needs no fs/promises', () => {
    const { builtins } = run<Loaded>(`${loadedNow}require(dist + 'index.js');\nconsole.log(JSON.stringify(loaded()));`);
    assert.ok(!builtins.includes('fs/promises'));
  });

  it('a model takes the addon, and none of these modules', () => {
    const loaded = run<Loaded>(`${loadedNow}const { Sequential, Dense } = require(dist + 'index.js');
      const model = new Sequential([new Dense(2, { inputShape: [3] })]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      await model.trainOnBatch([[1, 2, 3]], [[4, 5]]);
      console.log(JSON.stringify(loaded()));`);
    assert.deepEqual(heavyOnes(loaded), []);
    assert.deepEqual(loaded.files.filter((path) => path.includes('node_modules')), []);
    assert.equal(loaded.addons.length, 1);
  });

  it('node-gyp-build finds the addon where variables of its own may lead elsewhere', () => {
    const loaded = run<Loaded>(`${loadedNow}delete process.env.QUERN_NATIVE;
      process.env.LIBC = 'glibc';
      const { cpu } = require(dist + 'kernels.js');
      cpu();
      console.log(JSON.stringify(loaded()));`);
    assert.ok(loaded.files.some((path) => path.includes('node-gyp-build')));
    assert.equal(loaded.addons.length, 1);
  });

  it('a data set takes what it needs', () => {
    const loaded = run<Loaded>(`${loadedNow}const { mnist } = require(dist + 'index.js');
      await mnist.loadData({ path: dist }).catch(() => {});
      console.log(JSON.stringify(loaded()));`);
    for (const name of ['zlib', 'crypto', 'fs/promises']) assert.ok(loaded.builtins.includes(name), name);
    assert.ok(!loaded.builtins.includes('tls'));
  });

  it('is a matter of few files, which wait for nothing', () => {
    const files = readdirSync(dist).filter((name) => name.endsWith('.js'));
    assert.ok(files.length <= 5, files.join(', '));
    const imports = readFileSync(dist + 'index.js', 'utf8').match(/^(?:import|\} from) .*"\.\/.*$/gm) ?? [];
    assert.ok(imports.length <= 1, imports.join('\n'));
  });

  it('is ASCII, of which V8 keeps a byte a character', () => {
    const files = readdirSync(dist).filter((name) => name.endsWith('.js'));
    assert.deepEqual(files.filter((name) => /[^\0-\x7f]/.test(readFileSync(dist + name, 'utf8'))), []);
  });

  it('its classes have their names', () => {
    const misnamed = run<string[]>(`const quern = require(dist + 'index.js');
      const spaces = Object.values(quern).filter((value) => typeof value === 'object');
      const classes = [quern, ...spaces].flatMap((space) => Object.entries(space))
        .filter(([key, value]) => typeof value === 'function' && /^[A-Z]/.test(key));
      if (classes.length < 50) throw new Error('only ' + classes.length);
      console.log(JSON.stringify(classes.filter(([key, value]) => key !== value.name).map(([key]) => key)));`);
    assert.deepEqual(misnamed, []);
  });

  it('its stack traces say where they are in lib/, with source maps', () => {
    const stack = run<string>(`const { Dense } = require(dist + 'index.js');
      try { new Dense(-1); } catch ({ stack }) { console.log(JSON.stringify(stack)); }`, '--enable-source-maps');
    const [, path = '', line = ''] = /at new Dense \((.*lib\/layers\/dense\.ts):(\d+):/.exec(stack) ?? [];
    assert.match(readFileSync(path, 'utf8').split('\n')[Number(line) - 1]!, /checkInteger\('units'/);
  });

  it('unseeded weights differ from process to process', () => {
    const draw = (): number[] => run(`const { initializers } = require(dist + 'index.js');
      console.log(JSON.stringify([...new initializers.RandomUniform().generate([4])]));`);
    assert.notDeepEqual(draw(), draw());
  });

  it('an idle process uses no CPU after a fit', () => {
    const busy = run<number>(`const { Sequential, Dense } = require(dist + 'index.js');
      const model = new Sequential([new Dense(64, { inputShape: [64] })]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      await model.fit(new Float32Array(64 * 640), new Float32Array(64 * 640), { epochs: 2, verbose: 0, threads: 4 });
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      await wait(100);
      const before = process.cpuUsage();
      await wait(500);
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 500e3);`);
    assert.ok(busy < 0.2, `it was busy ${(100 * busy).toFixed(0)} % of the time`);
  });
});
