import { readOptions, type Config } from '../config.js';
import { typeError } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { checkBatchShape, checkDtype, checkRowShape, Layer } from './layer.js';

export type InputOptions = {
  /** Default: 'input_layer', with a number from the second one on. */
  name?: string;
  /** Only 'float32', which is the default. (Bytes and integers are converted as they are read.) */
  dtype?: 'float32';
} & InputShape;

type InputShape =
  | { /** Sizes of one row. */ shape: readonly number[]; batchShape?: never }
  | { /** Sizes of one row behind that of the batch, which is null. */ batchShape: Shape; shape?: never };

/** The options as they come, those of Keras 2 among them. */
interface GivenOptions {
  name?: string;
  dtype?: unknown;
  shape?: unknown;
  batchShape?: unknown;
  inputShape?: unknown;
  batchInputShape?: unknown;
}

const inputOptions = ['shape', 'batchShape', 'inputShape', 'batchInputShape', 'name', 'dtype'];

/** Where rows enter a model. */
export class InputLayer extends Layer {
  static override readonly className: string = 'InputLayer';
  readonly batchShape: Shape;

  constructor(options: InputOptions) {
    const read = readOptions<GivenOptions>('InputLayer', options, inputOptions, {
      batchSize: null, sparse: false, ragged: false, optional: false,
    });
    const batchShape = batchShapeOf(read);
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

/** The one shape that is given, with the batch axis in front. */
function batchShapeOf(read: GivenOptions): Shape {
  const shape = read.shape ?? read.inputShape ?? undefined;
  const batchShape = read.batchShape ?? read.batchInputShape ?? undefined;
  if ((shape === undefined) === (batchShape === undefined)) {
    throw typeError('shape', 'given (the sizes of one row), or else `batchShape`', shape);
  }
  return shape === undefined ? checkBatchShape('batchShape', batchShape) : [null, ...checkRowShape('shape', shape)];
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
