/** What a graph of layers says before its layers have weights, and how they get them. */
import type { Layer } from '../layers/layer.js';
import type { Graph } from '../program/lower.js';
import { sameShape, type Shape } from '../program/spec.js';

/** Shape of every value, the inputs first. Checks that the layers fit together, and builds none. */
export function valueShapes({ inputs, nodes }: Graph): Shape[] {
  const shapes = inputs.map(({ shape }) => shape);
  for (const { layer, inputs: operands } of nodes) {
    const given = operands.map((operand) => shapes[operand]!);
    checkBuilt(layer, given);
    shapes.push(layer.computeOutputShape(...given));
  }
  return shapes;
}

/** Makes the weights of the layers that have none yet; all shapes are checked before the first is built. */
export function buildLayers(graph: Graph): void {
  const shapes = valueShapes(graph);
  for (const { layer, inputs } of graph.nodes) {
    if (!layer.built) layer.build(...inputs.map((input) => shapes[input]!));
  }
}

/** A shape as `[null, 784]`. */
export function show(shape: Shape): string {
  return `[${shape.map(String).join(', ')}]`;
}

function checkBuilt(layer: Layer, shapes: readonly Shape[]): void {
  layer.builtShapes?.forEach((built, i) => {
    if (sameShape(built, shapes[i]!)) return;
    throw new RangeError(`layer "${layer.name}" was built for inputs of shape ${show(built)}, ` +
      `received ${show(shapes[i]!)}`);
  });
}
