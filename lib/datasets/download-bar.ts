import type { DownloadProgress } from './download.js';

/** Milliseconds between two drawings. */
const interval = 100;
const width = 30;

/** A line on a terminal that shows how far a download is; nothing where there is no terminal. */
export class DownloadBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #name: string;
  #drawn = 0;

  constructor(name: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#name = name;
    this.#stream = stream;
  }

  readonly update: DownloadProgress = (received, total) => {
    const now = performance.now();
    if (!this.#stream.isTTY || (this.#drawn > 0 && now - this.#drawn < interval)) return;
    this.#drawn = now;
    // A line that wraps cannot be drawn over. Terminals that do not know their width say 0.
    const room = (this.#stream.columns || 80) - 1;
    this.#stream.write(`\r\x1b[K${`${this.#name} ${describe(received, total)}`.slice(0, room)}`);
  };

  /** Leaves the line empty. */
  clear(): void {
    if (this.#drawn > 0) this.#stream.write('\r\x1b[K');
    this.#drawn = 0;
  }
}

function describe(received: number, total: number | undefined): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  if (!total) return `${megabytes(received)} MB`;
  const filled = Math.min(width, Math.floor((received / total) * width));
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}] ${megabytes(received)}/${megabytes(total)} MB`;
}
