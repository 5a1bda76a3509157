/** Contenders' processes: the work goes in as JSON on standard input, the result comes on the last line of output. */
import { spawn } from 'node:child_process';
import type { Work } from './work.js';

/** What the process printed last. Rejects with the last line of its errors when it fails. */
export function run<T>([program, ...args]: readonly string[], work: Work): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { stdio: 'pipe' });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(lastLine(output)) as T);
      else reject(new Error(signal ?? reasonIn(errors) ?? `exit code ${code}`));
    });
    // One that dies before it reads is told of by its exit code.
    child.stdin.on('error', () => {}).end(JSON.stringify(work));
  });
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

/** Node puts an error's name and message before its stack, Python after it. */
function reasonIn(errors: string): string | undefined {
  const lines = errors.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.findLast((line) => /^(\w+\.)*\w*(Error|Exception)\b/.test(line)) ?? lines.at(-1);
}
