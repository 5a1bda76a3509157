/** The public surface of quern: names as in Keras, camelCased. The kernels themselves are in `quern/kernels`. */

// Models
export { Model } from './models/model.js';
export { Sequential, type SequentialOptions, type SequentialPart } from './models/sequential.js';
export type { CompileOptions } from './models/compile.js';
export type { Precision } from './precision.js';
export type { ClassWeight, EvaluateOptions, FitOptions, PassOptions, PredictOptions } from './models/fit-options.js';
export type { TestOnBatchOptions, TrainOnBatchOptions } from './models/on-batch.js';
export type { PredictSyncOptions } from './models/predict.js';
export type { Profile, ProfileEntry, ProfileOptions } from './models/profile.js';
export type { SummaryOptions } from './models/summary.js';
export { ModelBusyError } from './errors.js';
export type { Config, SerializedObject } from './config.js';

// Layers
export {
  Activation, Dense, Dropout, Flatten, Input, InputLayer, Layer, Rescaling, Reshape, Softmax, SymbolicTensor,
} from './layers/index.js';
export type { DenseOptions, InputOptions, LayerOptions } from './layers/index.js';

// Optimizers
export { Adam, Optimizer, SGD, type AdamOptions, type OptimizerOptions, type SGDOptions } from './optimizers/index.js';

// Callbacks
export { Callback, History, type CallbackHooks, type CallbackParams, type Logs } from './callbacks/index.js';
export type { Verbose } from './progress.js';

// Data
export { NdArray, type NestedValues } from './nd-array.js';
export type { ArrayInput, CsrMatrix, InputData } from './data/arrays.js';
export { fashionMnist, loadIdx, mnist } from './datasets/index.js';
export { setRandomSeed, toCategorical, trainTestSplit } from './utils.js';

// The extension point: subclasses of Layer, Loss, Metric and Optimizer say in `lower` what they compute.
export { ProgramBuilder, type Value } from './program/builder.js';
export type { ProgramSpec, Shape } from './program/spec.js';
export type { Instruction } from './program/instruction.js';

// Namespaces: names collide between them. Most have `get` for Keras's identifiers.
export * as activations from './activations.js';
export * as callbacks from './callbacks/index.js';
export * as datasets from './datasets/index.js';
export * as initializers from './initializers/index.js';
export * as layers from './layers/index.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export * as optimizers from './optimizers/index.js';
export * as schedules from './schedules/index.js';
export * as utils from './utils.js';
