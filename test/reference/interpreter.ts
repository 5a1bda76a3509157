/**
 * A program run in float64 on one thread with no planning: what the native core is compared with.
 * It takes the same span as `NativeProgram.run` and follows the same order of rows, masks and scalars.
 */
import type { ProgramSpec } from '../../lib/program/spec.js';
import type { NativeArray, SpanSpec } from '../../lib/native.js';
import { runInstruction, type StepState } from './instructions.js';
import { Memory, ReferenceParameters, type Tensor } from './memory.js';
import { epochKey, permutation } from './random.js';

export { ReferenceParameters } from './memory.js';

export class Interpreter {
  readonly spec: ProgramSpec;
  readonly parameters: ReferenceParameters;
  /** Slab of the gradients of the last step. */
  readonly gradients: Float64Array;
  #memory: Memory | undefined;

  constructor(spec: ProgramSpec, parameters: ReferenceParameters) {
    this.spec = spec;
    this.parameters = parameters;
    this.gradients = parameters.slab();
  }

  /** Runs the span and returns total and count of each accumulator. */
  run(span: SpanSpec): Float64Array {
    const accumulators = Float64Array.from(span.accumulators ?? new Float64Array(2 * this.spec.accumulators));
    const order = span.shuffle ? permutation(span.rows, span.seed, span.epoch) : undefined;
    const key = epochKey(span.seed, span.epoch);
    for (let step = span.firstStep; step < span.firstStep + span.steps; step++) {
      const memory = this.begin(span, step, order);
      this.#runSegments(span, { memory, accumulators, key, step });
      this.#deliver(span, step * span.batchSize);
    }
    return accumulators;
  }

  /** Fresh memory with the rows of a step gathered into it. */
  begin(span: SpanSpec, step: number, order?: Uint32Array): Memory {
    const begin = step * span.batchSize;
    const rows = Array.from({ length: Math.min(span.batchSize, span.rows - begin) },
      (_, i) => order?.[begin + i] ?? begin + i);
    this.#memory = new Memory(this.spec, rows.length, this.parameters, this.gradients);
    this.#fill(span, rows, step - span.firstStep);
    return this.#memory;
  }

  /** Contents of a buffer after the last step. */
  read(buffer: number): Tensor {
    return this.#memory!.get(buffer);
  }

  #runSegments({ segments }: SpanSpec, state: StepState): void {
    const code = [...(segments.forward ? this.spec.forward : []), ...(segments.backward ? this.spec.backward : []),
      ...(segments.update ? this.spec.update : [])];
    for (const instruction of code) runInstruction(instruction, state);
  }

  /** Copies the rows of the step into inputs, targets and weights, and its scalars. */
  #fill(span: SpanSpec, rows: number[], step: number): void {
    const inputs = [...span.inputs];
    const targets = [...span.targets];
    this.spec.buffers.forEach((buffer, id) => {
      const { data } = this.#memory!.get(id);
      switch (buffer.kind) {
        case 'input':
          data.set(gather(inputs.shift()!, rows).map((v) => v * buffer.scale + buffer.offset));
          break;
        case 'target':
          data.set(gather(targets.shift()!, rows));
          break;
        case 'weights':
          if (span.weights) data.set(gather(span.weights, rows));
          break;
        case 'scalars':
          if (span.scalars) data.set(span.scalars.subarray(step * data.length, (step + 1) * data.length));
          break;
      }
    });
  }

  #deliver(span: SpanSpec, begin: number): void {
    const outputs = [...(span.outputs ?? [])];
    this.spec.buffers.forEach((buffer, id) => {
      if (buffer.kind !== 'output') return;
      const { data, shape } = this.#memory!.get(id);
      outputs.shift()?.set(data, begin * (data.length / (shape[0] || 1)));
    });
  }
}

function gather({ data, rowLength }: NativeArray, rows: number[]): Float64Array {
  const out = new Float64Array(rows.length * rowLength);
  rows.forEach((row, i) => out.set(data.subarray(row * rowLength, (row + 1) * rowLength), i * rowLength));
  return out;
}
