/**
 * What decides shuffling and dropout: a seed, and how many epochs the model was trained since it was compiled.
 *
 * The count outlives the model: it is in its config, and where only the optimizer's weights were carried over it
 * follows from their number of iterations. So training goes on bit for bit in a rebuilt model.
 */
import { checkInteger, typeError } from '../errors.js';
import { drawSeed } from '../random.js';

/** As `getConfig` holds it; plain data. */
export interface RandomnessConfig {
  seed: number;
  epochs: number;
  /** The optimizer's iterations that belong to `epochs`. */
  iterations: number;
}

/** trainOnBatch draws from epochs that no fit reaches. */
const singleSteps = 2 ** 40;

export class Randomness {
  #seed: number | undefined;
  #epochs = 0;
  #iterations = 0;
  #isRestored = false;

  /** The model's own seed, drawn when it is first needed. */
  get seed(): number {
    return (this.#seed ??= drawSeed());
  }

  /** Epochs trained since compile. */
  get epochs(): number {
    return this.#epochs;
  }

  /** The epoch of a step outside fit: no two steps of a model share it. */
  singleStepEpoch(iterations: number): number {
    return singleSteps + iterations;
  }

  /** A compile starts to count anew, the first one after `restore` excepted. */
  compiled(iterations: number): void {
    if (this.#isRestored) this.#isRestored = false;
    else [this.#epochs, this.#iterations] = [0, iterations];
  }

  /**
   * Before a fit: iterations that no training of this model made were carried over from another one, and whole
   * epochs of `stepsPerPass` batches, `stepsPerEpoch` at a time, led to them.
   */
  reconcile(iterations: number, stepsPerPass: number, stepsPerEpoch: number): void {
    if (iterations === this.#iterations) return;
    const epochsPerPass = Math.ceil(stepsPerPass / stepsPerEpoch);
    const passes = Math.floor(iterations / stepsPerPass);
    this.#epochs = passes * epochsPerPass + Math.floor((iterations - passes * stepsPerPass) / stepsPerEpoch);
    this.#iterations = iterations;
  }

  /** After every span of training. */
  advanced(iterations: number): void {
    this.#iterations = iterations;
  }

  epochFinished(): void {
    this.#epochs++;
  }

  getConfig(): RandomnessConfig {
    return { seed: this.seed, epochs: this.#epochs, iterations: this.#iterations };
  }

  restore(config: RandomnessConfig): void {
    this.#seed = config.seed;
    this.#epochs = config.epochs;
    this.#iterations = config.iterations;
    this.#isRestored = true;
  }
}

/** The part of a model's config that `getConfig` above wrote. */
export function readRandomnessConfig(config: unknown): RandomnessConfig {
  if (config === null || typeof config !== 'object') throw typeError('config.randomness', 'an object', config);
  const { seed, epochs, iterations } = config as Partial<RandomnessConfig>;
  return {
    seed: checkInteger('config.randomness.seed', seed),
    epochs: checkInteger('config.randomness.epochs', epochs),
    iterations: checkInteger('config.randomness.iterations', iterations),
  };
}
