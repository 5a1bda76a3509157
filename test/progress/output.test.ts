import assert from 'node:assert/strict';
import { blobs, classifier } from '../models/blobs.js';

const { x, labels } = blobs(40);

/** What a call writes to standard output, and to standard error. */
async function outputOf(run: () => Promise<unknown>, isTTY = false): Promise<string> {
  let sent = '';
  const { stdout } = process;
  const { write } = stdout;
  const before = Object.getOwnPropertyDescriptor(stdout, 'isTTY');
  Object.defineProperty(stdout, 'isTTY', { value: isTTY, configurable: true });
  stdout.write = ((text: string) => { sent += text; return true; }) as typeof write;
  try {
    await run();
  } finally {
    stdout.write = write;
    if (before) Object.defineProperty(stdout, 'isTTY', before);
    else delete (stdout as { isTTY?: boolean }).isTTY;
  }
  return sent;
}

describe('output of fit, evaluate and predict', () => {
  const figures = String.raw`\d+s - \d+(us|ms)/step - accuracy: \d\.\d{4} - loss: \d\.\d{4}`;

  it('is a title and a line an epoch', async () => {
    const model = classifier();
    for (const verbose of [1, 2, 'auto'] as const) {
      const sent = await outputOf(() => model.fit(x, labels,
        { epochs: 2, batchSize: 10, verbose, validationSplit: 0.25 }));
      const line = `3/3 - ${figures} - val_accuracy: \\d\\.\\d{4} - val_loss: \\d\\.\\d{4}\n`;
      assert.match(sent, new RegExp(`^Epoch 1/2\n${line}Epoch 2/2\n${line}$`));
    }
  });

  it('has no title for a single epoch, nor for evaluate and predict', async () => {
    const model = classifier();
    assert.match(await outputOf(() => model.fit(x, labels)), new RegExp(`^2/2 - ${figures}\n$`));
    assert.match(await outputOf(() => model.evaluate(x, labels)), new RegExp(`^2/2 - ${figures}\n$`));
    assert.match(await outputOf(() => model.predict(x)), /^2\/2 - \d+s - \d+(us|ms)\/step\n$/);
  });

  it('is a live bar on a terminal', async () => {
    const model = classifier();
    const sent = await outputOf(() => model.fit(x, labels, { epochs: 2 }), true);
    assert.match(sent, /^Epoch 1\/2\n\r/);
    assert.match(sent, /samples\/s - accuracy/);
    assert.match(await outputOf(() => model.evaluate(x, labels), true), /━{20}.*samples\/s/);
    assert.match(await outputOf(() => model.predict(x), true), /━{20}.*samples\/s/);
  });

  it('ends its line when fit fails in the middle', async () => {
    const model = classifier();
    const sent = await outputOf(async () => {
      await assert.rejects(model.fit(x, labels, {
        batchSize: 10, callbacks: [{ async onTrainBatchEnd(batch) {
          await new Promise((resume) => setTimeout(resume, 60));
          if (batch === 2) throw new Error('enough');
        } }],
      }), /enough/);
    }, true);
    assert.match(sent, /2\/4.*\n$/s);
  });

  it('is nothing when silent', async () => {
    const model = classifier();
    assert.equal(await outputOf(async () => {
      await model.fit(x, labels, { verbose: 0, validationSplit: 0.5 });
      await model.evaluate(x, labels, { verbose: 0 });
      await model.predict(x, { verbose: 0 });
      await model.predictOnBatch(x);
      await model.trainOnBatch(x, labels);
      await model.testOnBatch(x, labels);
    }), '');
  });

  it('counts the steps that were made when training was stopped', async () => {
    const model = classifier();
    const sent = await outputOf(() => model.fit(x, labels, {
      batchSize: 10, verbose: 2, callbacks: [{ onTrainBatchEnd(batch) { if (batch === 1) model.stopTraining = true; } }],
    }));
    assert.match(sent, /^2\/4 - /);
  });
});
