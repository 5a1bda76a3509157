import assert from 'node:assert/strict';
import { fetchFrom } from '../../lib/datasets/mirrors.js';
import { cut, deadUrl, MisbehavingServer, send, silence, stall, status, type Behaviour } from './server.js';
import { shortLimits } from './small-set.js';

const body = Buffer.from('the right bytes, at last');
const wrong = Buffer.from('<html>other bytes</html>');

/** Takes nothing but the right bytes. */
async function accept(bytes: Uint8Array): Promise<string> {
  if (!body.equals(bytes)) throw new Error('wrong bytes');
  return 'accepted';
}

const fetch = (mirrors: string[], stallLimit = 10_000): Promise<string> =>
  fetchFrom(mirrors, 'file.gz', { ...shortLimits, stall: stallLimit }, accept);

describe('mirrors', () => {
  it('are asked in order, and no further than the first that has the file', async () => {
    await using first = await MisbehavingServer.start(send(body));
    await using second = await MisbehavingServer.start(send(body));
    assert.equal(await fetch([first.url, second.url]), 'accepted');
    assert.deepEqual([first.asked, second.asked], [['/file.gz'], []]);
  });

  const failures: [string, Behaviour][] = [
    ['sends other bytes', send(wrong)], ['cuts the connection', cut(body)], ['stalls', stall(body)],
    ['does not answer', silence], ['answers 404', status(404)], ['answers 503', status(503)],
  ];
  for (const [what, behaviour] of failures) {
    it(`give way to the next when one ${what}`, async () => {
      await using bad = await MisbehavingServer.start(behaviour);
      await using good = await MisbehavingServer.start(send(body));
      assert.equal(await fetch([bad.url, good.url], 50), 'accepted');
      assert.deepEqual([bad.asked.length, good.asked.length], [1, 1]);
    });
  }

  it('give way to the next when nobody listens', async () => {
    await using good = await MisbehavingServer.start(send(body));
    assert.equal(await fetch([await deadUrl(), good.url]), 'accepted');
  });

  for (const [what, behaviour] of failures.filter(([name]) => name !== 'answers 404')) {
    it(`are asked again after one ${what}`, async () => {
      await using server = await MisbehavingServer.start(behaviour, send(body));
      assert.equal(await fetch([server.url], 50), 'accepted');
      assert.equal(server.asked.length, 2);
    });
  }

  it('are not asked again when they have answered for good', async () => {
    await using missing = await MisbehavingServer.start(status(404));
    await using broken = await MisbehavingServer.start(status(500));
    await assert.rejects(fetch([missing.url, broken.url]));
    assert.deepEqual([missing.asked.length, broken.asked.length], [1, 2]);
  });

  it('all failing are all named, with what each answered', async () => {
    await using missing = await MisbehavingServer.start(status(404));
    await using lying = await MisbehavingServer.start(send(wrong));
    const dead = await deadUrl();
    await assert.rejects(fetch([missing.url, lying.url, dead]), (error: Error) => {
      assert.match(error.message, /^no mirror has a usable file\.gz:\n/);
      const lines = error.message.split('\n').slice(1);
      assert.equal(lines.length, 3);
      assert.equal(lines[0], `  ${missing.url}file.gz: HTTP 404 Not Found`);
      assert.equal(lines[1], `  ${lying.url}file.gz: wrong bytes`);
      assert.match(lines[2]!, /ECONNREFUSED/);
      assert.ok(lines[2]!.includes(dead));
      return true;
    });
  });

  it('are named with the code of an error that has no message', async () => {
    await using server = await MisbehavingServer.start(send(body));
    const refuse = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'EHOSTUNREACH' }));
    await assert.rejects(fetchFrom([server.url], 'file.gz', shortLimits, refuse), /file\.gz: EHOSTUNREACH$/);
  });

  it('may be none', () => assert.rejects(fetch([]), /no mirror has a usable file\.gz/));
});

/** What is written to standard error as to a terminal, and to standard output, while `run` runs. */
async function outputOf(run: () => Promise<unknown>): Promise<{ out: string; err: string }> {
  const sent = { out: '', err: '' };
  const { stdout, stderr } = process;
  const writes = [stdout.write, stderr.write] as const;
  const before = Object.getOwnPropertyDescriptor(stderr, 'isTTY');
  Object.defineProperty(stderr, 'isTTY', { value: true, configurable: true });
  stdout.write = ((text: string) => { sent.out += text; return true; }) as typeof stdout.write;
  stderr.write = ((text: string) => { sent.err += text; return true; }) as typeof stderr.write;
  try {
    await run();
  } finally {
    [stdout.write, stderr.write] = writes;
    if (before) Object.defineProperty(stderr, 'isTTY', before);
    else delete (stderr as { isTTY?: boolean }).isTTY;
  }
  return sent;
}

describe('a download on a terminal', () => {
  const courses: [string, Behaviour[]][] = [
    ['comes', [send(body)]], ['is cut off and comes the next time', [cut(body), send(body)]],
  ];
  for (const [what, behaviours] of courses) {
    it(`has a bar on standard error that is gone when the file ${what}`, async () => {
      await using server = await MisbehavingServer.start(...behaviours);
      const { out, err } = await outputOf(() => fetch([server.url]));
      assert.equal(out, '');
      const drawn = err.split('\r\x1b[K');
      assert.deepEqual([drawn.shift(), drawn.pop()], ['', '']);
      for (const line of drawn.filter(Boolean)) assert.match(line, /^file\.gz \[=* *\] 0\.0\/0\.0 MB$/);
      assert.ok(drawn.filter(Boolean).length >= behaviours.length);
    });
  }
});
