/**
 * What a model is at the moment: its graph once it is built, its weights' slab, what it was compiled with, and the
 * programs made from these. Everything is made when it is first needed and dropped when what it was made from changes.
 */
import { shapeOf, type InputData } from '../data/arrays.js';
import type { Parameter } from '../layers/parameter.js';
import type { Loss } from '../losses/index.js';
import { NdArray } from '../nd-array.js';
import {
  graphParameters, lowerEvaluation, lowerPrediction, lowerTraining, type Graph, type Lowered, type Objective,
} from '../program/lower.js';
import type { Mode } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Compiled } from './compile.js';
import { sameDataSpec, type DataSpec } from './data-spec.js';
import { buildLayers, show, valueShapes } from './graph.js';
import { PlannedProgram } from './programs.js';
import { Randomness } from './randomness.js';
import { Slab, type SlabUser } from './slab.js';
import { TrainingLock } from './training-lock.js';

export class ModelState implements SlabUser {
  readonly lock = new TrainingLock();
  readonly randomness = new Randomness();
  /** All weights, in Keras's order. */
  slabParameters: readonly Parameter[] = [];
  #graph: Graph | undefined;
  #slab: Slab | undefined;
  #compiled: Compiled | undefined;
  /** What training changes: the trainable weights as they were when the model was compiled, or built after that. */
  #trained: readonly Parameter[] = [];
  #programs = new Map<string, PlannedProgram>();

  /** `describe` gives the graph for inputs of a shape, or for the shape the layers were given. */
  constructor(private readonly name: string, private readonly describe: (inputShape?: Shape) => Graph | undefined) {}

  get isBuilt(): boolean {
    return this.#graph !== undefined;
  }

  /** Shape of the input the model is built for. */
  get inputShape(): Shape | undefined {
    return this.#graph?.inputs[0]!.shape;
  }

  get compiled(): Compiled | undefined {
    return this.#compiled;
  }

  /** All weights, in Keras's order; the model must be built. */
  parameters(what: string): readonly Parameter[] {
    this.requireBuilt(what);
    return this.slabParameters;
  }

  requireBuilt(what: string): Graph {
    if (this.#graph) return this.#graph;
    throw new TypeError(`\`${what}\` needs a model that is built: give the first layer an \`inputShape\`, ` +
      'put an Input first, or call build(inputShape) or fit');
  }

  requireCompiled(what: string): Compiled {
    if (this.#compiled) return this.#compiled;
    throw new TypeError(`\`${what}\` needs a compiled model: call compile({ optimizer, loss }) first`);
  }

  requireLoss(what: string): Compiled & { loss: Loss } {
    const compiled = this.requireCompiled(what);
    if (compiled.loss) return compiled as Compiled & { loss: Loss };
    throw new TypeError(`\`${what}\` needs a loss: give compile a \`loss\``);
  }

  /** Shape of every node's output, batch axis in front. */
  outputShapes(): Shape[] {
    const graph = this.requireBuilt('outputShape');
    return valueShapes(graph).slice(graph.inputs.length);
  }

  /** Numbers the optimizer keeps once it has been at work: as Keras counts them, its iterations and rate among them. */
  countOptimizerParams(): number | undefined {
    const optimizer = this.#compiled?.optimizer;
    if (!optimizer || optimizer.iterations === 0 || !this.#graph) return undefined;
    return optimizer.getWeights().reduce((sum, { size }) => sum + size, 0);
  }

  /** Builds the layers, for inputs of a shape or as their own options say; does nothing when that is not known yet. */
  build(inputShape?: Shape): void {
    const graph = this.describe(inputShape);
    if (graph) buildLayers(graph);
    this.#adopt(graph);
  }

  /** After the layers have become others: a model that has been trained must then be compiled again. */
  rebuild(): void {
    const graph = this.describe();
    if (graph) buildLayers(graph);
    if ((this.#compiled?.optimizer.iterations ?? 0) > 0) this.#compiled = undefined;
    this.#adopt(graph);
  }

  #adopt(graph: Graph | undefined): void {
    this.#programs.clear();
    this.#graph = graph;
    this.slabParameters = graph ? graphParameters(graph) : [];
    this.#bind(this.#compiled);
  }

  /**
   * What data `what` (a method's name) takes. A model that is not built is described for the shape of x and stays
   * unbuilt, so that data that are refused leave nothing behind.
   */
  dataSpec(what: string, mode: Mode, x: InputData): DataSpec {
    const { loss } = this.requireLoss(what);
    if (this.#graph) return this.program(what, mode, false).lowered;
    const graph = this.describe([null, ...rowShapeOf(x)]);
    if (!graph) throw new TypeError(`\`${what}\` needs a model with layers, this has none`);
    const shapes = valueShapes(graph);
    return {
      inputShapes: graph.inputs.map(({ shape }) => shape),
      targets: graph.outputs.map((output) => loss.targetSpec(shapes[output]!)),
    };
  }

  /** The program for data that were checked to be as `spec` says; a model that is not built is built for them. */
  programFor(spec: DataSpec, what: string, mode: Mode, sampleWeights: boolean): PlannedProgram {
    this.requireLoss(what);
    if (!this.#graph) this.build(spec.inputShapes[0]!);
    const planned = this.program(what, mode, sampleWeights);
    if (sameDataSpec(planned.lowered, spec)) return planned;
    throw new TypeError(`the model was changed while \`${what}\` ran, and now takes data of other shapes`);
  }

  /** Takes effect only when it all fits together. */
  compile(compiled: Compiled): void {
    const lowered = this.#graph && compiled.loss
      ? this.#lower(this.#graph, 'training', compiled, false, this.#trainable()) : undefined;
    compiled.optimizer.adopt(this);
    this.#bind(compiled);
    this.#compiled = compiled;
    this.#programs.clear();
    if (lowered) this.#programs.set(keyOf('training', false), new PlannedProgram(lowered, this.#slabNow().native));
    this.randomness.compiled(compiled.optimizer.iterations);
  }

  /** The program for a use of the model, made at its first; `what` is the method that needs it. */
  program(what: string, mode: Mode, sampleWeights: boolean): PlannedProgram {
    const graph = this.requireBuilt(what);
    const compiled = mode === 'prediction' ? undefined : this.requireLoss(what);
    const slab = this.#slabNow();
    const key = keyOf(mode, sampleWeights);
    let planned = this.#programs.get(key);
    if (!planned) {
      planned = new PlannedProgram(this.#lower(graph, mode, compiled, sampleWeights), slab.native);
      this.#programs.set(key, planned);
    }
    return planned;
  }

  /** Remembers weights, slots and iterations; the result puts them back. */
  remember(): () => void {
    const { optimizer } = this.requireCompiled('profile');
    const { iterations } = optimizer;
    this.checkSlots();
    const restoreSlab = this.#slabNow().remember(optimizer.slots);
    return () => {
      restoreSlab();
      optimizer.iterations = iterations;
      this.randomness.advanced(iterations);
    };
  }

  /** Copies of all weights in Keras's order, all as they are after the same step. */
  readWeights(): NdArray<Float32Array>[] {
    const parameters = this.parameters('getWeights');
    const values = parameters.length === 0 ? [] : this.#slabNow().copy(parameters);
    return parameters.map(({ shape }, i) => new NdArray(values[i]!, shape));
  }

  /** Throws when another model that shares layers with this one was compiled later, and so has the slots. */
  checkSlots(): void {
    if (this.#slabNow().serves(this.requireCompiled('fit').optimizer)) return;
    throw new TypeError('this model shares layers with another one that was compiled after it: ' +
      'compile it again to train it');
  }

  /** The weights' slab. It is another one after layers have come to be shared. */
  #slabNow(): Slab {
    if (this.#slab?.holds(this.slabParameters)) return this.#slab;
    this.#programs.clear();
    return (this.#slab = Slab.of(this));
  }

  #bind(compiled: Compiled | undefined): void {
    if (!this.#graph || !compiled) return;
    const trained = this.#trainable();
    this.#slabNow().bind(compiled.optimizer, trained, this);
    this.#trained = trained;
  }

  #trainable(): Parameter[] {
    return this.slabParameters.filter(({ trainable }) => trainable);
  }

  #lower(graph: Graph, mode: Mode, compiled: Compiled | undefined, sampleWeights: boolean,
         trained = this.#trained): Lowered {
    const { parameters } = this.#slabNow();
    const { precision } = compiled ?? this.#compiled ?? {};
    const options = {
      name: this.name, maxRows: 1, sampleWeights, parameters, trained: new Set(trained),
      ...(precision && { precision }),
    };
    if (mode === 'prediction') return lowerPrediction(graph, options);
    const objective = compiled as Objective;
    if (mode === 'evaluation') return lowerEvaluation(graph, objective, options);
    return lowerTraining(graph, objective, compiled!.optimizer, options);
  }
}

/** Constants, since a string made anew would be hashed again by each `predictSync`. */
const weightedKeys: Record<Mode, string> = {
  training: 'weighted training', evaluation: 'weighted evaluation', prediction: 'weighted prediction',
};

function keyOf(mode: Mode, sampleWeights: boolean): string {
  return sampleWeights ? weightedKeys[mode] : mode;
}

/** The shape of one row of x, which a model is to be built for. */
function rowShapeOf(x: InputData): number[] {
  const shape = shapeOf('x', x);
  if (!shape) {
    throw new TypeError('`x` must be an array with a shape for a model that is not built, ' +
      'received a bare typed array; give the first layer an `inputShape`');
  }
  if (shape.includes(0)) throw new RangeError(`\`x\` must not be empty, received shape ${show(shape)}`);
  if (shape.length < 2) {
    throw new RangeError('`x` must have an axis of samples and at least one more for a model that is not built, ' +
      `received shape ${show(shape)}`);
  }
  return shape.slice(1);
}
