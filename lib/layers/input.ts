import { readOptions, type Config } from '../config.js';
import { typeError } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { checkBatchShape, checkDtype, checkRowShape, Layer } from './layer.js';

export interface InputOptions {
  /** Sizes of one row. */
  shape?: readonly number[];
  /** The same with the batch axis, which is null, in front; or all of it. */
  batchShape?: readonly (number | null)[];
  /** Default: 'input_layer', with a number from the second one on. */
  name?: string;
  /** Only 'float32', which is the default. (Bytes and integers are converted as they are read.) */
  dtype?: string;
}

/** Where rows enter a model. */
export class InputLayer extends Layer {
  static override readonly className: string = 'InputLayer';
  readonly batchShape: Shape;

  constructor(options: InputOptions) {
    const read = readOptions('InputLayer', options, ['shape', 'batchShape', 'name', 'dtype'], {
      batchSize: null, sparse: false, ragged: false, optional: false,
    });
    if ((read.shape === undefined) === (read.batchShape === undefined)) {
      throw typeError('shape', 'given (the sizes of one row), or else `batchShape`', read.shape);
    }
    const batchShape = read.shape === undefined
      ? checkBatchShape('batchShape', read.batchShape) : [null, ...checkRowShape('shape', read.shape)];
    checkDtype(read.dtype);
    super({ ...(read.name === undefined ? {} : { name: read.name }), batchInputShape: batchShape });
    this.batchShape = batchShape;
    super.build(batchShape);
  }

  override lower(_: ProgramBuilder, x: Value): Value {
    return x;
  }

  override getConfig(): Config {
    return { batch_shape: [...this.batchShape], dtype: 'float32', sparse: false, ragged: false, name: this.name };
  }
}

/** A value of a model that is being described: what stands for the rows to come. */
export class SymbolicTensor {
  /** Batch axis, which is null, in front. */
  readonly shape: Shape;
  readonly dtype = 'float32';

  constructor(readonly name: string, shape: Shape, /** Where it comes from. */ readonly layer: Layer) {
    this.shape = [...shape];
  }
}

/**
 * The start of a model: rows of this shape. It stands first in a Sequential.
 *
 * @example
 * const model = new Sequential([Input({ shape: [784] }), new Dense(10)]);
 */
export function Input(options: InputOptions): SymbolicTensor {
  const layer = new InputLayer(options);
  return new SymbolicTensor(layer.name, layer.batchShape, layer);
}
