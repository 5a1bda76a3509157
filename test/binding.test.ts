/** What crosses into the core is checked there again, and errors name the field; nothing wrong may get past or crash. */
import assert from 'node:assert/strict';
import { Dense } from '../lib/layers/index.js';
import { native, type GemmCall, type NativeParameters, type SpanSpec } from '../lib/native.js';
import { lowerPrediction } from '../lib/program/lower.js';
import type { ProgramSpec } from '../lib/program/spec.js';
import { makeRegression, predictionSpan, regressionSpec, startEndless, trainingSpan } from './lifetime/regression.js';
import { buildGraph } from './reference/chain.js';

/** A copy of `value` with the field at `path` replaced. */
function with_(value: unknown, path: (string | number)[], replacement: unknown): unknown {
  if (path.length === 0) return replacement;
  const [key, ...rest] = path as [string | number, ...(string | number)[]];
  const copy = (Array.isArray(value) ? [...value as unknown[]] : { ...value as object }) as Record<string | number, unknown>;
  copy[key] = with_(copy[key], rest, replacement);
  return copy;
}

describe('Program', () => {
  const build = (spec: unknown, parameters: unknown = makeRegression().parameters) =>
    new (native().Program)(spec as ProgramSpec, parameters as NativeParameters, {});
  const refused = (path: (string | number)[], replacement: unknown, message: RegExp) => {
    assert.throws(() => build(with_(regressionSpec(1), path, replacement)), message);
  };

  it('accepts what the other tests spoil', () => {
    assert.match(build(regressionSpec(1)).explain(), /gemm/);
  });

  it('names the field that has the wrong type', () => {
    refused(['maxRows'], '32', /^TypeError: `spec.maxRows` must be a number, received "32"/);
    refused(['precision'], 'low', /^TypeError: `spec.precision` .*"low"/);
    refused(['maxRows'], 0, /^RangeError: `spec.maxRows` must be an integer from 1/);
    refused(['buffers', 2, 'shape', 1], NaN, /^RangeError: `spec.buffers\[2\].shape\[1\]` must be an integer/);
    refused(['buffers', 2, 'kind'], 'tensor', /^TypeError: `spec.buffers\[2\].kind` must be one of input, target/);
    refused(['buffers', 1, 'dtype'], undefined, /^TypeError: `spec.buffers\[1\].dtype` must be a string, received nothing/);
    refused(['forward', 0, 'a'], 1.5, /^RangeError: `spec.forward\[0\].a` must be an integer from 0 to 12/);
    refused(['forward', 0, 'a'], 13, /^RangeError: `spec.forward\[0\].a` must be an integer from 0 to 12, received 13/);
    refused(['forward', 0, 'transposeA'], 1, /^TypeError: `spec.forward\[0\].transposeA` must be true or false/);
    refused(['forward', 0, 'function'], 'sine', /^TypeError: `spec.forward\[0\].function` must be one of linear, relu/);
    refused(['backward'], {}, /^TypeError: `spec.backward` must be an array, received an object/);
  });

  it('refuses instructions and fields it does not have', () => {
    refused(['forward', 0, 'op'], 'convolve', /`spec.forward\[0\].op` is no instruction: "convolve"/);
    refused(['forward', 0, 'transposeC'], true, /`spec.forward\[0\]`: gemm has no field "transposeC"/);
  });

  it('passes on what verify says', () => {
    refused(['buffers', 2, 'shape'], [7, 4], /w/);
  });

  it('refuses objects that are not Parameters', () => {
    const { program } = makeRegression();
    for (const other of [undefined, {}, program, new Float32Array(4)]) {
      assert.throws(() => build(regressionSpec(1), other ?? null), /`parameters` must be a Parameters object/);
    }
  });

  it('refuses methods on foreign objects', () => {
    const { program, parameters } = makeRegression();
    assert.throws(() => program.explain.call(parameters as never), TypeError);
    assert.throws(() => (native().Program as unknown as () => void)(), TypeError);
  });

  it('refuses an instruction set by name', () => {
    const { parameters } = makeRegression();
    assert.throws(() => new (native().Program)(regressionSpec(1), parameters, { isa: 'mmx' }), /isa.*"mmx".*scalar/);
  });
});

describe('spans', () => {
  const refused = (change: Partial<Record<keyof SpanSpec, unknown>>, message: RegExp, spoil = trainingSpan(64, 32)) => {
    const { program } = makeRegression();
    const span = { ...spoil, ...change } as SpanSpec;
    assert.throws(() => program.run(span), message);
    assert.throws(() => program.runSync(span), message);
  };
  const array = trainingSpan(64).inputs[0]!;

  it('refuses counts and lengths that do not fit the program or the arrays', () => {
    refused({ inputs: [] }, /input/);
    refused({ inputs: [array, array] }, /input/);
    refused({ rows: 65 }, /input|row/);
    refused({ inputs: [{ ...array, rowLength: 9 }] }, /input/);
    refused({ targets: [{ data: new Float32Array(64 * 4 - 1), rowLength: 4 }] }, /target/);
    refused({ batchSize: 33 }, /batchSize|rows/);
    refused({ steps: 3 }, /step/);
    refused({ firstStep: 1 }, /step/);
    refused({ scalars: new Float32Array(5) }, /scalars/);
    refused({ scalars: undefined }, /scalars/);
    refused({ accumulators: new Float64Array(1) }, /accumulators/);
    refused({ timings: new Float64Array(1) }, /timings/);
    refused({ outputs: [new Float32Array(3)] }, /output/, predictionSpan(64, 32));
  });

  it('names the field that has the wrong type', () => {
    refused({ threads: 0 }, /`span.threads` must be an integer from 1 to 256, received 0/);
    refused({ threads: 257 }, /`span.threads` must be an integer from 1 to 256, received 257/);
    refused({ seed: -1 }, /`span.seed` must be an integer from 0/);
    refused({ seed: 2 ** 53 }, /`span.seed` must be an integer from 0/);
    refused({ shuffle: 'yes' }, /`span.shuffle` must be true or false, received "yes"/);
    refused({ segments: { forward: true, backward: true } }, /`span.segments.update` must be true or false, received nothing/);
    refused({ inputs: [{ data: new Float64Array(512), rowLength: 8 }] },
            /`span.inputs\[0\].data` must be a Float32Array, Uint8Array or Int32Array, received a typed array of 512/);
    refused({ scalars: [1, 2, 3] }, /`span.scalars` must be a Float32Array, received an array/);
  });

  it('takes inputs in CSR form, and refuses arrays that do not fit each other', () => {
    const csr = {
      indptr: new Uint32Array(65), indices: Uint32Array.of(7, 0), values: Float32Array.of(1, 2), rowLength: 8,
    };
    csr.indptr.fill(2, 33);
    const data = new Float32Array(64 * 8);
    data[32 * 8 + 7] = 1;
    data[32 * 8] = 2;
    const [sparse, dense] = [predictionSpan(64, 32), predictionSpan(64, 32)];
    const { program } = makeRegression();
    program.runSync({ ...sparse, inputs: [csr] });
    program.runSync({ ...dense, inputs: [{ data, rowLength: 8 }] });
    assert.deepEqual(sparse.outputs, dense.outputs);
    refused({ inputs: [{ ...csr, indptr: new Uint32Array(64) }] }, /`inputs\[0\].indptr.length` is 64/);
    refused({ inputs: [{ ...csr, indptr: new Int32Array(65) }] }, /`span.inputs\[0\].indptr` must be a Uint32Array/);
    refused({ inputs: [{ ...csr, indices: new Uint32Array(1) }] }, /`span.inputs\[0\].indices`.* at least 2 elements/);
    refused({ inputs: [{ ...csr, values: new Float64Array(2) }] }, /`span.inputs\[0\].values` must be a Float32Array/);
    refused({ inputs: [{ ...csr, rowLength: 9 }] }, /`inputs\[0\].rowLength` is 9, expected 8/);
    refused({ targets: [{ ...csr, rowLength: 4 }] }, /`targets\[0\]` is sparse/);
  });

  it('refuses buffers that were transferred, and resizable ones where a job would outlive the call', () => {
    const moved = trainingSpan(64, 32);
    structuredClone(0, { transfer: [moved.inputs[0]!.data.buffer as ArrayBuffer] });
    refused({}, /input/, moved);
    const resizable = new (ArrayBuffer as new (...args: unknown[]) => ArrayBuffer)(512, { maxByteLength: 1024 });
    const { program } = makeRegression();
    const span = { ...trainingSpan(64, 32), inputs: [{ data: new Uint8Array(resizable), rowLength: 8 }] };
    assert.throws(() => program.run(span), /`span.inputs\[0\].data` must be over a buffer of fixed size/);
    assert.equal(program.runSync(span).steps, 2);
    const csr = {
      indptr: new Uint32Array(65), indices: new Uint32Array(1), values: new Float32Array(1), rowLength: 8,
    };
    for (const change of [{ indptr: new Uint32Array(resizable, 0, 65) }, { indices: new Uint32Array(resizable) },
      { values: new Float32Array(resizable, 0, 1) }]) {
      assert.throws(() => program.run({ ...span, inputs: [{ ...csr, ...change }] }), /over a buffer of fixed size/);
    }
  });

  it('predicts as a span does, and names the argument that does not fit', () => {
    const { spec } = lowerPrediction(buildGraph([new Dense(4)], [8]), { name: 'line', maxRows: 32 });
    const parameters = new (native().Parameters)([{ name: 'w', shape: [8, 4] }, { name: 'b', shape: [4] }], 0);
    parameters.write(0, -1, Float32Array.from({ length: 32 }, (_, i) => i));
    const program = new (native().Program)(spec, parameters, {});
    const span = { ...predictionSpan(64, 32), targets: [] };
    program.runSync(span);
    const [{ data, rowLength }, out] = [span.inputs[0]!, new Float32Array(span.outputs![0]!.length)];
    program.predict(data, rowLength, 64, 32, 1, out);
    assert.deepEqual(out, span.outputs![0]);
    assert.ok(out.some((value) => value !== 0));
    const wrong: [number, unknown, RegExp][] = [
      [0, [1], /^TypeError: `x` must be a Float32Array, Uint8Array or Int32Array, received an array/],
      [1, rowLength + 1, /^RangeError: .*input/],
      [2, 65, /^RangeError: /],
      [3, 0, /^RangeError: `batchSize` must be an integer from 1/],
      [4, 257, /^RangeError: `threads` must be an integer from 1 to 256, received 257/],
      [5, new Float32Array(3), /^RangeError: .*output/],
      [5, new Float64Array(out.length), /^TypeError: `out` must be a Float32Array/],
    ];
    for (const [position, value, message] of wrong) {
      const given: unknown[] = [data, rowLength, 64, 32, 1, out];
      given[position] = value;
      assert.throws(() => program.predict(...given as Parameters<typeof program.predict>), message);
    }
  });

  it('one job trains a model at a time, and nobody writes meanwhile', async () => {
    const { program, parameters, job } = startEndless();
    assert.throws(() => program.run(trainingSpan(10)), /another job trains these parameters/);
    assert.throws(() => program.runSync(trainingSpan(10)), /another job trains these parameters/);
    assert.throws(() => parameters.write(0, -1, new Float32Array(32)), /cannot be written while a job trains/);
    assert.throws(() => parameters.resetSlots(1), /cannot be reset while a job trains/);
    job.cancel();
    await job.done;
    parameters.write(0, -1, new Float32Array(32));
    assert.equal(program.runSync(trainingSpan(10)).steps, 10);
  });

  it('progress wants room for the accumulators', async () => {
    const { program } = makeRegression();
    const job = program.run(trainingSpan(10));
    assert.throws(() => job.progress(new Float64Array(1)), /`into` must be a Float64Array of at least 2 elements/);
    await job.done;
    const into = new Float64Array(2);
    assert.equal(job.progress(into), 10);
    assert.equal(into[1], 10);
  });
});

describe('Parameters', () => {
  it('are read and written by index and slot, and keep their padding to themselves', () => {
    const { parameters } = makeRegression();
    parameters.resetSlots(1);
    const values = Float32Array.from({ length: 4 }, (_, i) => i + 1);
    parameters.write(1, 0, values);
    const out = new Float32Array(4);
    parameters.read(1, 0, out);
    assert.deepEqual(out, values);
    parameters.read(1, -1, out);
    assert.deepEqual(out, new Float32Array(4));
  });

  it('refuse what they do not have', () => {
    const { parameters } = makeRegression();
    const out = new Float32Array(32);
    assert.throws(() => parameters.read(2, -1, out), /`index` must be an integer from -1 to 1, received 2/);
    assert.throws(() => parameters.read(0, 0, out), /`slot` must be an integer from -1 to -1, received 0/);
    assert.throws(() => parameters.read(0, -1, out.subarray(1)), /`out` must be a Float32Array of at least 32 elements/);
    assert.throws(() => parameters.write(0, -1, new Float64Array(32) as never), /`values` must be a Float32Array/);
    assert.throws(() => new (native().Parameters)([{ name: 'w', shape: [-1] }], 0), /`layout\[0\].shape\[0\]`/);
    assert.throws(() => new (native().Parameters)([{ name: 'w', shape: [2 ** 40, 2 ** 40] }], 0), Error);
  });
});

describe('gemm', () => {
  const call = (change: Partial<GemmCall> = {}): GemmCall => ({
    m: 2, n: 3, k: 4, a: new Float32Array(8).fill(1), b: new Float32Array(12).fill(2), c: new Float32Array(6),
    transposeA: false, transposeB: false, accumulate: false, function: 'linear', alpha: 0, threads: 1, ...change,
  });

  it('refuses arrays that are too short or overlap', () => {
    assert.throws(() => native().gemm(call({ a: new Float32Array(7) })), /`call.a` must be a Float32Array of at least 8/);
    assert.throws(() => native().gemm(call({ bias: new Float32Array(2) })), /`call.bias` must be .* at least 3/);
    const shared = new Float32Array(16);
    assert.throws(() => native().gemm(call({ a: shared, c: shared.subarray(7) })), /`call.c` must be .* not overlap/);
    const apart = call({ a: shared.fill(1), c: shared.subarray(8) });
    native().gemm(apart);
    assert.deepEqual([...apart.c.subarray(0, 6)], [8, 8, 8, 8, 8, 8]);
  });

  it('refuses sizes that are none', () => {
    assert.throws(() => native().gemm(call({ m: -1 })), /`call.m` must be an integer from 0/);
    assert.throws(() => native().gemm(call({ k: 2 ** 31, n: 2 ** 31 })), /`call.a` must be a Float32Array of at least/);
  });
});
