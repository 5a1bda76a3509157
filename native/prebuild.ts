/**
 * `npm run prebuild`: the binary that the npm package carries, `prebuilds/linux-x64/quern.glibc.node`.
 *
 * It must load wherever Node itself does, so it may ask for no glibc newer than 2.28. A distribution's g++ links against
 * the glibc it came with, so zig's bundled clang compiles instead: it knows every glibc's symbols, and links its C++
 * library statically. zig 0.11 on purpose: newer ones drop AVX-512 flags of single files (test/package checks).
 * Everything happens in a copy under build-prebuild/, so a local build in build/ stays as it is.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const glibc = '2.28';
const ziglang = 'ziglang==0.11.0'
  + ' --hash=sha256:45e8116428267e20529b9ee43a7e7364791c1a092845d2143b248a1dbf6760b0';

const root = fileURLToPath(new URL('..', import.meta.url));
const stage = join(root, 'build-prebuild');
const tools = join(root, 'build-zig');

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  execFileSync(command, args, { stdio: 'inherit', cwd: root, ...options });
}

/** zig in a Python environment of its own, and a script for each tool that a build asks for by name. */
function installCompiler(): void {
  const python = join(tools, 'venv', 'bin', 'python');
  if (!existsSync(python)) run('python3', ['-m', 'venv', join(tools, 'venv')]);
  writeFileSync(join(tools, 'requirements.txt'), `${ziglang}\n`);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:',
               '--require-hashes', '-r', join(tools, 'requirements.txt')]);
  const scripts = { cc: `cc -target x86_64-linux-gnu.${glibc}`, 'c++': `c++ -target x86_64-linux-gnu.${glibc}`, ar: 'ar' };
  for (const [name, call] of Object.entries(scripts)) {
    writeFileSync(join(tools, name), `#!/bin/sh\nexec "${python}" -m ziglang ${call} "$@"\n`);
    chmodSync(join(tools, name), 0o755);
  }
}

function copySources(): void {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  for (const name of ['package.json', 'binding.gyp', 'native']) cpSync(join(root, name), join(stage, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(stage, 'node_modules'));
}

function build(): void {
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  // The headers of the Node that runs this, where it came with them, save a download.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? { npm_config_nodedir: prefix } : {};
  const env = { ...process.env, ...headers, CC: join(tools, 'cc'), CXX: join(tools, 'c++'), AR: join(tools, 'ar'),
                LINK: join(tools, 'c++'), npm_config_jobs: 'max' };
  run(process.execPath, [join(root, 'node_modules', 'prebuildify', 'bin.js'), '--napi', '--strip', '--tag-libc',
                         '--target', process.versions.node, '--cwd', stage, '--out', root], { env });
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(`there is a recipe for linux-x64 only, this is ${process.platform}-${process.arch}`);
}
mkdirSync(tools, { recursive: true });
installCompiler();
copySources();
build();
