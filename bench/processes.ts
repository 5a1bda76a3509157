/** Processes of their own for what is measured, which end when the bench is interrupted. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

const running = new Set<ChildProcess>();
let interrupted = false;

/** Thrown into what waits for a process when the bench is interrupted. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** Ends all processes at the first Ctrl-C or SIGTERM; what waits for them rejects with `Interrupted`. */
export function endProcessesWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true;
      for (const child of running) child.kill('SIGTERM');
    });
  }
}

/** How a process ended, and what it wrote where that was to be kept. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

/** Runs a program to its end. Rejects when it cannot be started, and with `Interrupted`. */
export function runProgram(program: string, args: readonly string[], options: SpawnOptions,
                           input?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    if (interrupted) throw new Interrupted('interrupted');
    const child = spawn(program, args, options);
    running.add(child);
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => { errors += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (interrupted) reject(new Interrupted('interrupted'));
      else resolve({ code, signal, output, errors });
    });
    // One that dies before it reads is told of by its exit code.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** Runs Node with the arguments; resolves to what it prints on standard output. Standard error is passed on. */
export async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, signal, output } = await runProgram(process.execPath, args,
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${signal ?? `code ${code}`}`);
  return output;
}
