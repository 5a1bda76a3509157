/** quern's model of a golden case, built from Keras's configs through the public API. */
import { Input, layers, NdArray, Sequential, type CompileOptions } from '../../lib/index.js';
import { typed, type GoldenArray, type KerasIdentifier, type KerasObject } from './golden.js';

export interface ModelCase {
  input_shape: number[];
  model: KerasObject[];
  compile: { optimizer: KerasObject; loss: KerasIdentifier; metrics?: KerasIdentifier[];
             weighted_metrics?: KerasIdentifier[] };
}

export function buildModel({ input_shape, model, compile }: ModelCase, weights: NdArray[]): Sequential {
  const built = new Sequential([Input({ shape: input_shape }), ...model.map((layer) => layers.get(layer))]);
  const { optimizer, loss, metrics, weighted_metrics: weightedMetrics } = compile;
  built.compile({ optimizer, loss, ...(metrics ? { metrics } : {}), ...(weightedMetrics ? { weightedMetrics } : {}) } as
    CompileOptions);
  built.setWeights(weights);
  return built;
}

export function ndArray(array: GoldenArray): NdArray {
  const { data, shape } = typed(array);
  return new NdArray(data, shape);
}
