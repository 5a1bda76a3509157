import { checkConfig, readOptions, toSnakeCase, type Config, type UnsupportedOptions } from '../config.js';
import { checkNumber, rangeError, typeError, unknownName } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Reduction } from '../program/instruction.js';
import type { DType, Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';

/** How the losses of the elements of a batch become one: Keras's names. */
export type LossReduction = 'sum_over_batch_size' | 'mean' | 'sum' | 'mean_with_sample_weight' | 'none';

export interface LossOptions {
  /**
   * 'sum_over_batch_size' (default) and 'mean': weighted losses are added and divided by the number of elements;
   * 'sum': added; 'mean_with_sample_weight': divided by the sum of the weights. 'none' cannot be compiled.
   * camelCase is accepted.
   */
  reduction?: LossReduction | 'sumOverBatchSize' | 'meanWithSampleWeight' | null;
  /** Default: the class in snake_case. */
  name?: string;
}

/** What the targets of an output have to look like. */
export interface TargetSpec {
  dtype: DType;
  /** Batch axis in front. */
  shape: Shape;
  /** Integer targets are checked to be below this. */
  classes?: number;
}

const reductions: readonly LossReduction[] = ['sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight', 'none'];

/**
 * What training minimizes. A subclass says in `lower` what the loss of each element is; an element is everything along
 * the last axis of the prediction. The gradients follow from the builder's operations.
 *
 * @example
 * class Huber extends Loss {
 *   static override readonly className: string = 'Huber';
 *   override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
 *     const error = builder.pointwise('abs', builder.subtract(prediction, target));
 *     const inside = builder.pointwise('relu', builder.affine(error, -1, 1)); // 1 - |e| within delta 1
 *     const beyond = builder.pointwise('relu', builder.affine(error, 1, -1));
 *     const bounded = builder.affine(inside, -1, 1); // min(|e|, 1)
 *     const square = builder.affine(builder.pointwise('square', bounded), 0.5, 0);
 *     return builder.mean(builder.add(square, beyond));
 *   }
 * }
 */
export abstract class Loss {
  /** The class's name in configs. */
  static readonly className: string = 'Loss';

  readonly name: string;
  readonly reduction: LossReduction;

  constructor(options: LossOptions = {}) {
    const { className } = this.constructor as typeof Loss;
    const { name, reduction } = readLossOptions(className, options);
    this.name = readName(name, className);
    this.reduction = readReduction(reduction);
  }

  /** Emits the loss of each element: shape of the prediction without its last axis, or with 1 there. */
  abstract lower(builder: ProgramBuilder, target: Value, prediction: Value): Value;

  /** What targets must look like for predictions of this shape. Default: floats of the same shape. */
  targetSpec(predictionShape: Shape): TargetSpec {
    return { dtype: 'f32', shape: predictionShape };
  }

  /**
   * The reduction as the core names it.
   * @throws TypeError for 'none', which leaves no one number to minimize
   */
  get programReduction(): Reduction {
    switch (this.reduction) {
      case 'sum_over_batch_size': case 'mean': return 'sumOverBatchSize';
      case 'sum': return 'sum';
      case 'mean_with_sample_weight': return 'meanWithSampleWeight';
      case 'none':
        throw new TypeError(`loss "${this.name}" has \`reduction\` 'none': a model needs one number to minimize`);
    }
  }

  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }

  /** The loss that `getConfig` described. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(checkConfig('config', config) as never);
  }
}

/** A loss's options with camelCase keys; `own` are those beyond the common ones. */
export function readLossOptions<T extends LossOptions>(where: string, options: T,
                                                       own: readonly (keyof T & string)[] = [],
                                                       notYet: UnsupportedOptions = {}): T {
  return readOptions(where, options, ['reduction', 'name', ...own], { dtype: 'float32', ...notYet });
}

/** A number from 0 to 1. */
export function checkLabelSmoothing(value: unknown): number {
  return checkNumber('labelSmoothing', value ?? 0, 0, 1);
}

/** Keras's axis of the classes: only the last one. */
export function checkLastAxis(axis: unknown): -1 {
  if (axis === undefined || axis === null || axis === -1) return -1;
  throw rangeError('axis', '-1 (quern keeps classes in the last axis)', axis);
}

function readName(name: unknown, className: string): string {
  if (name === undefined || name === null) return toSnakeCase(className);
  if (typeof name !== 'string' || name === '') throw typeError('name', 'a string that is not empty', name);
  return name;
}

function readReduction(reduction: unknown): LossReduction {
  if (reduction === undefined) return 'sum_over_batch_size';
  if (reduction === null) return 'none';
  if (typeof reduction !== 'string') throw typeError('reduction', 'the name of a reduction', reduction);
  const known = reductions.find((name) => name === toSnakeCase(reduction));
  if (!known) throw unknownName('reduction', reduction, reductions);
  return known;
}
