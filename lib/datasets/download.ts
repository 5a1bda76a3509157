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

/** The body of `url`. Rejects unless it is complete. */
export async function download(url: string, limits: DownloadLimits, progress: DownloadProgress): Promise<Uint8Array> {
  const deadline = Date.now() + limits.total;
  let address = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await request(address, { ...limits, total: deadline - Date.now() }, progress);
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
async function request(url: URL, limits: DownloadLimits, progress: DownloadProgress): Promise<Uint8Array | URL> {
  const get: Get = url.protocol === 'https:' ? (await import('node:https')).get : (await import('node:http')).get;
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { 'accept-encoding': 'identity', 'user-agent': 'quern' } });
    const watch = new Watch(request, limits);
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
  const { statusCode = 0, statusMessage = '' } = response;
  if (statusCode !== 200) {
    const error = `HTTP ${statusCode} ${statusMessage}`.trim();
    throw statusCode >= 400 && statusCode < 500 && statusCode !== 429 ? new PermanentError(error) : new Error(error);
  }
  const announced = Number(response.headers['content-length'] ?? NaN);
  const total = Number.isNaN(announced) ? undefined : announced;
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    watch.progressed();
    chunks.push(chunk);
    received += chunk.length;
    if (received > limits.bytes) throw new PermanentError(`more than ${limits.bytes} bytes`);
    progress(received, total);
  }
  if (total !== undefined && received !== total) throw new Error(`cut off after ${received} of ${total} bytes`);
  return Buffer.concat(chunks);
}

/** Ends a request that stalls or takes too long, and keeps the reason. */
class Watch {
  readonly #stall: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;
  reason: Error | undefined;

  constructor(request: ClientRequest, limits: DownloadLimits) {
    const end = (after: number, reason: string): NodeJS.Timeout => setTimeout(() => {
      this.reason = new Error(`${reason} ${after / 1000} s`);
      request.destroy(this.reason);
    }, Math.max(0, after));
    this.#stall = end(limits.stall, 'no data for');
    this.#total = end(limits.total, 'not complete after');
  }

  progressed(): void {
    this.#stall.refresh();
  }

  stop(): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#total);
  }
}
