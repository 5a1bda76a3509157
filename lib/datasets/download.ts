/** One file over HTTP into memory: with redirects, a time limit without progress, and a limit of size. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';

export interface DownloadLimits {
  /** Milliseconds without a byte (or an answer) before giving up. */
  stall: number;
  /** Milliseconds for the whole file. */
  total: number;
  /** Bytes of the largest file taken. */
  bytes: number;
  /** Milliseconds before the mirrors are tried again. */
  pause: number;
}

/** Called as bytes come; `total` is undefined when the server does not say. */
export type DownloadProgress = (received: number, total: number | undefined) => void;

/** An answer that will not get better by asking again. */
export class PermanentError extends Error {}

const mostRedirects = 5;
/** Of the answers that put the blame on us, those that may be other ones the next time. */
const passing = [408, 425, 429];

/** The body of `url`. Rejects unless it is complete. */
export async function download(url: string, limits: DownloadLimits, progress: DownloadProgress): Promise<Uint8Array> {
  const deadline = Date.now() + limits.total;
  let address = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await request(address, limits, deadline, progress);
    if (answer instanceof Uint8Array) return answer;
    if (address.protocol === 'https:' && answer.protocol !== 'https:') {
      throw new PermanentError(`redirected from https to ${answer.href}`);
    }
    address = answer;
  }
  throw new PermanentError(`redirected more than ${mostRedirects} times`);
}

type Get = (url: URL, options: RequestOptions) => ClientRequest;

/** The body, or the address that the server sends us to. */
async function request(url: URL, limits: DownloadLimits, deadline: number,
                       progress: DownloadProgress): Promise<Uint8Array | URL> {
  const get: Get = url.protocol === 'https:' ? (await import('node:https')).get : (await import('node:http')).get;
  return new Promise((resolve, reject) => {
    // Through the process's global agent, where programs and Node itself (NODE_USE_ENV_PROXY) say what proxy to use.
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'quern', connection: 'close' };
    const request = get(url, { headers });
    const watch = new Watch(request, limits, deadline);
    const fail = (error: Error): void => reject(watch.reason ?? error);
    request.on('error', fail);
    request.on('close', () => watch.stop());
    request.on('response', (response) => {
      watch.progressed();
      const target = redirection(url, response);
      const answer = target ? Promise.resolve(target) : readBody(response, watch, limits, progress);
      answer.then(resolve, fail).finally(() => request.destroy());
    });
  });
}

function redirection(url: URL, response: IncomingMessage): URL | undefined {
  const { statusCode = 0, headers: { location } } = response;
  const redirects = [301, 302, 303, 307, 308].includes(statusCode);
  return redirects && location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

async function readBody(response: IncomingMessage, watch: Watch, limits: DownloadLimits,
                        progress: DownloadProgress): Promise<Uint8Array> {
  refuseStatus(response);
  const announced = Number(response.headers['content-length'] ?? NaN);
  const total = Number.isNaN(announced) ? undefined : announced;
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      watch.progressed();
      chunks.push(chunk);
      received += chunk.length;
      if (received > limits.bytes) throw new PermanentError(`more than ${limits.bytes} bytes`);
      progress(received, total);
    }
  } catch (error) {
    // Node's own word for it is "aborted".
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    throw new Error(`cut off after ${received} ${total === undefined ? '' : `of ${total} `}bytes`, { cause: error });
  }
  return Buffer.concat(chunks);
}

function refuseStatus({ statusCode = 0, statusMessage = '' }: IncomingMessage): void {
  if (statusCode === 200) return;
  const error = `HTTP ${statusCode} ${statusMessage}`.trim();
  const isFinal = statusCode >= 400 && statusCode < 500 && !passing.includes(statusCode);
  throw isFinal ? new PermanentError(error) : new Error(error);
}

/** Ends a request that stalls or takes too long, and keeps the reason. */
class Watch {
  readonly #stall: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;
  reason: Error | undefined;

  /** @param deadline When the whole file must be there, redirects included, as `Date.now()` counts. */
  constructor(request: ClientRequest, limits: DownloadLimits, deadline: number) {
    const end = (after: number, reason: string): NodeJS.Timeout => setTimeout(() => {
      this.reason = new Error(reason);
      request.destroy(this.reason);
    }, Math.max(0, after));
    this.#stall = end(limits.stall, `no data for ${limits.stall / 1000} s`);
    this.#total = end(deadline - Date.now(), `not complete after ${limits.total / 1000} s`);
  }

  progressed(): void {
    this.#stall.refresh();
  }

  stop(): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#total);
  }
}
