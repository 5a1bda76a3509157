/** A server on this machine that behaves as it is told, as mirrors on a bad day do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export class MisbehavingServer implements AsyncDisposable {
  /** Paths in the order in which they were asked for. */
  readonly asked: string[] = [];
  readonly #server;

  /** @param behaviours One for each request in turn; the last one stays. */
  private constructor(...behaviours: Behaviour[]) {
    this.#server = createServer((request, response) => {
      const behave = behaviours[Math.min(this.asked.length, behaviours.length - 1)]!;
      this.asked.push(request.url!);
      behave(request, response);
    });
  }

  static async start(...behaviours: Behaviour[]): Promise<MisbehavingServer> {
    const server = new MisbehavingServer(...behaviours);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** The address of its root, with the slash that a mirror's address ends in. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Closes the server when everyone who asked has closed the connection. */
  async left(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await this.left();
  }
}

/** The address of a server that is not there any more: connections are refused. */
export async function deadUrl(): Promise<string> {
  await using server = await MisbehavingServer.start(status(500));
  return server.url;
}

export function send(body: Uint8Array): Behaviour {
  return (_, response) => response.writeHead(200, { 'content-length': body.length }).end(body);
}

/** Files by the last part of their path; 404 for others. */
export function sendFiles(files: ReadonlyMap<string, Uint8Array>): Behaviour {
  return (request, response) => {
    const body = files.get(request.url!.slice(request.url!.lastIndexOf('/') + 1));
    (body === undefined ? status(404) : send(body))(request, response);
  };
}

/** The body in chunks, with no word of its length. */
export function sendUnannounced(body: Uint8Array): Behaviour {
  return (_, response) => {
    response.writeHead(200);
    response.write(body.subarray(0, 1));
    response.end(body.subarray(1));
  };
}

/** The body in so many pieces, with so many milliseconds between them. */
export function sendSlowly(body: Uint8Array, pieces: number, pause: number): Behaviour {
  return (_, response) => {
    const size = Math.ceil(body.length / pieces);
    let sent = 0;
    const timer = setInterval(() => {
      response.write(body.subarray(sent, sent += size));
      if (sent < body.length) return;
      clearInterval(timer);
      response.end();
    }, pause);
  };
}

export function status(code: number): Behaviour {
  return (_, response) => response.writeHead(code).end('<html>no file, but a page</html>');
}

export function redirect(location: string, code = 302): Behaviour {
  return (_, response) => response.writeHead(code, { location }).end();
}

/** Closes the connection when half of the body is out. */
export function cut(body: Uint8Array, announce = true): Behaviour {
  return (_, response) => {
    response.writeHead(200, announce ? { 'content-length': body.length } : {});
    response.write(body.subarray(0, body.length >> 1), () => response.socket!.destroy());
  };
}

/** Sends half of the body and then nothing, with the connection open. */
export function stall(body: Uint8Array): Behaviour {
  return (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1));
  };
}

/** Takes the request and never answers. */
export const silence: Behaviour = () => {};

/** A byte every few milliseconds for ever: never stalls, never ends. */
export const trickle: Behaviour = (_, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('.'), 5);
  response.on('close', () => clearInterval(timer));
};
