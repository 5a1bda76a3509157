/**
 * Callbacks: Keras's hooks, camelCased. Any object with some of them will do.
 *
 * Every hook may return a promise, which is awaited before training goes on. With no batch hook a whole epoch runs
 * natively without a stop; with one, training stops after every batch to call it.
 */
import type { Model } from '../models/model.js';

/** Loss and metrics by name, validation results with the prefix `val_`. */
export type Logs = Record<string, number>;

/** What a callback learns of the run through `setParams`. */
export interface CallbackParams {
  verbose: 0 | 1 | 2;
  epochs: number;
  /** Batches of an epoch, or of the data for evaluate and predict. */
  steps: number;
}

type HookResult = void | Promise<void>;

/** All hooks are optional. `epoch` and `batch` count from 0. `logs` of an epoch's end may be added to. */
interface Hooks {
  onTrainBegin?(logs: Logs): HookResult;
  onTrainEnd?(logs: Logs): HookResult;
  onEpochBegin?(epoch: number, logs: Logs): HookResult;
  onEpochEnd?(epoch: number, logs: Logs): HookResult;
  onTrainBatchBegin?(batch: number, logs: Logs): HookResult;
  onTrainBatchEnd?(batch: number, logs: Logs): HookResult;
  /** The older name of `onTrainBatchBegin`; both are called. */
  onBatchBegin?(batch: number, logs: Logs): HookResult;
  /** The older name of `onTrainBatchEnd`; both are called. */
  onBatchEnd?(batch: number, logs: Logs): HookResult;
  onTestBegin?(logs: Logs): HookResult;
  onTestEnd?(logs: Logs): HookResult;
  onTestBatchBegin?(batch: number, logs: Logs): HookResult;
  onTestBatchEnd?(batch: number, logs: Logs): HookResult;
  onPredictBegin?(logs: Logs): HookResult;
  onPredictEnd?(logs: Logs): HookResult;
  onPredictBatchBegin?(batch: number, logs: Logs): HookResult;
  onPredictBatchEnd?(batch: number, logs: Logs): HookResult;
}

/** What may stand in `callbacks`: an object with some of the hooks. */
export interface CallbackHooks extends Hooks {
  /** Called before all hooks. */
  setModel?(model: Model): HookResult;
  setParams?(params: CallbackParams): HookResult;
}

/**
 * A base class for callbacks that remembers the model and the parameters of the run.
 *
 * @example
 * class StopAt extends callbacks.Callback {
 *   constructor(private readonly accuracy: number) { super(); }
 *   onEpochEnd(_epoch: number, logs: Logs) {
 *     if (logs.accuracy! >= this.accuracy) this.model!.stopTraining = true;
 *   }
 * }
 */
export class Callback {
  /** The model in training, from `setModel`. */
  model: Model | undefined;
  /** From `setParams`. */
  params: CallbackParams | undefined;

  setModel(model: Model): HookResult {
    this.model = model;
  }

  setParams(params: CallbackParams): HookResult {
    this.params = params;
  }
}
// The hooks are declared on the class, yet not defined: a hook that exists costs its calls.
export interface Callback extends Hooks {}
