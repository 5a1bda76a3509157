/** A chain of layers lowered to a training program, with data, for the reference and the native core alike. */
import type { Layer } from '../../lib/layers/layer.js';
import type { Parameter } from '../../lib/layers/parameter.js';
import type { Loss } from '../../lib/losses/loss.js';
import type { Metric } from '../../lib/metrics/metric.js';
import type { SpanSpec } from '../../lib/native.js';
import { SGD, type Optimizer } from '../../lib/optimizers/index.js';
import { graphParameters, lowerTraining, type Graph, type Lowered } from '../../lib/program/lower.js';
import type { Shape } from '../../lib/program/spec.js';
import { Dice } from './dice.js';
import { ReferenceParameters } from './interpreter.js';

export interface ChainOptions {
  layers: Layer[];
  /** Of a row. */
  inputShape: number[];
  loss: Loss;
  metrics?: Metric[];
  optimizer?: Optimizer;
  rows?: number;
  sampleWeights?: boolean;
  seed?: number;
  /** Turns uniform numbers in [0, 1) into dense targets, an element at a time. Default: numbers in [-1, 1). */
  target?: (uniform: Float32Array) => Float32Array;
}

export interface Chain {
  lowered: Lowered;
  parameters: Parameter[];
  layout: { name: string; shape: number[] }[];
  values: Float32Array[];
  span: SpanSpec;
}

export function buildGraph(layers: readonly Layer[], inputShape: readonly number[]): Graph {
  let shape: Shape = [null, ...inputShape];
  const inputs = [{ name: 'x', shape }];
  const nodes = layers.map((layer, index) => {
    layer.build(shape);
    shape = layer.computeOutputShape(shape);
    return { layer, inputs: [index] };
  });
  return { inputs, nodes, outputs: [layers.length] };
}

export function buildChain(options: ChainOptions): Chain {
  const { layers, inputShape, loss, metrics = [], rows = 6, sampleWeights = false, seed = 1 } = options;
  const dice = new Dice(seed);
  const graph = buildGraph(layers, inputShape);
  const parameters = graphParameters(graph);
  const lowered = lowerTraining(graph, { loss, metrics, weightedMetrics: [] }, options.optimizer ?? new SGD(),
    { name: 'chain', maxRows: rows, sampleWeights });
  const span: SpanSpec = {
    inputs: [{ data: dice.floats(rows * size(inputShape), -1, 1), rowLength: size(inputShape) }],
    targets: [targetData(lowered, rows, dice, options.target)],
    ...(sampleWeights ? { weights: { data: dice.floats(rows, 0.2, 2), rowLength: 1 } } : {}),
    rows, batchSize: rows, firstStep: 0, steps: 1, shuffle: false, seed: 5, epoch: 2,
    scalars: new Float32Array(lowered.scalarCount), threads: 1, checkFinite: false,
    segments: { forward: true, backward: true, update: false },
  };
  const layout = parameters.map(({ path, shape }) => ({ name: path, shape: [...shape] }));
  const values = parameters.map(({ size, shape }) => {
    const limit = shape.length === 1 ? 0.5 : Math.sqrt(3 / shape[0]!);
    return dice.floats(size, -limit, limit);
  });
  return { lowered, parameters, layout, values, span };
}

/** The chain's parameters for the interpreter, with their initial values. */
export function referenceParameters({ layout, values }: Chain, slots = 0): ReferenceParameters {
  const parameters = new ReferenceParameters(layout, slots);
  values.forEach((array, index) => parameters.at(index).set(array));
  return parameters;
}

function targetData({ targets }: Lowered, rows: number, dice: Dice, make?: ChainOptions['target']) {
  const { dtype, shape, classes } = targets[0]!;
  const last = shape.at(-1) ?? 1;
  const rowLength = size(shape.slice(1) as number[]);
  if (dtype === 'i32') {
    return { data: Int32Array.from({ length: rows * rowLength }, () => dice.below(classes!)), rowLength };
  }
  const dense = make ?? ((uniform) => uniform.map((v) => 2 * v - 1));
  const data = new Float32Array(rows * rowLength);
  for (let i = 0; i < data.length; i += last) data.set(dense(dice.floats(last, 0, 1)), i);
  return { data, rowLength };
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
