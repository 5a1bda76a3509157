/**
 * Who may change a model now. While a fit runs nothing else may, except from within a callback that it awaits; a
 * single step (trainOnBatch, profile) excludes everything else for as long as it takes.
 */
import { ModelBusyError } from '../errors.js';

export class TrainingLock {
  #isFitting = false;
  #callbacks = 0;
  #step: { name: string; settled: Promise<unknown> } | undefined;

  /** Whether the model is in training, and not just in a callback. */
  get isBusy(): boolean {
    return this.#step !== undefined || (this.#isFitting && this.#callbacks === 0);
  }

  /** Throws a ModelBusyError when `what` (a method's name) would change a model in training. */
  check(what: string): void {
    if (this.#step) throw busy(what, this.#step.name);
    if (this.#isFitting && this.#callbacks === 0) throw busy(what, 'fit');
  }

  /** Runs a fit, which nothing may interrupt. */
  async fit<T>(run: () => Promise<T>): Promise<T> {
    this.check('fit');
    if (this.#isFitting) throw busy('fit', 'fit');
    this.#isFitting = true;
    try {
      return await run();
    } finally {
      this.#isFitting = false;
    }
  }

  /** Runs a training step outside fit, or inside one of its callbacks. */
  async step<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.check(name);
    const running = run();
    this.#step = { name, settled: running.catch(() => undefined) };
    try {
      return await running;
    } finally {
      this.#step = undefined;
    }
  }

  /** Runs hooks of callbacks; a step they started without awaiting it is over when this is. */
  async callback<T>(run: () => Promise<T>): Promise<T> {
    this.#callbacks++;
    try {
      return await run();
    } finally {
      this.#callbacks--;
      await this.#step?.settled;
    }
  }
}

function busy(what: string, by: string): ModelBusyError {
  const elsewhere = by === 'fit' && what !== 'fit' ? ', or call it in a callback' : '';
  const reason = `cannot run while \`${by}\` runs on the same model`;
  return new ModelBusyError(`\`${what}\` ${reason}; await that first${elsewhere}`);
}
