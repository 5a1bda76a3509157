/** Contenders' processes: the work goes in as JSON on standard input, the result comes on the last line of output. */
import { runProgram } from '../processes.js';
import type { Work } from './work.js';

/** What the process printed last. Rejects with the last line of its errors when it fails. */
export async function run<T>([program, ...args]: readonly string[], work: Work): Promise<T> {
  const { code, signal, output, errors } = await runProgram(program!, args, { stdio: 'pipe' }, JSON.stringify(work));
  if (code !== 0) throw new Error(signal ?? reasonIn(errors) ?? `exit code ${code}`);
  return JSON.parse(lastLine(output)) as T;
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

/** Node puts an error's name and message before its stack, Python after it. */
function reasonIn(errors: string): string | undefined {
  const lines = errors.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.findLast((line) => /^(\w+\.)*\w*(Error|Exception)\b/.test(line)) ?? lines.at(-1);
}
