/** What the Workers of child.ts do: say that a job runs, then be terminated, exit, or finish. */
import { parentPort, workerData } from 'node:worker_threads';
import { makeRegression, startEndless, trainingSpan } from './job.js';

if (workerData === 'finish') {
  parentPort!.postMessage('running');
  await makeRegression().program.run(trainingSpan(1000)).done;
} else {
  startEndless();
  parentPort!.postMessage('running');
  if (workerData === 'exit') setTimeout(() => process.exit(3), 20);
}
