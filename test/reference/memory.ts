/** Parameters as slabs, and the buffers of a program as float64 arrays with shapes. */
import type { BufferSpec, ProgramSpec } from '../../lib/program/spec.js';
import type { BufferId } from '../../lib/program/instruction.js';

/** A parameter of n floats takes n rounded up to this in the slab; the padding stays zero. */
const slabAlignment = 16;

export interface Tensor {
  shape: number[];
  data: Float64Array;
}

export function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** One model's parameters and optimizer slots in float64, laid out as the native slab is. */
export class ReferenceParameters {
  readonly values: Float64Array;
  readonly slots: Float64Array[];
  readonly #layout: readonly { shape: number[] }[];
  readonly #offsets: number[];

  constructor(layout: readonly { name: string; shape: number[] }[], slots: number) {
    this.#layout = layout;
    this.#offsets = [0];
    for (const { shape } of layout) {
      this.#offsets.push(this.#offsets.at(-1)! + Math.ceil(size(shape) / slabAlignment) * slabAlignment);
    }
    this.values = this.slab();
    this.slots = Array.from({ length: slots }, () => this.slab());
  }

  /** A new slab of this layout, zeroed. */
  slab(): Float64Array {
    return new Float64Array(this.#offsets.at(-1)!);
  }

  /** The part of a slab that holds parameters `first` to `first + count - 1`; padding only when there are several. */
  range(slab: Float64Array, first: number, count: number): Float64Array {
    const start = this.#offsets[first]!;
    return count === 1 ? slab.subarray(start, start + size(this.#layout[first]!.shape))
      : slab.subarray(start, this.#offsets[first + count]!);
  }

  /** Parameter `index` (slot -1) or its part of a slot, as a view. */
  at(index: number, slot = -1): Float64Array {
    return this.range(slot < 0 ? this.values : this.slots[slot]!, index, 1);
  }
}

/** All buffers of a program for a step of `rows` rows. Temporaries start as NaN, so that reading too early shows. */
export class Memory {
  readonly rows: number;
  readonly tensors: Tensor[] = [];
  readonly #spec: ProgramSpec;

  constructor(spec: ProgramSpec, rows: number, parameters: ReferenceParameters, gradients: Float64Array) {
    this.rows = rows;
    this.#spec = spec;
    for (const buffer of spec.buffers) {
      const shape = buffer.shape.map((axis) => axis ?? rows);
      this.tensors.push({ shape, data: this.#data(buffer, size(shape), parameters, gradients) });
    }
  }

  isInteger(id: BufferId): boolean {
    return this.#spec.buffers[id]!.dtype === 'i32';
  }

  get(id: BufferId): Tensor {
    const tensor = this.tensors[id];
    if (!tensor) throw new Error(`the program has no buffer ${id}`);
    return tensor;
  }

  #data(buffer: BufferSpec, length: number, parameters: ReferenceParameters, gradients: Float64Array): Float64Array {
    switch (buffer.kind) {
      case 'parameter': return parameters.range(parameters.values, buffer.first, buffer.count);
      case 'gradient': return parameters.range(gradients, buffer.first, buffer.count);
      case 'slot': return parameters.range(parameters.slots[buffer.slot]!, buffer.first, buffer.count);
      case 'view': return this.get(buffer.of).data;
      default: return new Float64Array(length).fill(NaN);
    }
  }
}
