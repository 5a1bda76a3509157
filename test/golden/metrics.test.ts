/** Metrics over four batches, without and with weights, on every instruction set against Keras. */
import * as metrics from '../../lib/metrics/index.js';
import { batchShape, isas, newBuilder, prepare, rowsOf, runOnce } from './direct.js';
import { assertNear, readGolden, testCases, type GoldenArray, type KerasObject } from './golden.js';

interface Batch { y_true: GoldenArray; y_pred: GoldenArray; sample_weight: GoldenArray }
interface Case { name: string; metric: KerasObject; inputs: string; results: number[]; weighted_results: number[] | null }

const { cases, inputs } = readGolden<Case, { inputs: Record<string, Batch[]> }>('metrics.json');

const notYet = { 'Accuracy/exact': 'the metric of equal values' };

function resultsOf(c: Case, isa: string, weighted: boolean): number[] {
  const batches = inputs[c.inputs]!;
  const shape = batchShape(batches[0]!.y_pred);
  const builder = newBuilder('evaluation', Math.max(...batches.map(({ y_pred }) => y_pred.shape[0]!)));
  const prediction = builder.input('x', shape);
  const target = batches[0]!.y_true.dtype === 'int32' ? builder.target('y', [null], 'i32', shape.at(-1)!)
    : builder.target('y', shape, 'f32');
  const weights = weighted ? builder.sampleWeights() : undefined;
  builder.accumulate(metrics.get(c.metric).lower(builder, target, prediction), weights);
  const run = prepare(builder.finish(), isa);
  let accumulators: Float64Array = new Float64Array(2);
  return batches.map(({ y_true, y_pred, sample_weight }) => {
    const result = runOnce(run, { rows: y_pred.shape[0]!, inputs: [rowsOf(y_pred)], targets: [rowsOf(y_true)],
      ...(weighted ? { weights: rowsOf(sample_weight) } : {}), accumulators });
    accumulators = result.accumulators;
    return accumulators[0]! / accumulators[1]!;
  });
}

describe('golden: metrics', () => {
  testCases(cases, (c) => c.name, notYet, (c) => {
    for (const isa of isas) {
      assertNear(resultsOf(c, isa, false), c.results, 0, 1e-6, `${isa} results`);
      if (c.weighted_results) assertNear(resultsOf(c, isa, true), c.weighted_results, 0, 1e-6, `${isa} weighted results`);
    }
  });
});
