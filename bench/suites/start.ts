/** Starts processes that use the built package, for the suites startup and memory. */
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode } from '../processes.js';

const root = new URL('../../', import.meta.url);

/** What bench/programs/start.mjs prints. Milliseconds, bytes. */
export interface Started {
  import: number;
  compile: number;
  firstStep: number;
  laterSteps: number[];
  memory: Record<'start' | 'import' | 'compile' | 'fit' | 'manyFits' | 'twiceAsMany', number>;
  /** Bytes of slabs, arenas and scratch, alive at the time. */
  core: Record<'compile' | 'manyFits', number>;
}

export interface Run<T> {
  /** Of the whole process. */
  seconds: number;
  printed: T;
}

async function run<T>(program: string, args: readonly string[], nodeArgs: readonly string[]): Promise<Run<T>> {
  const path = fileURLToPath(new URL(`bench/programs/${program}`, root));
  const start = performance.now();
  const output = await runNode([...nodeArgs, path, ...args]);
  return { seconds: (performance.now() - start) / 1000, printed: JSON.parse(output) as T };
}

export function runBare(nodeArgs: readonly string[] = []): Promise<Run<{ memory: number }>> {
  return run('bare.mjs', [], nodeArgs);
}

/** Up to a stage; `fits` more fits after the first steps. */
export function runStart(stage: 'import' | 'compile' | 'fit', layers: readonly number[], batch: number, fits = 0,
                         nodeArgs: readonly string[] = []): Promise<Run<Started>> {
  return run('start.mjs', [stage, layers.join(','), String(batch), String(fits)], nodeArgs);
}

/** Throws when dist/ is missing or older than lib/: what would be measured is another package. */
export function checkBuilt(): void {
  const newest = (folder: string): number => {
    const path = fileURLToPath(new URL(folder, root));
    try {
      return Math.max(...readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|js)$/.test(name)).map((name) => statSync(`${path}/${name}`).mtimeMs));
    } catch {
      return 0;
    }
  };
  if (newest('dist') < newest('lib')) throw new TypeError('dist/ is older than lib/: run `npm run build:js` first');
}
