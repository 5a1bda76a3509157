/** The buffers of a program being built: their names, the one buffer a parameter range has, and sizes of ranges. */
import type { Parameter } from '../layers/parameter.js';
import type { BufferId } from './instruction.js';
import type { BufferSpec, Shape } from './spec.js';

/** A parameter starts at a multiple of this many floats of its slab: a cache line. */
export const parameterAlignment = 16;

/** Elements of a row, or of the whole when the shape has no row axis. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, axis) => size * (axis ?? 1), 1);
}

export class Buffers {
  readonly specs: BufferSpec[] = [];
  readonly #names = new Map<string, number>();
  readonly #ranges = new Map<string, BufferId>();

  constructor(private readonly parameters: readonly Parameter[]) {}

  add(spec: BufferSpec): BufferId {
    this.specs.push({ ...spec, name: this.#unique(spec.name) });
    return this.specs.length - 1;
  }

  spec(id: BufferId): BufferSpec {
    const spec = this.specs[id];
    if (!spec) throw new RangeError(`there is no buffer ${id} in this program`);
    return spec;
  }

  /** The buffer whose memory `id` names: itself unless it is a view. */
  base(id: BufferId): BufferId {
    const spec = this.spec(id);
    return spec.kind === 'view' ? this.base(spec.of) : id;
  }

  indexOf(parameter: Parameter): number {
    const index = this.parameters.indexOf(parameter);
    if (index < 0) throw new TypeError(`parameter "${parameter.name}" is not part of the model that is being lowered`);
    return index;
  }

  /** The one buffer of these parameters, their gradients or (with `slot`) an optimizer slot of them. */
  range(kind: 'parameter' | 'gradient' | 'slot', first: number, count: number, slot = -1): BufferId {
    const key = `${kind} ${first} ${count} ${slot}`;
    const known = this.#ranges.get(key);
    if (known !== undefined) return known;
    const shape = this.#rangeShape(first, count);
    const suffix = kind === 'parameter' ? '' : kind === 'gradient' ? '.gradient' : `.slot${slot}`;
    const name = this.#rangeName(first, count) + suffix;
    const common = { name, dtype: 'f32', shape, first, count } as const;
    const id = this.add(kind === 'slot' ? { ...common, kind, slot } : { ...common, kind });
    this.#ranges.set(key, id);
    return id;
  }

  #rangeShape(first: number, count: number): Shape {
    const members = this.parameters.slice(first, first + count);
    if (count < 1 || members.length !== count) {
      throw new RangeError(`the model has no parameters ${first} to ${first + count - 1}`);
    }
    if (count === 1) return members[0]!.shape;
    return [members.reduce((total, { size }) => total + Math.ceil(size / parameterAlignment) * parameterAlignment, 0)];
  }

  #rangeName(first: number, count: number): string {
    return count === 1 ? this.parameters[first]!.path : `parameters[${first}..${first + count - 1}]`;
  }

  /** Names tell buffers apart in `explain()`: a second "x" becomes "x#2". */
  #unique(name: string): string {
    const seen = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, seen);
    return seen === 1 ? name : `${name}#${seen}`;
  }
}
