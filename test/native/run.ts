/**
 * `npm run test:native -- [--sanitize address,undefined|thread] [--werror] [--emulate CPU] [name]`: builds the native
 * test program with CMake, with no Node in it, and runs the tests whose name contains `name`.
 * `--emulate Nehalem` runs them on a CPU without AVX, by qemu-x86_64.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sanitize: { type: 'string' }, werror: { type: 'boolean' }, emulate: { type: 'string' } },
});

function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const folder = join(root, `build-native${values.sanitize ? `-${values.sanitize.replace(',', '-')}` : ''}`);
run('cmake', ['-S', root, '-B', folder, '-DQUERN_TESTS=ON', `-DQUERN_WERROR=${values.werror ? 'ON' : 'OFF'}`,
              `-DQUERN_SANITIZE=${values.sanitize ?? ''}`]);
run('cmake', ['--build', folder, '--parallel', String(availableParallelism())]);
const program = join(folder, 'quern_tests');
const command = values.emulate ? ['qemu-x86_64', '-cpu', values.emulate, program] : [program];
run(command[0]!, [...command.slice(1), ...positionals], {
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1', TSAN_OPTIONS: 'halt_on_error=1',
});
