/**
 * Lowers a model to programs: for training (forward, backward, update), evaluation (forward with loss and metrics) and
 * prediction. The model is a list of layers in topological order; a value used twice adds its gradients.
 */
import { show } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import type { Parameter } from '../layers/parameter.js';
import { Rescaling } from '../layers/rescaling.js';
import type { Loss, TargetSpec } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import type { Optimizer, ParameterRange } from '../optimizers/optimizer.js';
import type { Precision } from '../precision.js';
import { ProgramBuilder, type Mode, type Value } from './builder.js';
import { fuse } from './fuse.js';
import { dropInstructions, prune } from './prune.js';
import { sameShape, type ProgramSpec, type Shape } from './spec.js';

export interface GraphInput {
  name: string;
  /** Batch axis in front. */
  shape: Shape;
}

/** Values are numbered: the inputs first, then the result of each node. */
export interface GraphNode {
  layer: Layer;
  inputs: readonly number[];
}

/** A built model: every node's layer has its weights, and a node's inputs come before it. */
export interface Graph {
  inputs: readonly GraphInput[];
  nodes: readonly GraphNode[];
  outputs: readonly number[];
}

/** What a model was compiled with. */
export interface Objective {
  loss: Loss;
  metrics: readonly Metric[];
  weightedMetrics: readonly Metric[];
}

export interface LowerOptions {
  /** Name of the model, for `explain()`. */
  name: string;
  /** The largest batch. */
  maxRows: number;
  /** Of matrix products. Default 'highest'. */
  precision?: Precision;
  /** Whether each row comes with a weight. Default false. */
  sampleWeights?: boolean;
  /** All parameters of the slab, the graph's among them. Default: the graph's alone. */
  parameters?: readonly Parameter[];
  /** Those that training changes. Default: those that are trainable now. */
  trained?: ReadonlySet<Parameter>;
}

export interface Lowered {
  spec: ProgramSpec;
  /** Name of each accumulator: 'loss', then the metrics, then the weighted metrics. */
  accumulators: string[];
  /** Numbers in a row of the table of scalars; 0 without an update. */
  scalarCount: number;
  inputShapes: Shape[];
  targets: TargetSpec[];
  /** What is delivered, in order; empty but for prediction. */
  outputs: { shape: Shape }[];
}

/** All parameters of the model, in the order of its slab: layer by layer, a shared layer once. */
export function graphParameters(graph: Graph): Parameter[] {
  return [...new Set(graph.nodes.map(({ layer }) => layer))].flatMap(({ weights }) => weights);
}

/** A program that trains: every segment. */
export function lowerTraining(graph: Graph, objective: Objective, optimizer: Optimizer,
                              options: LowerOptions): Lowered {
  const builder = newBuilder('training', graph, options);
  const objectiveParts = lowerObjective(builder, graph, objective, options);
  builder.differentiate(objectiveParts.values);
  const ranges = trainedRanges(builder, options.parameters ?? graphParameters(graph));
  builder.update(() => { if (ranges.length > 0) optimizer.lower(builder, ranges); });
  return lowered(builder, graph, {
    ...objectiveParts, scalarCount: ranges.length > 0 ? optimizer.scalarCount : 0, outputs: [],
  });
}

/** A program that computes loss and metrics. */
export function lowerEvaluation(graph: Graph, objective: Objective, options: LowerOptions): Lowered {
  const builder = newBuilder('evaluation', graph, options);
  const parts = lowerObjective(builder, graph, objective, options);
  return lowered(builder, graph, { ...parts, scalarCount: 0, outputs: [] });
}

/** A program that computes the outputs of the graph. */
export function lowerPrediction(graph: Graph, options: LowerOptions): Lowered {
  const builder = newBuilder('prediction', graph, options);
  const outputs = lowerGraph(builder, graph).map((value) => ({ shape: builder.output(value).shape }));
  return lowered(builder, graph, { accumulators: [], scalarCount: 0, targets: [], outputs });
}

function newBuilder(mode: Mode, graph: Graph, options: LowerOptions): ProgramBuilder {
  const { name, maxRows, parameters = graphParameters(graph), trained, precision } = options;
  return new ProgramBuilder({
    mode, name: `${name}.${mode}`, maxRows, parameters, ...(trained && { trained }), ...(precision && { precision }),
  });
}

function lowered(builder: ProgramBuilder, graph: Graph, parts: Omit<Lowered, 'spec' | 'inputShapes'>): Lowered {
  const { accumulators, scalarCount, targets, outputs } = parts;
  const spec = prune(fuse(dropInstructions(builder.finish())));
  return { spec, accumulators, scalarCount, targets, outputs, inputShapes: graph.inputs.map(({ shape }) => shape) };
}

/** Emits the layers; returns the outputs' values. */
function lowerGraph(builder: ProgramBuilder, graph: Graph): Value[] {
  const values = graph.inputs.map((input, i) => {
    const rescaling = rescalingOf(graph, i);
    return builder.input(input.name, input.shape, rescaling?.scale, rescaling?.offset);
  });
  for (const { layer, inputs } of graph.nodes) {
    const isInBuffer = inputs.length === 1 && rescalingOf(graph, inputs[0]!) === layer;
    const operands = inputs.map((input) => values[input]!);
    values.push(isInBuffer ? operands[0]! : builder.inScope(layer.name, () => layer.lower(builder, ...operands)));
  }
  return graph.outputs.map((output) => values[output]!);
}

/** The Rescaling that alone reads an input: the batch source does its work while it gathers the rows. */
function rescalingOf(graph: Graph, input: number): Rescaling | undefined {
  if (input >= graph.inputs.length || graph.outputs.includes(input)) return undefined;
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(input));
  const layer = readers.length === 1 ? readers[0]!.layer : undefined;
  return layer instanceof Rescaling && layer.lower === Rescaling.prototype.lower ? layer : undefined;
}

interface ObjectiveParts {
  /** The loss of each element. */
  values: Value;
  accumulators: string[];
  targets: TargetSpec[];
}

/** Emits layers, loss and metrics, and adds them to the accumulators. */
function lowerObjective(builder: ProgramBuilder, graph: Graph, objective: Objective,
                        { sampleWeights = false }: LowerOptions): ObjectiveParts {
  const outputs = lowerGraph(builder, graph);
  if (outputs.length !== 1) throw new TypeError(`a model cannot be trained with ${outputs.length} outputs yet, only 1`);
  const prediction = outputs[0]!;
  const { loss, metrics, weightedMetrics } = objective;
  const targetSpec = loss.targetSpec(prediction.shape);
  const target = builder.target('y', targetSpec.shape, targetSpec.dtype, targetSpec.classes);
  const weights = sampleWeights ? builder.sampleWeights() : undefined;

  const elements = prediction.shape.slice(0, -1);
  const scale = builder.scaleLoss(elements, loss.programReduction, weights);
  const values = builder.inScope(loss.name, () => (
    perElement(builder, loss, loss.lower(builder, target, prediction), elements)));
  builder.accumulate(values, scale, true);
  builder.withoutGradients(() => {
    const lower = (metric: Metric, weightsOf?: Value) => builder.inScope(metric.name, () => {
      builder.accumulate(perElement(builder, metric, metric.lower(builder, target, prediction), elements), weightsOf);
    });
    for (const metric of metrics) lower(metric);
    for (const metric of weightedMetrics) lower(metric, weights);
  });
  return { values, accumulators: accumulatorNames(metrics, weightedMetrics), targets: [targetSpec] };
}

/** One value an element, as a vector over the prediction's axes but the last. */
function perElement(builder: ProgramBuilder, source: Loss | Metric, values: Value, elements: Shape): Value {
  if (sameShape(values.shape, elements)) return values;
  if (values.shape.at(-1) === 1 && sameShape(values.shape.slice(0, -1), elements)) return builder.view(values, elements);
  throw new TypeError(`"${source.name}" must give one value an element, shape ${show([...elements])}, but gives `
    + `${show([...values.shape])}: reduce the last axis with builder.mean or builder.sum`);
}

/**
 * Keras's names: a weighted metric whose name is taken gets the prefix `weighted_`; where the name is taken after that,
 * a number is appended, from 1 on.
 */
function accumulatorNames(metrics: readonly Metric[], weightedMetrics: readonly Metric[]): string[] {
  const names = ['loss'];
  const claim = (name: string) => {
    if (name === 'loss') throw new TypeError('a metric must not be named "loss", as the loss is; give another `name`');
    let free = name;
    for (let i = 1; names.includes(free); i++) free = `${name}_${i}`;
    names.push(free);
  };
  for (const { name } of metrics) claim(name);
  for (const { name } of weightedMetrics) claim(names.includes(name) ? `weighted_${name}` : name);
  return names;
}

/** Runs of neighbouring parameters that training changes. */
function trainedRanges(builder: ProgramBuilder, parameters: readonly Parameter[]): ParameterRange[] {
  const ranges: ParameterRange[] = [];
  parameters.forEach((parameter, index) => {
    if (!builder.isTrained(parameter) || !builder.hasGradient(parameter)) return;
    const last = ranges.at(-1);
    if (last && last.first + last.count === index) last.count += 1;
    else ranges.push({ first: index, count: 1 });
  });
  return ranges;
}
