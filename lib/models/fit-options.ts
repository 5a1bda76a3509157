/** The options of fit, evaluate and predict: their defaults, and what each may be. */
import type { CallbackHooks } from '../callbacks/callback.js';
import { readCallOptions } from '../config.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { checkBoolean, checkInteger, checkNumber, rangeError, typeError } from '../errors.js';
import type { Verbose } from '../progress.js';

/** A weight for each class by its number; classes that are not named weigh 1. */
export type ClassWeight = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/** Options that every pass over data has. */
export interface PassOptions {
  /** Rows of a batch; the last one may be smaller. Default 32. */
  batchSize?: number;
  /** Default 'auto': a live bar on a terminal, else one line. */
  verbose?: Verbose;
  /** Rejects with the signal's reason after the step at hand. */
  signal?: AbortSignal;
  /** 1 to 256. Default: `QUERN_THREADS`, else the physical cores the process may use. Never changes results. */
  threads?: number;
  /** Refuses NaN and infinities in the data with an error that names row and column. Default false. */
  checkFinite?: boolean;
  /** Objects with hooks, called in order; or a single one. */
  callbacks?: readonly CallbackHooks[] | CallbackHooks;
}

export interface EvaluateOptions extends PassOptions {
  /** Only true: results always come by name. */
  returnDict?: true;
  /** One weight a row. */
  sampleWeight?: ArrayInput;
  /** At most so many batches. Default: all. */
  steps?: number;
}

export interface PredictOptions extends PassOptions {
  /** At most so many batches. Default: all. */
  steps?: number;
}

export interface FitOptions extends PassOptions {
  /** The number of the last epoch, counted from 1; training starts at `initialEpoch`. Default 1. */
  epochs?: number;
  /** The first epoch, counted from 0: for going on where an earlier fit ended. Default 0. */
  initialEpoch?: number;
  /** Whether each epoch visits the rows in an order of its own. Default true. */
  shuffle?: boolean;
  /** Decides shuffling and dropout, with the number of epochs since compile. Default: one drawn for the model. */
  seed?: number;
  /** `[x, y]` or `[x, y, sampleWeight]`, evaluated after epochs. Overrides `validationSplit`. */
  validationData?: readonly [x: InputData, y: ArrayInput, sampleWeight?: ArrayInput];
  /** The last fraction of the data is kept for validation, before any shuffling. Default 0. */
  validationSplit?: number;
  /** Validates after every so many epochs, or after these epochs (counted from 1). Default 1. */
  validationFreq?: number | readonly number[];
  /** Default: `batchSize`. */
  validationBatchSize?: number;
  /** At most so many batches of validation. Default: all. */
  validationSteps?: number;
  /**
   * Batches of an epoch. Default: all of the data. With fewer, the next epoch goes on where this one ended, and a
   * pass over the data ends with an epoch that may be shorter.
   */
  stepsPerEpoch?: number;
  /** Weighs each row by its class. Not together with `sampleWeight`; not applied to validation. */
  classWeight?: ClassWeight;
  /** One weight a row, for the loss and the weighted metrics. */
  sampleWeight?: ArrayInput;
}

const passOptions = ['batchSize', 'verbose', 'signal', 'threads', 'checkFinite', 'callbacks'];
const fitOptions = [...passOptions, 'epochs', 'initialEpoch', 'shuffle', 'seed', 'validationData', 'validationSplit',
  'validationFreq', 'validationBatchSize', 'validationSteps', 'stepsPerEpoch', 'classWeight', 'sampleWeight'];
/** Options of Keras 2 about data that come from a generator. */
const notYet = { maxQueueSize: 10, workers: 1, useMultiprocessing: false };

export interface PassPlan {
  batchSize: number;
  verbose: Verbose;
  signal: AbortSignal | undefined;
  threads: number | undefined;
  checkFinite: boolean;
  callbacks: readonly CallbackHooks[];
  steps: number | undefined;
}

export interface EvaluatePlan extends PassPlan {
  sampleWeight: ArrayInput | undefined;
}

export interface FitPlan extends EvaluatePlan {
  epochs: number;
  initialEpoch: number;
  shuffle: boolean;
  seed: number | undefined;
  validationData: FitOptions['validationData'];
  validationSplit: number;
  validationFreq: number | readonly number[];
  validationBatchSize: number;
  validationSteps: number | undefined;
  classWeight: ClassWeight | undefined;
}

/** Checks the options of evaluate and fills in defaults. */
export function planEvaluate(given: EvaluateOptions): EvaluatePlan {
  const options = readCallOptions('evaluate', given, [...passOptions, 'steps', 'sampleWeight'],
    { ...notYet, returnDict: true });
  const { steps, sampleWeight } = options;
  return { ...planCommon(options), steps: optionalCount('steps', steps), sampleWeight };
}

/** Checks the options of predict and fills in defaults. */
export function planPredict(given: PredictOptions): PassPlan {
  const options = readCallOptions('predict', given, [...passOptions, 'steps'], notYet);
  return { ...planCommon(options), steps: optionalCount('steps', options.steps) };
}

/** Checks the options of fit that do not depend on the data, and fills in defaults. */
export function planFit(given: FitOptions): FitPlan {
  const options = readCallOptions('fit', given, fitOptions, notYet);
  const common = planCommon(options);
  const { shuffle = true, seed, validationFreq = 1, validationBatchSize = common.batchSize } = options;
  return {
    ...common,
    ...onlyOneWeight(options),
    epochs: checkInteger('epochs', options.epochs ?? 1),
    initialEpoch: checkInteger('initialEpoch', options.initialEpoch ?? 0),
    shuffle: checkBoolean('shuffle', shuffle),
    seed: seed === undefined ? undefined : checkInteger('seed', seed),
    validationData: options.validationData,
    validationSplit: checkSplit(options.validationSplit ?? 0),
    validationFreq: checkFrequency(validationFreq),
    validationBatchSize: checkInteger('validationBatchSize', validationBatchSize, 1),
    validationSteps: optionalCount('validationSteps', options.validationSteps),
    steps: optionalCount('stepsPerEpoch', options.stepsPerEpoch),
  };
}

/** Weights of samples, by themselves or by their class. */
export function onlyOneWeight({ classWeight, sampleWeight }: Pick<FitOptions, 'classWeight' | 'sampleWeight'>):
Pick<FitPlan, 'classWeight' | 'sampleWeight'> {
  if (classWeight !== undefined && sampleWeight !== undefined) {
    throw new TypeError('`classWeight` and `sampleWeight` must not both be given');
  }
  return { classWeight, sampleWeight };
}

function planCommon(options: PassOptions): Omit<PassPlan, 'steps'> {
  const { batchSize = 32, verbose = 'auto', checkFinite = false, callbacks = [], signal, threads } = options;
  if (signal !== undefined && !isSignal(signal)) throw typeError('signal', 'an AbortSignal', signal);
  return {
    batchSize: checkInteger('batchSize', batchSize, 1),
    verbose,
    signal,
    threads,
    checkFinite: checkBoolean('checkFinite', checkFinite),
    callbacks: callbackList(callbacks),
  };
}

function callbackList(callbacks: unknown): readonly CallbackHooks[] {
  if (callbacks === null || typeof callbacks !== 'object') {
    throw typeError('callbacks', 'an object with hooks, or an array of such', callbacks);
  }
  return (Array.isArray(callbacks) ? callbacks : [callbacks]) as readonly CallbackHooks[];
}

/** By its looks: a signal may come from another realm or a polyfill. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

function optionalCount(argument: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : checkInteger(argument, value, 1);
}

function checkSplit(value: number): number {
  const split = checkNumber('validationSplit', value, 0, 1);
  if (split === 1) throw rangeError('validationSplit', 'a number >= 0 and < 1', value);
  return split;
}

function checkFrequency(value: unknown): number | readonly number[] {
  if (typeof value === 'number') return checkInteger('validationFreq', value, 1);
  if (!Array.isArray(value)) throw typeError('validationFreq', 'a positive integer or an array of epochs', value);
  return value.map((epoch, index) => checkInteger(`validationFreq[${index}]`, epoch, 1));
}

/** Whether validation follows epoch `epoch`, counted from 0. */
export function validatesAfter(epoch: number, frequency: number | readonly number[]): boolean {
  return typeof frequency === 'number' ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}
