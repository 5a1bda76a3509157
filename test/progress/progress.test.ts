import assert from 'node:assert/strict';
import {
  formatDuration, formatLogs, formatStepTime, Progress, resolveVerbose, type ProgressStream,
} from '../../lib/progress.js';

/** What a terminal of so many columns would be sent. */
function terminal(columns = 200): ProgressStream & { sent: string } {
  return { isTTY: true, columns, sent: '', write(text: string) { this.sent += text; } };
}

function pipe(): ProgressStream & { sent: string } {
  return { sent: '', write(text: string) { this.sent += text; } };
}

/** Runs with a clock that stands at the first of so many seconds, and moves to the next at each tick. */
function atTimes(seconds: number[], run: (tick: () => void) => void): void {
  const { uptime } = process;
  let at = 0;
  process.uptime = () => 1 + seconds[at]!;
  try {
    run(() => { at++; });
  } finally {
    process.uptime = uptime;
  }
}

const plain = (text: string): string => text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '');

describe('verbose', () => {
  it('auto is 1 on a terminal and 2 elsewhere; 1 elsewhere is 2', () => {
    assert.deepEqual([0, 1, 2, 'auto'].map((verbose) => resolveVerbose(verbose, terminal())), [0, 1, 2, 1]);
    assert.deepEqual([0, 1, 2, 'auto'].map((verbose) => resolveVerbose(verbose, pipe())), [0, 2, 2, 2]);
  });

  it('is nothing else', () => {
    assert.throws(() => resolveVerbose('loud'),
      { name: 'RangeError', message: "`verbose` must be 'auto', 0, 1 or 2, received \"loud\"" });
    assert.throws(() => resolveVerbose(true), TypeError);
  });
});

describe('progress on a terminal', () => {
  it('is a bar that is drawn over itself', () => {
    const out = terminal();
    const progress = new Progress(1, 200, 6400, out);
    progress.title('Epoch 1/2');
    progress.update(50, { loss: 0.5, accuracy: 0.75 });
    progress.finish(200, { loss: 0.25, accuracy: 1, val_loss: 0.5 });
    const [title, live, last, ...rest] = plain(out.sent).split(/\n\r?|\r/);
    assert.equal(title, 'Epoch 1/2');
    assert.match(live!, /^ 50\/200 ━{20} 0s \d+us\/step \d+ samples\/s - accuracy: 0\.7500 - loss: 0\.5000$/);
    assert.match(last!,
      /^200\/200 ━{20} 0s \d+us\/step \d+ samples\/s - accuracy: 1\.0000 - loss: 0\.2500 - val_loss: 0\.5000$/);
    assert.deepEqual(rest, ['']);
    assert.equal(out.sent.match(/\r/g)!.length, 2);
  });

  it('shows the time that is left, the samples made, and at the end the time that went by', () => {
    const out = terminal();
    atTimes([0, 10, 20], (tick) => {
      const progress = new Progress(1, 4, 14, out);
      tick();
      progress.update(1, {});
      tick();
      progress.finish(4, {});
    });
    const [live, last] = plain(out.sent).trim().split('\r');
    assert.match(live!, /^1\/4 ━{20} 30s 10s\/step 0 samples\/s$/);
    assert.match(last!, /^4\/4 ━{20} 20s 5s\/step 1 samples\/s$/);
  });

  it('colours the part that is done', () => {
    const out = terminal();
    new Progress(1, 4, 4, out).update(1, {});
    assert.ok(out.sent.includes(`\x1b[32m${'━'.repeat(5)}\x1b[90m${'━'.repeat(15)}\x1b[0m`));
  });

  it('is not drawn more often than anyone sees', () => {
    const out = terminal();
    const progress = new Progress(1, 1000, 1000, out);
    for (let step = 1; step <= 1000; step++) progress.update(step, {});
    assert.ok(out.sent.match(/\r/g)!.length < 100);
  });

  it('stays within the line', () => {
    const out = terminal(40);
    new Progress(1, 10, 10, out).update(5, { accuracy: 0.123456, loss: 0.5, mean_absolute_error: 3 });
    assert.ok(plain(out.sent).length <= 40);
  });

  it('gives the bar up for the line, but no figure of the last form', () => {
    for (const columns of [1, 6, 12, 20]) {
      const narrow = terminal(columns);
      new Progress(1, 10, 10, narrow).update(5, { loss: 0.5 });
      assert.ok(plain(narrow.sent).slice(1).length < Math.max(columns, 7), plain(narrow.sent));
    }
    const out = terminal(40);
    new Progress(1, 10, 10, out).finish(10, { accuracy: 0.123456, loss: 0.5, mean_absolute_error: 3 });
    assert.match(out.sent, / - mean_absolute_error: 3\.0000\x1b\[K\n$/);
  });

  it('leaves nothing of a longer line', () => {
    const out = terminal();
    new Progress(1, 10, 10, out).update(5, { loss: 0.5 });
    assert.ok(out.sent.endsWith('0.5000\x1b[K'));
  });

  it('has no colours where none are wanted', () => {
    const out = { ...terminal(), hasColors: () => false };
    new Progress(1, 4, 4, out).update(1, {});
    assert.match(out.sent, /^\r1\/4 ━{5}─{15} \d+s [^\x1b]*\x1b\[K$/);
    const coloured = { ...terminal(), hasColors: () => true };
    new Progress(1, 4, 4, coloured).update(1, {});
    assert.ok(coloured.sent.includes('\x1b[32m'));
  });

  it('has room for figures where the terminal does not know its width', () => {
    const out = terminal(0);
    new Progress(1, 10, 10, out).update(5, { loss: 0.5 });
    assert.match(plain(out.sent), / - loss: 0\.5000$/);
  });

  it('shows all steps as done while validation goes on', () => {
    const out = terminal();
    const progress = new Progress(1, 10, 10, out);
    progress.update(5, { loss: 1 });
    progress.stopClock(10, { loss: 0.5 });
    assert.match(plain(out.sent), /\r10\/10 ━{20} 0s \d+us\/step \d+ samples\/s - loss: 0\.5000$/);
    const silent = pipe();
    new Progress(2, 10, 10, silent).stopClock(10, { loss: 0.5 });
    assert.equal(silent.sent, '');
  });

  it('leaves the cursor below the line when it is cut short', () => {
    const out = terminal();
    const progress = new Progress(1, 10, 10, out);
    progress.abandon();
    assert.equal(out.sent, '');
    progress.update(5, {});
    progress.abandon();
    progress.abandon();
    assert.equal(out.sent.match(/\n/g)!.length, 1);
  });

  it('does not count validation among the time of steps', async () => {
    const out = terminal();
    const progress = new Progress(1, 1, 1, out);
    progress.stopClock(1, {});
    await new Promise((resume) => setTimeout(resume, 1000));
    progress.finish(1, {});
    assert.match(plain(out.sent), /\d+(us|ms)\/step/);
  });
});

describe('progress elsewhere', () => {
  it('is one line when all is done', () => {
    const out = pipe();
    const progress = new Progress(2, 469, 60000, out);
    progress.title('Epoch 3/10');
    progress.update(100, { loss: 1 });
    progress.finish(469, { loss: 0.3012, accuracy: 0.9123, val_loss: 0.00012, val_accuracy: 0.95 });
    assert.match(out.sent, new RegExp(String.raw`^Epoch 3/10\n469/469 - 0s - \d+us/step - accuracy: 0\.9123 - loss: ` +
      String.raw`0\.3012 - val_accuracy: 0\.9500 - val_loss: 1\.2000e-4\n$`));
  });

  it('is nothing when silent', () => {
    const out = pipe();
    const progress = new Progress(0, 4, 4, out);
    progress.title('Epoch 1/2');
    progress.update(1, {});
    progress.finish(4, {});
    assert.equal(out.sent, '');
  });
});

describe('figures', () => {
  it('are durations as clocks show them', () => {
    assert.deepEqual([0.4, 59.4, 60, 3599, 3725].map(formatDuration), ['0s', '59s', '1:00', '59:59', '1:02:05']);
  });

  it('are times of a step in a fitting unit', () => {
    assert.deepEqual([2.4, 0.0151, 0.00034].map(formatStepTime), ['2s/step', '15ms/step', '340us/step']);
  });

  it('are values with four digits', () => {
    assert.equal(formatLogs({ loss: 0, b: 0.0005, a: -12.34567, zeros: NaN, val_a: Infinity, c: -0.0005 }),
      ' - a: -12.3457 - b: 5.0000e-4 - c: -5.0000e-4 - loss: 0.0000 - zeros: NaN - val_a: Infinity');
  });
});
