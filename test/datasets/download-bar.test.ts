import assert from 'node:assert/strict';
import { DownloadBar } from '../../lib/datasets/download-bar.js';

interface Terminal {
  sent: string;
}

function terminal(columns?: number, isTTY = true): Terminal & NodeJS.WriteStream {
  const stream = { isTTY, columns, sent: '', write(text: string) { this.sent += text; } };
  return stream as Terminal as Terminal & NodeJS.WriteStream;
}

/** What stands on the line at the end. */
const lineOf = (stream: Terminal): string => stream.sent.split('\r\x1b[K').at(-1)!;

describe('the bar of a download', () => {
  it('says how much of the file is there', () => {
    const out = terminal();
    new DownloadBar('file.gz', out).update(2_500_000, 10_000_000);
    assert.equal(lineOf(out), `file.gz [${'='.repeat(7)}${' '.repeat(23)}] 2.5/10.0 MB`);
  });

  it('says how much is there of a file whose length nobody announced', () => {
    const out = terminal();
    new DownloadBar('file.gz', out).update(2_500_000, undefined);
    assert.equal(lineOf(out), 'file.gz 2.5 MB');
  });

  it('fits into its line, whatever the server sends', () => {
    const out = terminal();
    new DownloadBar('file.gz', out).update(30_000_000, 10_000_000);
    assert.equal(lineOf(out), `file.gz [${'='.repeat(30)}] 30.0/10.0 MB`);
    for (const columns of [10, 40, 60]) {
      const narrow = terminal(columns);
      new DownloadBar('train-images-idx3-ubyte.gz', narrow).update(2_500_000, 10_000_000);
      assert.ok(lineOf(narrow).length < columns, lineOf(narrow));
    }
  });

  it('has room where the terminal does not know its width', () => {
    const out = terminal(0);
    new DownloadBar('file.gz', out).update(2_500_000, undefined);
    assert.equal(lineOf(out), 'file.gz 2.5 MB');
  });

  it('is drawn over itself, and not more often than anyone sees', () => {
    const out = terminal();
    const bar = new DownloadBar('file.gz', out);
    for (let received = 1; received <= 1000; received++) bar.update(received, 1000);
    assert.ok(out.sent.split('\r').length < 100);
    assert.ok(!out.sent.includes('\n'));
  });

  it('leaves its line empty', () => {
    const out = terminal();
    const bar = new DownloadBar('file.gz', out);
    bar.clear();
    assert.equal(out.sent, '');
    bar.update(1, 2);
    bar.clear();
    assert.equal(lineOf(out), '');
  });

  it('is nothing where there is no terminal', () => {
    const out = terminal(80, false);
    const bar = new DownloadBar('file.gz', out);
    bar.update(1, 2);
    bar.clear();
    assert.equal(out.sent, '');
  });
});
