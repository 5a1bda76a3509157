/** Processes of their own for what is measured, which end when the bench is interrupted. */
import { spawn, type ChildProcess } from 'node:child_process';

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

/** Runs Node with the arguments; resolves to what it prints on standard output. Standard error is passed on. */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    if (interrupted) throw new Interrupted('interrupted');
    const child = spawn(process.execPath, args,
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (interrupted) reject(new Interrupted('interrupted'));
      else if (code === 0) resolve(output);
      else reject(new Error(`node ${args.join(' ')} ended with ${signal ?? `code ${code}`}`));
    });
  });
}
