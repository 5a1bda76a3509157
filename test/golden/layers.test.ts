/** Layers against Keras: outputs, and the gradients by inputs and weights, on every instruction set. */
import assert from 'node:assert/strict';
import { Input, Sequential } from '../../lib/index.js';
import * as layers from '../../lib/layers/index.js';
import { Layer } from '../../lib/layers/layer.js';
import { Loss } from '../../lib/losses/loss.js';
import { SGD } from '../../lib/optimizers/index.js';
import type { ProgramBuilder, Value } from '../../lib/program/builder.js';
import { graphParameters, lowerTraining } from '../../lib/program/lower.js';
import type { Shape } from '../../lib/program/spec.js';
import { buildGraph } from '../reference/chain.js';
import { isas, prepare, runOnce } from './direct.js';
import { assertNear, readGolden, testCases, type GoldenArray } from './golden.js';
import { ndArray } from './keras-model.js';

interface Case {
  name: string; layer: string; config: Record<string, unknown>;
  inputs: [GoldenArray]; weights: GoldenArray[]; outputs: [GoldenArray]; cotangents: [GoldenArray];
  input_gradients: [GoldenArray]; weight_gradients: GoldenArray[];
}

const { cases } = readGolden<Case>('layers.json');
const notYet = { softmax_axis_1: 'an axis other than the last', softmax_axes: 'several axes' };

/** x + a weight of the shape of a row, whose gradient is that of x for a batch of one row. */
class Shift extends Layer {
  static override readonly className = 'Shift';

  constructor(private readonly row: readonly number[]) {
    super();
  }

  override build(shape: Shape): void {
    this.addWeight('bias', [shape.at(-1)!], new layers.Dense(1).biasInitializer);
    super.build(shape);
  }

  override computeOutputShape(): Shape {
    return [null, ...this.row];
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return builder.view(builder.add(x, builder.parameter(this.weights[0]!)), [null, ...this.row]);
  }
}

/** The sum over the last axis of prediction * target: its gradient by the prediction is the target. */
class Dot extends Loss {
  static override readonly className = 'Dot';

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    return builder.affine(builder.mean(builder.multiply(prediction, target)), Number(prediction.shape.at(-1)), 0);
  }
}

const floats = ({ data }: GoldenArray): Float32Array => Float32Array.from(data, Number);
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const newLayer = (c: Case): Layer => layers.get({ class_name: c.layer, config: c.config });

/** Gradients by the input and by each weight, a row at a time; those by weights are summed. */
function gradients(c: Case, isa: string): { input: number[]; weights: Float64Array[] } {
  const [rows, ...row] = c.inputs[0].shape as [number, ...number[]];
  const graph = buildGraph([new Shift(row), newLayer(c)], [sizeOf(row)]);
  const objective = { loss: new Dot({ reduction: 'sum' }), metrics: [], weightedMetrics: [] };
  const { spec } = lowerTraining(graph, objective, new SGD(), { name: c.name, maxRows: 1 });
  const layout = graphParameters(graph);
  const run = prepare(spec, isa, layout);
  c.weights.forEach((weight, i) => run.parameters.write(1 + i, -1, floats(weight)));
  const [x, dy] = [floats(c.inputs[0]), floats(c.cotangents[0])];
  const input: number[] = [];
  const weights = c.weights.map(({ shape }) => new Float64Array(sizeOf(shape)));
  for (let i = 0; i < rows; i++) {
    const part = (all: Float32Array) =>
      ({ data: all.slice(i * all.length / rows, (i + 1) * all.length / rows), rowLength: all.length / rows });
    runOnce(run, { rows: 1, inputs: [part(x)], targets: [part(dy)],
      segments: { forward: true, backward: true, update: false } });
    spec.buffers.forEach((buffer, id) => {
      if (buffer.kind !== 'gradient' || buffer.count !== 1) return;
      const gradient = run.program.readBuffer(id);
      if (buffer.first === 0) input.push(...gradient);
      else gradient.forEach((g, j) => { weights[buffer.first - 1]![j]! += g; });
    });
  }
  return { input, weights };
}

describe('golden: layers', () => {
  testCases(cases, (c) => c.name, notYet, async (c) => {
    const model = new Sequential([Input({ shape: c.inputs[0].shape.slice(1) }), newLayer(c)]);
    model.setWeights(c.weights.map((weight) => ndArray({ ...weight, dtype: 'float32' })));
    const y = await model.predict(ndArray({ ...c.inputs[0], dtype: 'float32' }), { verbose: 0 });
    assert.deepEqual(y.shape, c.outputs[0].shape);
    assertNear(y.data, c.outputs[0].data, 1e-6, 1e-6, 'output');
    for (const isa of isas) {
      const { input, weights } = gradients(c, isa);
      assertNear(input, c.input_gradients[0].data, 1e-6, 1e-6, `${isa} gradient by the input`);
      weights.forEach((gradient, i) =>
        assertNear(gradient, c.weight_gradients[i]!.data, 1e-6, 1e-6, `${isa} gradient by weight ${i}`));
    }
  });
});
