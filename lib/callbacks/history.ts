/** What fit returns: the results of every epoch. */
import type { CallbackHooks, CallbackParams, Logs } from './callback.js';

/**
 * Loss and metrics of each epoch: plain data, and a callback as any other.
 *
 * @example
 * const { history } = await model.fit(x, y, { epochs: 3, validationSplit: 0.1 });
 * console.log(history.loss, history.val_loss);
 */
export class History implements CallbackHooks {
  /** The epochs that were trained, counted from 0 (from `initialEpoch`). */
  epoch: number[] = [];
  /** One value an epoch for each name: `loss`, `accuracy`, `val_loss`, … */
  history: Record<string, number[]> = {};
  /** What the run was asked for. */
  params: CallbackParams = { verbose: 0, epochs: 0, steps: 0 };

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  onTrainBegin(): void {
    this.epoch = [];
    this.history = {};
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }
}
