/**
 * The buffers of a random program, and what is known of their contents: enough to keep exp, log and division where
 * they are finite, and to make operands of the shapes that an instruction needs.
 */
import type { BufferId, Instruction } from '../../lib/program/instruction.js';
import type { BufferSpec, Shape } from '../../lib/program/spec.js';
import type { NativeArray } from '../../lib/native.js';
import { Dice } from './dice.js';

/** A readable buffer: |values| <= limit, and all >= floor when that is given. */
export interface Known {
  id: BufferId;
  shape: Shape;
  limit: number;
  floor?: number;
}

/** Sizes about a vector's width and a tile's edge, and the small ones. */
const sizes = [1, 2, 3, 5, 7, 8, 9, 10, 15, 16, 17, 24, 31, 33, 48, 65];

export class Pool {
  readonly dice: Dice;
  readonly buffers: BufferSpec[] = [];
  readonly known: Known[] = [];
  readonly code: Instruction[] = [];
  readonly layout: { name: string; shape: number[] }[] = [];
  readonly parameterValues: Float32Array[] = [];
  readonly inputs: NativeArray[] = [];
  readonly targets: NativeArray[] = [];
  /** Gradient buffer and shape of each parameter, in order. */
  readonly unfilled = new Map<number, BufferId>();
  accumulators = 0;
  readonly rows: number;

  constructor(seed: number, rows: number) {
    this.dice = new Dice(seed);
    this.rows = rows;
  }

  size(): number {
    return this.dice.pick(sizes);
  }

  add(spec: BufferSpec): BufferId {
    this.buffers.push({ ...spec, name: `${spec.name}${this.buffers.length}` });
    return this.buffers.length - 1;
  }

  learn(id: BufferId, shape: Shape, limit: number, floor?: number): Known {
    const entry: Known = { id, shape, limit, ...(floor === undefined ? {} : { floor }) };
    this.known.push(entry);
    return entry;
  }

  /** A new temporary (or, at times, an output) that the next instruction writes. */
  out(shape: Shape, limit: number, floor?: number): Known {
    const delivered = shape[0] === null && this.dice.chance(0.1);
    const id = this.add({ kind: delivered ? 'output' : 'temp', name: delivered ? 'out' : 't', dtype: 'f32', shape });
    return this.learn(id, shape, limit, floor);
  }

  /** A temporary nobody but the next instruction reads. */
  scratch(shape: Shape): BufferId {
    return this.add({ kind: 'temp', name: 's', dtype: 'f32', shape });
  }

  input(rowShape: number[]): Known {
    const shape = [null, ...rowShape];
    const rowLength = rowShape.reduce((a, b) => a * b, 1);
    const kind = this.dice.pick(['f32', 'u8', 'i32'] as const);
    const values = this.dice.floats(this.rows * rowLength, -2, 2);
    const data = kind === 'f32' ? values : kind === 'u8' ? Uint8Array.from(values, (v) => (v + 2) * 63)
      : Int32Array.from(values, (v) => v * 4);
    this.inputs.push({ data, rowLength });
    const [scale, offset] = { f32: [1, 0], u8: [1 / 128, -1], i32: [0.25, 0.5] }[kind] as [number, number];
    return this.learn(this.add({ kind: 'input', name: 'x', dtype: 'f32', shape, scale, offset }), shape, 2.5);
  }

  /** A dense target in (0, 1) or of zeros and ones, or an integer one. */
  target(elements: Shape, cols: number, integer: boolean): BufferId {
    const perRow = elements.slice(1).reduce<number>((a, b) => a * b!, 1);
    const length = this.rows * perRow;
    if (integer) {
      const data = Int32Array.from({ length }, () => this.dice.below(cols));
      this.targets.push({ data: this.dice.chance(0.5) ? data : Uint8Array.from(data), rowLength: perRow });
      const shape = this.dice.chance(0.5) ? elements : [...elements, 1];
      return this.add({ kind: 'target', name: 'label', dtype: 'i32', shape, classes: cols });
    }
    const values = this.dice.floats(length * cols, 0, 1);
    const data = this.dice.chance(0.5) ? values : values.map(Math.round);
    this.targets.push({ data, rowLength: perRow * cols });
    return this.add({ kind: 'target', name: 'y', dtype: 'f32', shape: [...elements, cols] });
  }

  /** A new parameter, uniform within ±1 / sqrt(its rows), with a gradient that somebody has yet to fill. */
  parameter(shape: number[]): Known {
    const index = this.layout.length;
    const limit = 1 / Math.sqrt(shape[0]!);
    this.layout.push({ name: `p${index}`, shape });
    this.parameterValues.push(this.dice.floats(shape.reduce((a, b) => a * b, 1), -limit, limit));
    const common = { dtype: 'f32', shape, first: index, count: 1 } as const;
    this.unfilled.set(index, this.add({ kind: 'gradient', name: 'g', ...common }));
    return { id: this.add({ kind: 'parameter', name: 'w', ...common }), shape, limit };
  }

  /** A known value that passes, or undefined. Later ones are likelier, so that programs grow deep. */
  find(passes: (value: Known) => boolean): Known | undefined {
    const fit = this.known.filter(passes);
    if (fit.length === 0) return undefined;
    return fit[Math.max(this.dice.below(fit.length), this.dice.below(fit.length))];
  }

  /** Any value with a row axis and at least two axes. */
  matrix(limit = Infinity): Known {
    return this.find((v) => v.shape[0] === null && v.shape.length > 1 && v.limit <= limit)!;
  }

  /** A value of the same shape: another, or itself. */
  like(value: Known): Known {
    return this.find((v) => sameShape(v.shape, value.shape)) ?? value;
  }

  /** The same memory under another shape, when it has axes to merge or split. */
  view(value: Known): Known {
    const [first, ...rest] = value.shape;
    const length = rest.reduce<number>((a, b) => a * b!, 1);
    const shape = rest.length > 1 ? [first!, length] : length % 2 === 0 ? [first!, 2, length / 2] : [first!, length, 1];
    return this.learn(this.add({ kind: 'view', name: 'v', dtype: 'f32', shape, of: value.id }), shape, value.limit,
      value.floor);
  }

  /** A value squeezed into (0.01, 0.99) by new instructions: what a loss takes for a probability. */
  probability(shape: Shape): Known {
    const x = this.find((v) => sameShape(v.shape, shape))!;
    const sigmoid = this.scratch(shape);
    this.code.push({ op: 'pointwise', x: x.id, out: sigmoid, function: 'sigmoid', alpha: 0 });
    const out = this.out(shape, 0.99, 0.01);
    this.code.push({ op: 'affine', x: sigmoid, out: out.id, scale: 0.98, offset: 0.01 });
    return out;
  }
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
