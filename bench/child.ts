/** One contender of one suite in a process of its own: prints its measurements as JSON. Started by runner.ts. */
import { measureMachine, type MachineKey } from './machine.js';
import type { Settings } from './settings.js';
import type { Measurement } from './suite.js';
import { suites } from './suites/index.js';

/** What runner.ts asks for, as JSON in the only argument. */
export type Task = { settings: Settings } & ({ suite: string; contender: string } | { machine: MachineKey[] });

async function run(task: Task): Promise<Measurement[]> {
  const { settings } = task;
  if ('machine' in task) return measureMachine(task.machine, settings.quick ? 1 : 3, settings.quick ? 1e-3 : 0.05);
  const suite = suites.find(({ name }) => name === task.suite);
  const contender = suite?.contenders(settings).find(({ name }) => name === task.contender);
  if (!contender) throw new Error(`no contender ${task.contender} in suite ${task.suite}`);
  return contender.measure();
}

const measured = await run(JSON.parse(process.argv[2]!) as Task);
process.stdout.write(`\n${JSON.stringify(measured)}\n`);
