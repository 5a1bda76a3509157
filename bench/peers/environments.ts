/**
 * Where contenders run: virtual environments and npm folders of their own, made when they are first needed from pinned
 * versions and again when these change. Nothing of them is in the project's own node_modules.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Environment {
  /** Makes it, unless it is there as pinned. Throws an Error of one line that says why that cannot be. */
  make(log: (line: string) => void): void;
}

const here = fileURLToPath(new URL('.', import.meta.url));

export interface VirtualEnvironment extends Environment {
  /** Its interpreter. */
  python: string;
}

/** The Python packages of `python/<name>.txt`. */
export function virtualEnvironment(name: string): VirtualEnvironment {
  const folder = join(here, 'python', '.venv', name);
  const python = join(folder, 'bin', 'python');
  const requirements = join(here, 'python', `${name}.txt`);
  return {
    python,
    make: (log) => installOnce(folder, requirements, () => {
      log(`installing ${name} (bench/peers/python/${name}.txt)`);
      rmSync(folder, { recursive: true, force: true });
      run('python3', ['-m', 'venv', folder]);
      run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
    }),
  };
}

/** The npm packages of `<name>/package-lock.json`. Their install scripts, which fetch GPU libraries, are not run. */
export function npmFolder(name: string): Environment {
  const folder = join(here, name);
  return {
    make: (log) => installOnce(join(folder, 'node_modules'), join(folder, 'package-lock.json'), () => {
      log(`installing ${name} (bench/peers/${name}/package-lock.json)`);
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error', '--prefix', folder]);
    }),
  };
}

/** Installs unless `folder` has been installed from what is pinned now: a copy of that is left there as a mark. */
function installOnce(folder: string, pinned: string, install: () => void): void {
  const wanted = readFileSync(pinned, 'utf8');
  const mark = join(folder, '.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  try {
    install();
  } catch (error) {
    throw new Error(`${relative(process.cwd(), pinned)} cannot be installed: ${(error as Error).message}`);
  }
  writeFileSync(mark, wanted);
}

function run(command: string, args: string[]): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(reasonIn(`${stdout}\n${stderr}`));
}

/** pip's last error is the one that says it; npm's first says a code and its next one what that means. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.findLast((line) => line.startsWith('ERROR: ')) ?? lines.find((line) => /^npm error (?!code)/.test(line))
    ?? lines.at(-1) ?? 'it failed without a word';
}
