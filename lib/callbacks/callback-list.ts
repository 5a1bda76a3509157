/** Calls the hooks of several callbacks in order, awaiting each. */
import { toCamelCase } from '../config.js';
import { show, typeError } from '../errors.js';
import type { Model } from '../models/model.js';
import type { CallbackHooks, CallbackParams, Logs } from './callback.js';

type Stage = 'Train' | 'Test' | 'Predict';
type StageHook = `on${Stage}${'Begin' | 'End'}`;
type EpochHook = 'onEpochBegin' | 'onEpochEnd';

const hookNames = [
  'setModel', 'setParams', 'onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onTrainBatchBegin',
  'onTrainBatchEnd', 'onBatchBegin', 'onBatchEnd', 'onTestBegin', 'onTestEnd', 'onTestBatchBegin', 'onTestBatchEnd',
  'onPredictBegin', 'onPredictEnd', 'onPredictBatchBegin', 'onPredictBatchEnd',
] as const satisfies readonly (keyof CallbackHooks)[];

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
  async attach(model: Model, params: CallbackParams): Promise<void> {
    await this.#each(async (callback) => callback.setModel?.(model), 'setModel');
    await this.#each(async (callback) => callback.setParams?.(params), 'setParams');
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
    const concerned = this.callbacks.filter((callback) => typeof callback[hook] === 'function');
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

/** Everything that is looked up later is checked here; Keras's own spelling of a hook would never be called. */
function checkCallback(callback: unknown, index: number): void {
  const argument = `callbacks[${index}]`;
  if (callback === null || typeof callback !== 'object' || Array.isArray(callback)) {
    throw typeError(argument, 'an object with hooks', callback);
  }
  for (const name of namesOf(callback)) {
    const camelCase = toCamelCase(name);
    if (camelCase !== name && isHook(camelCase)) {
      throw new TypeError(`\`${argument}\` must have hooks in camelCase (${camelCase}), received ${show(name)}`);
    }
    const value: unknown = isHook(name) ? (callback as CallbackHooks)[name] : undefined;
    if (value !== undefined && value !== null && typeof value !== 'function') {
      throw typeError(`${argument}.${name}`, 'a function', value);
    }
  }
}

/** Names of all properties, those of classes included, which for...in leaves out. */
function namesOf(object: object): Set<string> {
  const names = new Set<string>();
  for (let part = object; part && part !== Object.prototype; part = Object.getPrototypeOf(part) as object) {
    for (const name of Object.getOwnPropertyNames(part)) names.add(name);
  }
  return names;
}

function isHook(name: string): name is keyof CallbackHooks {
  return (hookNames as readonly string[]).includes(name);
}
