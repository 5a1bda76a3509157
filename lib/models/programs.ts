/** A program of a model: lowered once, planned for the largest batch seen so far. */
import { rangeError } from '../errors.js';
import { native, type NativeParameters, type NativeProgram } from '../native.js';
import type { Lowered } from '../program/lower.js';

export class PlannedProgram {
  #program: NativeProgram | undefined;
  #maxRows = 0;

  constructor(readonly lowered: Lowered, private readonly parameters: NativeParameters) {}

  /**
   * The program for batches of `rows` at most. It is planned for exactly as many at first; each time that is not enough
   * for at least twice as many, so that batches of ever new sizes do not plan ever new programs.
   */
  forRows(rows: number): NativeProgram {
    if (this.#program && rows <= this.#maxRows) return this.#program;
    this.#maxRows = Math.max(rows, 2 * this.#maxRows);
    const { Program } = native();
    const spec = { ...this.lowered.spec, maxRows: this.#maxRows, skipsZeros: skipsZeros() };
    return (this.#program = new Program(spec, this.parameters, {}));
  }

  /** A listing of the program, as it is planned; for batches of 32 when it is not yet. */
  explain(): string {
    return this.forRows(this.#maxRows || 32).explain();
  }
}

/** Whether products may skip zeros: unless `QUERN_SKIP_ZEROS` is 0, which is there to measure what that brings. */
function skipsZeros(): boolean {
  const variable = process.env['QUERN_SKIP_ZEROS'];
  if (variable !== undefined && !['', '0', '1'].includes(variable)) {
    throw rangeError('QUERN_SKIP_ZEROS', '0 or 1', variable);
  }
  return variable !== '0';
}
