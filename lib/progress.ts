/**
 * Progress of fit, evaluate and predict on standard output: on a terminal a live bar in Keras's manner, elsewhere one
 * line when an epoch is over.
 */
import { rangeError, typeError } from './errors.js';

/** `'auto'` is 1 on a terminal and 2 elsewhere; 0 is silent, 1 a live bar, 2 one line an epoch. */
export type Verbose = 'auto' | 0 | 1 | 2;

/** Where lines go: process.stdout, or what a test puts in its place. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Node's word on whether colours are wanted: knows NO_COLOR, FORCE_COLOR and what TERM can do. */
  hasColors?(): boolean;
  write(text: string): unknown;
}

const barWidth = 20;
/** Redrawing more often costs more than anyone sees. */
const redrawSeconds = 0.05;

/** 1 needs a terminal to redraw its line on; without one it is 2. */
export function resolveVerbose(verbose: unknown, stream: ProgressStream = process.stdout): 0 | 1 | 2 {
  if (typeof verbose !== 'string' && typeof verbose !== 'number') {
    throw typeError('verbose', "'auto', 0, 1 or 2", verbose);
  }
  if (verbose === 0) return 0;
  if (verbose !== 'auto' && verbose !== 1 && verbose !== 2) throw rangeError('verbose', "'auto', 0, 1 or 2", verbose);
  return verbose === 2 || !stream.isTTY ? 2 : 1;
}

/** One pass over the data: a line that grows, then stands. */
export class Progress {
  // Not by `performance`, for which Node loads a dozen modules.
  readonly #started = process.uptime();
  /** Seconds of the pass, once its clock is stopped. */
  #stopped: number | undefined;
  #drawn = 0;
  #isOpen = false;

  /** `steps` and `rows` are those of the whole pass. */
  constructor(private readonly verbose: 0 | 1 | 2, private readonly steps: number, private readonly rows: number,
              private readonly stream: ProgressStream = process.stdout) {}

  /** A line of its own: `Epoch 1/5`. */
  title(text: string): void {
    if (this.verbose) this.stream.write(`${text}\n`);
  }

  /** Whether `update` would draw now, so that callers need not gather what is not shown. */
  get isDue(): boolean {
    return this.verbose === 1 && process.uptime() - this.#drawn >= redrawSeconds;
  }

  /** Redraws the live bar: `step` batches are done. */
  update(step: number, logs: Record<string, number>): void {
    if (!this.isDue) return;
    this.#drawn = process.uptime();
    this.#draw(step, logs, this.#seconds(), false);
  }

  /**
   * Freezes the clock of the pass: validation that follows is not part of its time per step. The live bar shows that
   * the steps are done while validation goes on.
   */
  stopClock(step: number, logs: Record<string, number>): void {
    this.#stopped ??= this.#elapsed();
    if (this.verbose === 1) this.#draw(step, logs, this.#stopped, false);
  }

  /** The last form of the line. */
  finish(step: number, logs: Record<string, number>): void {
    if (!this.verbose) return;
    const seconds = this.#seconds();
    if (this.verbose === 2) {
      const time = `${formatDuration(seconds)} - ${formatStepTime(seconds / Math.max(1, step))}`;
      this.stream.write(`${step}/${this.steps} - ${time}${formatLogs(logs)}\n`);
      return;
    }
    this.#draw(step, logs, seconds, true);
    this.#close();
  }

  /** Leaves the line as it is and the cursor below it: the pass was cut short. */
  abandon(): void {
    this.#close();
  }

  #seconds(): number {
    return this.#stopped ?? this.#elapsed();
  }

  #elapsed(): number {
    return process.uptime() - this.#started;
  }

  #close(): void {
    if (this.#isOpen) this.stream.write('\n');
    this.#isOpen = false;
  }

  #draw(step: number, logs: Record<string, number>, seconds: number, isLast: boolean): void {
    const count = `${String(step).padStart(String(this.steps).length)}/${this.steps}`;
    const perStep = seconds / Math.max(1, step);
    const clock = formatDuration(isLast ? seconds : perStep * (this.steps - step));
    const samples = ((step * this.rows) / this.steps / Math.max(seconds, 1e-9)).toFixed(0);
    const figures = step === 0 ? '' : ` ${clock} ${formatStepTime(perStep)} ${samples} samples/s${formatLogs(logs)}`;
    // A line that wraps cannot be drawn over. Terminals that do not know their width say 0.
    const room = Math.max(0, (this.stream.columns || 80) - 1 - count.length - 1);
    const width = Math.min(barWidth, room);
    const rest = isLast ? figures : figures.slice(0, room - width);
    this.stream.write(`\r${this.#bar(count, width, step / this.steps)}${rest}\x1b[K`);
    this.#isOpen = true;
  }

  #bar(count: string, width: number, part: number): string {
    const done = Math.floor(width * part);
    const isColoured = this.stream.hasColors?.() ?? true;
    if (!isColoured) return `${count} ${'━'.repeat(done)}${'─'.repeat(width - done)}`;
    return `${bold}${count}${plain} ${green}${'━'.repeat(done)}${grey}${'━'.repeat(width - done)}${plain}`;
  }
}

const [bold, green, grey, plain] = ['\x1b[1m', '\x1b[32m', '\x1b[90m', '\x1b[0m'];

/** `7s`, `1:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total}s`;
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}:${twoDigits(total % 60)}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${twoDigits(total % 60)}`;
}

/** `2s/step`, `15ms/step`, `340us/step`. */
export function formatStepTime(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(0)}s/step`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toFixed(0)}ms/step`;
  return `${(seconds * 1e6).toFixed(0)}us/step`;
}

/** ` - accuracy: 0.9123 - loss: 0.3012`: training names in order of the alphabet, then those of validation. */
export function formatLogs(logs: Record<string, number>): string {
  const isValidation = (name: string): number => (name.startsWith('val_') ? 1 : 0);
  return Object.entries(logs)
    .sort(([a], [b]) => isValidation(a) - isValidation(b) || (a < b ? -1 : 1))
    .map(([name, value]) => ` - ${name}: ${formatValue(value)}`)
    .join('');
}

function formatValue(value: number): string {
  return value === 0 || Math.abs(value) > 1e-3 ? value.toFixed(4) : value.toExponential(4);
}
