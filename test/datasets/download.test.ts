import assert from 'node:assert/strict';
import { download, PermanentError, type DownloadLimits } from '../../lib/datasets/download.js';
import {
  cut, deadUrl, MisbehavingServer, redirect, send, sendSlowly, sendUnannounced, silence, stall, status, trickle,
  type Behaviour,
} from './server.js';
import { shortLimits } from './small-set.js';

const body = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);

async function fetchFrom(behaviours: Behaviour[], limits: Partial<DownloadLimits> = {}) {
  await using server = await MisbehavingServer.start(...behaviours);
  const seen: [number, number | undefined][] = [];
  const bytes = await download(`${server.url}file.gz`, { ...shortLimits, ...limits },
    (received, total) => { seen.push([received, total]); });
  return { bytes: new Uint8Array(bytes), seen, asked: server.asked };
}

/** An answer whose body never ends. */
const endless = (code: number, headers = {}): Behaviour => (_, response) => {
  response.writeHead(code, headers).write('<html>');
};

const fails = (behaviours: Behaviour[], message: RegExp, limits?: Partial<DownloadLimits>): Promise<void> =>
  assert.rejects(fetchFrom(behaviours, limits), (error: Error) => {
    assert.match(error.message, message);
    assert.ok(!(error instanceof PermanentError), 'worth another try');
    return true;
  });

const failsForGood = (behaviours: Behaviour[], message: RegExp, limits?: Partial<DownloadLimits>): Promise<void> =>
  assert.rejects(fetchFrom(behaviours, limits), (error: Error) => {
    assert.match(error.message, message);
    assert.ok(error instanceof PermanentError, 'not worth another try');
    return true;
  });

describe('download', () => {
  it('gives the body, and says how far it is', async () => {
    const { bytes, seen, asked } = await fetchFrom([send(body)]);
    assert.deepEqual(bytes, body);
    assert.deepEqual(asked, ['/file.gz']);
    assert.deepEqual(seen.at(-1), [body.length, body.length]);
    const received = seen.map(([count]) => count);
    assert.deepEqual(received, [...received].sort((a, b) => a - b));
  });

  it('takes a body whose length nobody announced', async () => {
    const { bytes, seen } = await fetchFrom([sendUnannounced(body)]);
    assert.deepEqual(bytes, body);
    assert.deepEqual(seen.at(-1), [body.length, undefined]);
  });

  it('takes an empty body', async () => {
    assert.equal((await fetchFrom([send(new Uint8Array(0))])).bytes.length, 0);
  });

  it('asks for the file as it is, not packed once more, says who asks, and keeps no connection', async () => {
    const { bytes } = await fetchFrom([({ headers }, response) => {
      response.end(`${headers['accept-encoding']} ${headers['user-agent']} ${headers.connection}`);
    }]);
    assert.equal(Buffer.from(bytes).toString(), 'identity quern close');
  });

  it('follows redirects, relative ones too', async () => {
    const { bytes, asked } = await fetchFrom(
      [redirect('/a/b'), redirect('c?d=1', 307), redirect('../e', 301), send(body)]);
    assert.deepEqual(bytes, body);
    assert.deepEqual(asked, ['/file.gz', '/a/b', '/a/c?d=1', '/e']);
  });

  for (const code of [301, 302, 303, 307, 308]) {
    it(`follows ${code}`, async () =>
      assert.deepEqual((await fetchFrom([redirect('/there', code), send(body)])).bytes, body));
  }

  it('does not follow them for ever', async () => {
    const times = (count: number): Behaviour[] => new Array<Behaviour>(count).fill(redirect('/again'));
    assert.deepEqual((await fetchFrom([...times(5), send(body)])).bytes, body);
    await failsForGood([...times(6), send(body)], /redirected more than 5 times/);
  });

  it('fails for a redirect to nowhere', async () => {
    await fails([redirect('http://')], /^HTTP 302/);
    await fails([redirect('ftp://127.0.0.1/file.gz')], /ftp:/);
  });

  for (const code of [400, 401, 403, 404, 410, 451]) {
    it(`takes ${code} for an answer`, () => failsForGood([status(code)], new RegExp(`^HTTP ${code}`)));
  }

  for (const code of [204, 206, 304, 408, 425, 429, 500, 502, 503]) {
    it(`hopes for better after ${code}`, () => fails([status(code)], new RegExp(`^HTTP ${code}`)));
  }

  it('fails when the connection is cut', async () => {
    await fails([cut(body)], /cut off after \d+ of 200000 bytes/);
    await fails([cut(body, false)], /cut off after \d+ bytes/);
  });

  it('fails when the connection is cut before the answer', () =>
    fails([(request) => { request.socket.destroy(); }], /hang up|ECONNRESET/));

  it('fails when more comes than was announced', () =>
    fails([(request, response) => {
      response.socket!.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n1234567');
      request.resume();
    }], /./));

  it('fails when what answers speaks no HTTP', () =>
    fails([(_, response) => { response.socket!.end('220 mail.example ESMTP\r\n'); }], /Parse Error/));

  it('fails when nobody listens', async () => {
    await assert.rejects(download(await deadUrl(), shortLimits, () => {}), { code: 'ECONNREFUSED' });
  });

  it('fails when the server stalls, before the answer or in the middle', async () => {
    await fails([silence], /no data for 0\.05 s/, { stall: 50 });
    await fails([stall(body)], /no data for 0\.05 s/, { stall: 50 });
  });

  it('is patient with a server that is slow but steady', async () => {
    const { bytes } = await fetchFrom([sendSlowly(body, 30, 50)], { stall: 1000 });
    assert.deepEqual(bytes, body);
  });

  it('fails when the file is not there in time, though bytes keep coming', () =>
    fails([trickle], /not complete after 0\.1 s/, { total: 100 }));

  it('has one limit of time for all redirects', () =>
    fails([(request, response) => { setTimeout(() => redirect('/again')(request, response), 30); }],
      /not complete after 0\.07 s/, { total: 70 }));

  it('takes no more bytes than it may', async () => {
    await failsForGood([sendUnannounced(body)], /more than 1000 bytes/, { bytes: 1000 });
    await failsForGood([send(body)], /more than 199999 bytes/, { bytes: body.length - 1 });
    assert.equal((await fetchFrom([send(body)], { bytes: body.length })).bytes.length, body.length);
  });

  it('closes its connections, whatever came', async () => {
    const behaviours = [send(body), sendUnannounced(body), stall(body), status(404), redirect('/again'),
      endless(404), endless(302, { location: '/again' })];
    for (const behaviour of behaviours) {
      await using server = await MisbehavingServer.start(behaviour);
      const limits = { ...shortLimits, stall: behaviour === behaviours[2] ? 20 : 60_000, total: 60_000, bytes: 1000 };
      await download(server.url, limits, () => {}).catch(() => {});
      await server.left();
    }
  });
});
