import { Worker } from 'node:worker_threads';

/** A Worker that runs in-worker.ts; resolves once its job runs. */
export async function trainingWorker(how: 'train' | 'exit' | 'finish' | 'fit'): Promise<Worker> {
  const file = new URL('./in-worker.ts', import.meta.url).href;
  // In a Worker, tsx has to be registered before the first TypeScript file is loaded.
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import('${file}'); });`;
  const worker = new Worker(start, { eval: true, workerData: how });
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return worker;
}

export function exited(worker: Worker): Promise<number> {
  return new Promise((resolve) => worker.once('exit', resolve));
}
