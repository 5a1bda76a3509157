/** Calls the hooks of several callbacks in order, awaiting each. */
import { show, typeError } from '../errors.js';
import type { Model } from '../models/model.js';
import type { CallbackHooks, CallbackParams, Logs } from './callback.js';

type Stage = 'Train' | 'Test' | 'Predict';
type StageHook = `on${Stage}${'Begin' | 'End'}`;
type EpochHook = 'onEpochBegin' | 'onEpochEnd';

export class CallbackList {
  /**
   * `around` wraps every call of a hook, so that the model knows when a callback is at work.
   * Throws a TypeError when something in the list is no callback.
   */
  constructor(private readonly callbacks: readonly CallbackHooks[],
              private readonly around: <T>(call: () => Promise<T>) => Promise<T> = (call) => call()) {
    callbacks.forEach(checkCallback);
  }

  /** Tells every callback its model and the parameters of the run. */
  attach(model: Model, params: CallbackParams): void {
    for (const callback of this.callbacks) {
      callback.setModel?.(model);
      callback.setParams?.(params);
    }
  }

  /** Whether some callback wants to hear of every batch of a stage. */
  hasBatchHooks(stage: Stage): boolean {
    return this.callbacks.some((callback) => batchHooks(stage, 'Begin').concat(batchHooks(stage, 'End'))
      .some((hook) => typeof callback[hook] === 'function'));
  }

  async stage(hook: StageHook, logs: Logs = {}): Promise<void> {
    await this.#each(async (callback) => callback[hook]?.(logs), hook);
  }

  async epoch(hook: EpochHook, epoch: number, logs: Logs = {}): Promise<void> {
    await this.#each(async (callback) => callback[hook]?.(epoch, logs), hook);
  }

  async batch(stage: Stage, when: 'Begin' | 'End', batch: number, logs: Logs = {}): Promise<void> {
    for (const hook of batchHooks(stage, when)) {
      await this.#each(async (callback) => callback[hook]?.(batch, logs), hook);
    }
  }

  /** Nothing is awaited, and no promise made, where no callback has the hook. */
  async #each(call: (callback: CallbackHooks) => Promise<void>, hook: keyof CallbackHooks): Promise<void> {
    const concerned = this.callbacks.filter((callback) => callback[hook] !== undefined);
    if (concerned.length === 0) return;
    await this.around(async () => {
      for (const callback of concerned) await call(callback);
    });
  }
}

type BatchHook = `on${Stage | ''}Batch${'Begin' | 'End'}` & keyof CallbackHooks;

function batchHooks(stage: Stage, when: 'Begin' | 'End'): BatchHook[] {
  return stage === 'Train' ? [`onBatch${when}`, `onTrainBatch${when}`] : [`on${stage}Batch${when}`];
}

/** Keras's own spelling of a hook would never be called, so it is refused. */
function checkCallback(callback: unknown, index: number): void {
  if (callback === null || typeof callback !== 'object' || Array.isArray(callback)) {
    throw typeError(`callbacks[${index}]`, 'an object with hooks', callback);
  }
  for (const name in callback) {
    if (/^(on|set)_[a-z]/.test(name)) {
      const camelCase = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const expected = `hooks in camelCase (${camelCase})`;
      throw new TypeError(`\`callbacks[${index}]\` must have ${expected}, received ${show(name)}`);
    }
  }
}
