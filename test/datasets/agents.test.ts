import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import { download, PermanentError } from '../../lib/datasets/download.js';
import { MisbehavingServer, redirect, send, type Behaviour } from './server.js';
import { shortLimits } from './small-set.js';

const body = Uint8Array.of(1, 2, 3);

/** Connects to the server at `url` wherever a request is for, in the clear, as a proxy's agent might; counts. */
class DetourAgent extends http.Agent {
  readonly hosts: string[] = [];
  readonly #port: number;

  constructor(url: string, protocol: 'http:' | 'https:') {
    super();
    this.#port = Number(new URL(url).port);
    (this as unknown as { protocol: string }).protocol = protocol;
  }

  override createConnection({ host }: { host?: string }): Socket {
    this.hosts.push(host!);
    return connect(this.#port, '127.0.0.1');
  }
}

/** What `url` gives while all requests of the process take a detour to a server that behaves so. */
async function fetchOnDetour(url: string, ...behaviours: Behaviour[]) {
  await using server = await MisbehavingServer.start(...behaviours);
  const before = [http.globalAgent, https.globalAgent] as const;
  const [plain, secure] = [new DetourAgent(server.url, 'http:'), new DetourAgent(server.url, 'https:')];
  http.globalAgent = plain;
  https.globalAgent = secure as http.Agent as https.Agent;
  try {
    const bytes = await download(url, shortLimits, () => {});
    return { bytes: new Uint8Array(bytes), plain: plain.hosts, secure: secure.hosts };
  } finally {
    [http.globalAgent, https.globalAgent] = before;
  }
}

describe('a download through the agents of the process', () => {
  it('takes the way that they say, so that proxies work', async () => {
    assert.deepEqual(await fetchOnDetour('http://mirror.example/file.gz', send(body)),
      { bytes: body, plain: ['mirror.example'], secure: [] });
    assert.deepEqual(await fetchOnDetour('https://mirror.example/file.gz', send(body)),
      { bytes: body, plain: [], secure: ['mirror.example'] });
  });

  it('follows redirects to other hosts, and up to https', async () => {
    const { bytes, plain, secure } = await fetchOnDetour('http://mirror.example/file.gz',
      redirect('https://other.example/file.gz'), redirect('//third.example/file.gz'), send(body));
    assert.deepEqual([bytes, plain, secure], [body, ['mirror.example'], ['other.example', 'third.example']]);
  });

  it('does not follow them down from https', () =>
    assert.rejects(
      fetchOnDetour('https://mirror.example/file.gz', redirect('http://other.example/file.gz'), send(body)),
      (error: Error) => {
        assert.ok(error instanceof PermanentError);
        assert.equal(error.message, 'redirected from https to http://other.example/file.gz');
        return true;
      }));
});
