/**
 * What decides shuffling and dropout: a seed, and how many epochs the model was trained since it was compiled.
 *
 * The count outlives the model: it is in its config, and where only the optimizer's weights were carried over it
 * follows from their number of iterations. So training goes on bit for bit in a rebuilt model.
 */
import { checkInteger, typeError } from '../errors.js';
import { drawSeed } from '../random.js';

/** A pass over the data, which one epoch makes or, with few `stepsPerEpoch`, several do. */
interface Pass {
  /** The epoch it began with: all its epochs shuffle and drop out as that one. */
  began: number;
  stepsPerPass: number;
  stepsPerEpoch: number;
}

/** As `getConfig` holds it; plain data. */
export interface RandomnessConfig {
  seed: number;
  /** Epochs trained since compile. */
  epochs: number;
  /** The optimizer's iterations that belong to `epochs`. */
  iterations: number;
  pass: Pass | null;
}

/** The steps of an epoch: `steps` from `firstStep` on, of a pass that is shuffled as epoch `epoch`. */
export interface EpochPlace {
  epoch: number;
  firstStep: number;
  steps: number;
}

/** trainOnBatch draws from epochs that no fit reaches. */
const singleSteps = 2 ** 40;

export class Randomness {
  /** Drawn with the model: what happens to other objects later does not decide what this model draws. */
  #seed = drawSeed();
  #epochs = 0;
  #iterations = 0;
  #pass: Pass | null = null;
  #isRestored = false;

  /** The model's own seed. */
  get seed(): number {
    return this.#seed;
  }

  /** The epoch of a step outside fit: no two steps of a model share it. */
  singleStepEpoch(iterations: number): number {
    return singleSteps + iterations;
  }

  /** A compile starts to count anew, the first one after `restore` excepted. */
  compiled(iterations: number): void {
    if (!this.#isRestored) [this.#epochs, this.#iterations, this.#pass] = [0, iterations, null];
    this.#isRestored = false;
  }

  /**
   * Before a fit: iterations that no training of this model made were carried over from another one, and whole
   * epochs of `stepsPerPass` batches, `stepsPerEpoch` at a time, led to them.
   */
  reconcile(iterations: number, stepsPerPass: number, stepsPerEpoch: number): void {
    if (iterations === this.#iterations) return;
    const began = Math.floor(iterations / stepsPerPass) * Math.ceil(stepsPerPass / stepsPerEpoch);
    this.#epochs = began + Math.floor((iterations % stepsPerPass) / stepsPerEpoch);
    this.#pass = { began, stepsPerPass, stepsPerEpoch };
    this.#iterations = iterations;
  }

  /** The next epoch: it goes on with the pass at hand while that has steps left and is cut in the same way. */
  place(stepsPerPass: number, stepsPerEpoch: number): EpochPlace {
    let firstStep = 0;
    const pass = this.#pass;
    if (pass?.stepsPerPass === stepsPerPass && pass.stepsPerEpoch === stepsPerEpoch) {
      firstStep = (this.#epochs - pass.began) * stepsPerEpoch;
    }
    if (firstStep === 0 || firstStep >= stepsPerPass) {
      this.#pass = { began: this.#epochs, stepsPerPass, stepsPerEpoch };
      firstStep = 0;
    }
    return { epoch: this.#pass!.began, firstStep, steps: Math.min(stepsPerEpoch, stepsPerPass - firstStep) };
  }

  /** After every span of training. */
  advanced(iterations: number): void {
    this.#iterations = iterations;
  }

  epochFinished(): void {
    this.#epochs++;
  }

  getConfig(): RandomnessConfig {
    return { seed: this.seed, epochs: this.#epochs, iterations: this.#iterations, pass: this.#pass };
  }

  restore({ seed, epochs, iterations, pass }: RandomnessConfig): void {
    this.#seed = seed;
    this.#epochs = epochs;
    this.#iterations = iterations;
    this.#pass = pass;
    this.#isRestored = true;
  }
}

/** The part of a model's config that `getConfig` above wrote. */
export function readRandomnessConfig(config: unknown): RandomnessConfig {
  const whole = reader('config.randomness', config);
  const given = (config as Partial<RandomnessConfig>).pass ?? null;
  const pass = given === null ? null : reader('config.randomness.pass', given);
  return {
    seed: whole('seed'), epochs: whole('epochs'), iterations: whole('iterations'),
    pass: pass && { began: pass('began'), stepsPerPass: pass('stepsPerPass'), stepsPerEpoch: pass('stepsPerEpoch') },
  };
}

/** Gives integers >= 0 of an object by their keys. */
function reader(argument: string, object: unknown): (key: string) => number {
  if (object === null || typeof object !== 'object') throw typeError(argument, 'an object', object);
  return (key) => checkInteger(`${argument}.${key}`, (object as Record<string, unknown>)[key]);
}
