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

  it('may be none', () => assert.rejects(fetch([]), /no mirror has a usable file\.gz/));
});
