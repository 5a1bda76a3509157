import type { Logs } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { checkName, readCallOptions, type Config } from '../config.js';
import type { ArrayInput, InputData } from '../data/arrays.js';
import { checkInteger, typeError, unknownName } from '../errors.js';
import { checkBatchShape, type Layer } from '../layers/layer.js';
import type { NdArray } from '../nd-array.js';
import type { Optimizer } from '../optimizers/index.js';
import type { Graph } from '../program/lower.js';
import type { Shape } from '../program/spec.js';
import { readCompileOptions, type CompileOptions } from './compile.js';
import { evaluate } from './evaluate.js';
import { fit } from './fit.js';
import type { EvaluateOptions, FitOptions, PredictOptions } from './fit-options.js';
import { testOnBatch, trainOnBatch, type TestOnBatchOptions, type TrainOnBatchOptions } from './on-batch.js';
import { predict, predictSync, type PredictSyncOptions } from './predict.js';
import { profile, type Profile, type ProfileOptions } from './profile.js';
import { ModelState } from './state.js';
import { summaryLines, type SummaryOptions } from './summary.js';
import { writeWeights } from '../layers/weights.js';

/**
 * A graph of layers that can be trained, evaluated and used to predict. Whatever computes for long returns a promise
 * and runs on threads of its own: the event loop stays free meanwhile.
 *
 * Arrays are read where they lie (see `ArrayInput`; x may also be a `CsrMatrix`). To transfer or resize the memory below
 * one while a call that was given it runs is a programming error. It is noticed and rejects while the memory's new owner
 * keeps it; memory that is freed meanwhile cannot be guarded.
 *
 * While a fit runs, what would change the model throws a `ModelBusyError`, except in a callback that fit awaits;
 * `predict`, `predictSync`, `evaluate` and `getWeights` see the weights of a finished step.
 */
export abstract class Model {
  readonly name: string;
  /** Set it to true, in a callback or elsewhere, to end fit after the batch or epoch at hand. */
  stopTraining = false;
  readonly #state: ModelState;

  /** `className` names the model when it is given no name. */
  constructor(name: unknown, className: string) {
    this.name = checkName(name, className);
    this.#state = new ModelState(this.name, (inputShape) => this.describe(inputShape));
  }

  /** The layers in order, without inputs. */
  abstract get layers(): readonly Layer[];

  /** The model's description as Keras writes it, plain data. `fromConfig` of the class makes a model of it. */
  abstract getConfig(): Config;

  /**
   * The graph of the layers: for inputs of this shape, or as their own options say. Undefined when there are no layers
   * or their shapes are not known. Builds nothing.
   */
  protected abstract describe(inputShape?: Shape): Graph | undefined;

  /** @internal The state behind the methods, for subclasses in this library. */
  protected get internals(): ModelState {
    return this.#state;
  }

  /** Whether the shapes of all layers are known and their weights made. */
  get built(): boolean {
    return this.#state.isBuilt;
  }

  /** The optimizer the model was compiled with. TypeError before. */
  get optimizer(): Optimizer {
    return this.#state.requireCompiled('optimizer').optimizer;
  }

  /** Shape of the input, with null for the batch axis in front. */
  get inputShape(): Shape {
    return this.#state.requireBuilt('inputShape').inputs[0]!.shape;
  }

  /** Shape of the output, with null for the batch axis in front. */
  get outputShape(): Shape {
    return this.#state.outputShapes().at(-1) ?? this.inputShape;
  }

  /** A layer by its name or its place among `layers`. */
  getLayer(nameOrIndex: string | number): Layer {
    const { layers } = this;
    if (typeof nameOrIndex === 'number') return layers[checkInteger('index', nameOrIndex, 0, layers.length - 1)]!;
    if (typeof nameOrIndex !== 'string') throw typeError('name', 'the name or index of a layer', nameOrIndex);
    const found = layers.find(({ name }) => name === nameOrIndex);
    if (!found) throw unknownName('name', nameOrIndex, layers.map(({ name }) => name));
    return found;
  }

  /**
   * Makes the weights.
   * @param inputShape Shape of the input with null for the batch axis in front. Default: what the layers say.
   */
  build(inputShape?: Shape): void {
    this.#state.lock.check('build');
    if (this.layers.length === 0) throw new TypeError('`build` needs a model with layers, this has none');
    if (inputShape !== undefined) this.#state.build(checkBatchShape('inputShape', inputShape));
    else if (!this.built) this.#state.build();
    this.#state.requireBuilt('build');
  }

  /** Prints a table of the layers, their output shapes and their numbers of weights. */
  summary(options: SummaryOptions = {}): void {
    const { print = (line: string) => console.log(line), lineLength = Math.min(88, process.stdout.columns || 88) } =
      readCallOptions('summary', options, ['print', 'lineLength'],
        { positions: null, printFn: null, expandNested: false, showTrainable: false, layerRange: null });
    if (typeof print !== 'function') throw typeError('print', 'a function that is given each line', print);
    const { name, layers } = this;
    const shapes = this.built ? this.#state.outputShapes() : undefined;
    const source = { name, layers, shapes, optimizerParams: this.#state.countOptimizerParams() };
    for (const line of summaryLines(source, checkInteger('lineLength', lineLength, 1))) print(line);
  }

  /** Number of weights, each element counted. */
  countParams(): number {
    return this.#state.parameters('countParams').reduce((sum, { size }) => sum + size, 0);
  }

  /** Copies of all weights, layer by layer: in Keras's order. */
  getWeights(): NdArray<Float32Array>[] {
    return this.#state.readWeights();
  }

  /** Replaces all weights, given in the order of `getWeights`. Nothing is changed when one does not fit. */
  setWeights(arrays: readonly ArrayInput[]): void {
    this.#state.lock.check('setWeights');
    writeWeights(this.#state.parameters('setWeights'), arrays);
  }

  /** Says how to train, and starts to count epochs anew. Call it again after `trainable` of a layer was changed. */
  compile(options: CompileOptions): void {
    this.#state.lock.check('compile');
    this.#state.compile(readCompileOptions(options));
  }

  /**
   * Trains the model. The results of every epoch are in the returned `History`.
   * @param x Samples; an unbuilt model is built for their shape.
   * @param y Targets: one-hot or dense values, or integer labels for the sparse losses.
   * @throws (rejects) with an error of a callback, of the data or of the signal; the model then has the weights of the
   * last finished step
   */
  fit(x: InputData, y: ArrayInput, options: FitOptions = {}): Promise<History> {
    return fit(this, this.#state, x, y, options);
  }

  /** Loss and metrics over the data, by name. */
  evaluate(x: InputData, y: ArrayInput, options: EvaluateOptions = {}): Promise<Logs> {
    return evaluate(this, this.#state, x, y, options);
  }

  /** Outputs for all rows of x. */
  predict(x: InputData, options: PredictOptions = {}): Promise<NdArray<Float32Array>> {
    return predict(this, this.#state, x, options);
  }

  /** Outputs for the rows of x, as one batch and silently. */
  predictOnBatch(x: InputData): Promise<NdArray<Float32Array>> {
    return predict(this, this.#state, x, { verbose: 0 }, true);
  }

  /** Outputs for the rows of x at once, on the calling thread: for serving. Allocates nothing but the result. */
  predictSync(x: InputData, options: PredictSyncOptions = {}): NdArray<Float32Array> {
    return predictSync(this.#state, x, options);
  }

  /** One training step on these rows; its loss and metrics are those before the step. */
  trainOnBatch(x: InputData, y: ArrayInput, options: TrainOnBatchOptions = {}): Promise<Logs> {
    return trainOnBatch(this.#state, x, y, options);
  }

  /** Loss and metrics of these rows. */
  testOnBatch(x: InputData, y: ArrayInput, options: TestOnBatchOptions = {}): Promise<Logs> {
    return testOnBatch(this.#state, x, y, options);
  }

  /** The program that runs, with shapes and FLOPs: of training when the model is compiled, else of prediction. */
  explain(): string {
    const mode = this.#state.compiled?.loss ? 'training' : 'prediction';
    return this.#state.program('explain', mode, false).explain();
  }

  /**
   * Runs some training steps and says what each instruction cost, beside the least that it could: for that it then
   * measures the machine, which holds up the calling thread for some tenths of a second. The model and its optimizer
   * stay as they were.
   */
  profile(x: InputData, y: ArrayInput, options: ProfileOptions = {}): Promise<Profile> {
    return profile(this.#state, x, y, options);
  }
}
