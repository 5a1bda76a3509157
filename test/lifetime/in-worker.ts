/** What the Workers of the scenes do: say that a job runs, then be terminated, exit, or finish. */
import { parentPort, workerData } from 'node:worker_threads';
import { endlessFit } from './classifier.js';
import { makeRegression, startEndless, trainingSpan } from './regression.js';

if (workerData === 'finish') {
  parentPort!.postMessage('running');
  await makeRegression().program.run(trainingSpan(1000)).done;
} else if (workerData === 'fit') {
  void endlessFit();
  setTimeout(() => parentPort!.postMessage('running'), 20);
} else {
  startEndless();
  parentPort!.postMessage('running');
  if (workerData === 'exit') setTimeout(() => process.exit(3), 20);
}
