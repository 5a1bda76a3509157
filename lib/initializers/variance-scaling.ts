import type { Config } from '../config.js';
import { checkNumber, rangeError, show, typeError, unknownName } from '../errors.js';
import { elements, initializerOptions, RandomInitializer, type SeedOptions } from './initializer.js';

export type VarianceMode = 'fan_in' | 'fanIn' | 'fan_out' | 'fanOut' | 'fan_avg' | 'fanAvg';
export type VarianceDistribution =
  | 'truncated_normal' | 'truncatedNormal' | 'untruncated_normal' | 'untruncatedNormal' | 'uniform';

export interface VarianceScalingOptions extends SeedOptions {
  /** A positive number. Default 1. */
  scale?: number;
  /** Default 'fan_in'. */
  mode?: VarianceMode;
  /** Default 'truncated_normal'. */
  distribution?: VarianceDistribution;
}

/** Keras's way to say which axes are inputs and outputs; here they are always the last two. */
const axes = { inputAxes: null, outputAxes: null };

/** Standard deviation of a standard normal that is cut at two standard deviations. */
const truncatedDeviation = 0.87962566103423978;

/**
 * Values whose variance is scale / n, n being the number of inputs (`fan_in`), of outputs (`fan_out`), or the mean of
 * both. `truncated_normal` has that variance after the cut at two standard deviations.
 */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = 'VarianceScaling';

  readonly scale: number;
  readonly mode: 'fan_in' | 'fan_out' | 'fan_avg';
  readonly distribution: 'truncated_normal' | 'untruncated_normal' | 'uniform';

  constructor(options: VarianceScalingOptions = {}) {
    const { scale = 1, mode = 'fan_in', distribution = 'truncated_normal', seed } =
      initializerOptions('VarianceScaling', options, ['scale', 'mode', 'distribution', 'seed'], axes);
    super(seed);
    this.scale = checkNumber('scale', scale);
    if (scale <= 0) throw rangeError('scale', 'a number > 0', scale);
    this.mode = choice('mode', mode, ['fan_in', 'fan_out', 'fan_avg']);
    this.distribution = choice('distribution', distribution, ['truncated_normal', 'untruncated_normal', 'uniform']);
  }

  override generate(shape: readonly number[]): Float32Array {
    const variance = this.scale / Math.max(1, this.#fan(shape));
    const deviation = Math.sqrt(variance);
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return this.uniform(shape, -limit, 2 * limit);
    }
    const random = this.sequence();
    const values = new Float32Array(elements(shape));
    return this.distribution === 'untruncated_normal'
      ? values.map(() => deviation * random.normal())
      : values.map(() => (deviation / truncatedDeviation) * random.truncatedNormal());
  }

  #fan(shape: readonly number[]): number {
    const [fanIn, fanOut] = fans(shape);
    return this.mode === 'fan_in' ? fanIn : this.mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  }

  override getConfig(): Config {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seed };
  }
}

/** Inputs and outputs of a weight: its last two axes, times the axes before them (a convolution's window). */
export function fans(shape: readonly number[]): [fanIn: number, fanOut: number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0]!, shape[0]!];
  const window = elements(shape.slice(0, -2));
  return [window * shape.at(-2)!, window * shape.at(-1)!];
}

function choice<T extends string>(argument: string, given: unknown, known: readonly T[]): T {
  if (typeof given !== 'string') throw typeError(argument, known.map(show).join(' or '), given);
  const found = known.find((name) => name.replaceAll('_', '') === given.replaceAll('_', '').toLowerCase());
  if (!found) throw unknownName(argument, given, known);
  return found;
}

type ScaledClass = (new (options?: SeedOptions) => VarianceScaling)
  & Pick<typeof VarianceScaling, 'className' | 'fromConfig'>;

/** A named member of the family: its config holds just the seed. */
function scaled(className: string, scale: number, mode: VarianceMode, distribution: VarianceDistribution): ScaledClass {
  return class extends VarianceScaling {
    static override readonly className: string = className;

    constructor(options: SeedOptions = {}) {
      const { seed } = initializerOptions(className, options, ['seed'], axes);
      super({ scale, mode, distribution, seed: seed ?? null });
    }

    override getConfig(): Config {
      return { seed: this.seed };
    }
  };
}

/** Uniform within ±sqrt(6 / (inputs + outputs)). */
export class GlorotUniform extends scaled('GlorotUniform', 1, 'fan_avg', 'uniform') {}
/** Truncated normal of variance 2 / (inputs + outputs). */
export class GlorotNormal extends scaled('GlorotNormal', 1, 'fan_avg', 'truncated_normal') {}
/** Uniform within ±sqrt(6 / inputs). */
export class HeUniform extends scaled('HeUniform', 2, 'fan_in', 'uniform') {}
/** Truncated normal of variance 2 / inputs. */
export class HeNormal extends scaled('HeNormal', 2, 'fan_in', 'truncated_normal') {}
/** Uniform within ±sqrt(3 / inputs). */
export class LecunUniform extends scaled('LecunUniform', 1, 'fan_in', 'uniform') {}
/** Truncated normal of variance 1 / inputs. */
export class LecunNormal extends scaled('LecunNormal', 1, 'fan_in', 'truncated_normal') {}
