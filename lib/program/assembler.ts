/**
 * The plumbing of a program being built: buffers, instructions in three segments, and the gradients of what was
 * emitted. `ProgramBuilder` adds the operations.
 */
import type { Parameter } from '../layers/parameter.js';
import type { Precision } from '../precision.js';
import { Buffers } from './buffers.js';
import type { BufferId, Instruction, Reduction } from './instruction.js';
import { operandsOf } from './operands.js';
import type { BufferSpec, DType, ProgramSpec, Shape } from './spec.js';
import { Tape } from './tape.js';
import type { Mode, Value } from './value.js';

type Segment = 'forward' | 'backward' | 'update';

export interface BuilderOptions {
  mode: Mode;
  name?: string;
  /** The largest batch the program will run. */
  maxRows?: number;
  /** All parameters of the model, in the order of its slab. */
  parameters?: readonly Parameter[];
  /** Those that training changes. Default: those that are trainable now. */
  trained?: ReadonlySet<Parameter>;
  /** Of matrix products. Default 'highest'. */
  precision?: Precision;
}

export class Assembler {
  readonly mode: Mode;
  readonly buffers: Buffers;
  readonly #options: BuilderOptions;
  readonly #segments: Record<Segment, Instruction[]> = { forward: [], backward: [], update: [] };
  readonly #tape: Tape;
  readonly #parameterOf = new Map<BufferId, Parameter>();
  #segment: Segment = 'forward';
  #scope = '';
  #muted = false;
  #lossScale: Value | undefined;
  #streams = 0;
  #accumulators = 0;

  constructor(options: BuilderOptions) {
    this.mode = options.mode;
    this.#options = options;
    this.buffers = new Buffers(options.parameters ?? []);
    this.#tape = new Tape({
      gradientBuffer: (x, isFirst) => this.#gradientBuffer(x, isFirst),
      addGradients: (x, a, b) => this.#addGradients(x, a, b),
      ownsGradient: (x) => this.#parameterOf.has(x.id),
      copy: (x, out) => this.emit({ op: 'pointwise', x: x.id, out: out.id, function: 'linear', alpha: 0 }),
    });
  }

  /** Whether dropout drops and gradients are taken. */
  get training(): boolean {
    return this.mode === 'training';
  }

  // Buffers

  /** What the batch source delivers, as value * scale + offset. */
  input(name: string, shape: Shape, scale = 1, offset = 0): Value {
    return this.#value({ kind: 'input', name, dtype: 'f32', shape, scale, offset });
  }

  /** Targets of the batch; integers below `classes` are checked by the trainer. */
  target(name: string, shape: Shape, dtype: DType, classes?: number): Value {
    return this.#value({ kind: 'target', name, dtype, shape, ...(classes === undefined ? {} : { classes }) });
  }

  /** One weight for each row of the batch. */
  sampleWeights(): Value {
    return this.#value({ kind: 'weights', name: 'sampleWeight', dtype: 'f32', shape: [null] });
  }

  /** The numbers that may change from step to step, such as the learning rate. */
  scalars(count: number): Value {
    return this.#value({ kind: 'scalars', name: 'scalars', dtype: 'f32', shape: [count] });
  }

  temp(shape: Shape, name = 'temp'): Value {
    return this.#value({ kind: 'temp', name: this.#scope + name, dtype: 'f32', shape });
  }

  /** Delivers a value to the caller of the program, in the order of the calls. */
  output(value: Value): Value {
    const base = this.buffers.base(value.id);
    const spec = this.buffers.spec(base);
    if (spec.kind === 'temp') {
      this.buffers.specs[base] = { ...spec, kind: 'output' };
      return value;
    }
    const out = this.#value({ kind: 'output', name: 'output', dtype: 'f32', shape: value.shape });
    this.emit({ op: 'pointwise', x: value.id, out: out.id, function: 'linear', alpha: 0 });
    return out;
  }

  /** The same memory under another shape of equal size. */
  view(value: Value, shape: Shape): Value {
    const spec = this.buffers.spec(value.id);
    const y = this.#value({ kind: 'view', name: `${spec.name}.view`, dtype: value.dtype, shape, of: value.id });
    if (this.#recording && this.needsGradient(value)) this.#tape.require(y.id);
    this.backward(y, (dy) => this.provideGradient(value, this.view(dy, value.shape)));
    return y;
  }

  /** The weights of a layer, as an operand. */
  parameter(parameter: Parameter): Value {
    const index = this.buffers.indexOf(parameter);
    const id = this.buffers.range('parameter', index, 1);
    this.#parameterOf.set(id, parameter);
    if (this.training && this.isTrained(parameter)) this.#tape.require(id);
    return { id, shape: parameter.shape, dtype: 'f32' };
  }

  /** Whether a training step changes this parameter. */
  isTrained(parameter: Parameter): boolean {
    return this.#options.trained?.has(parameter) ?? parameter.trainable;
  }

  gradient(parameter: Parameter): Value {
    return this.gradientRange(this.buffers.indexOf(parameter), 1);
  }

  /** A temporary for a gradient of `x`. */
  gradientTemp(x: Value): Value {
    const { name } = this.buffers.spec(x.id);
    return this.#value({ kind: 'temp', name: `d(${name})`, dtype: 'f32', shape: x.shape });
  }

  /** Parameters `first` to `first + count - 1` as one range of the slab, for optimizers. */
  parameterRange(first: number, count: number): Value {
    return this.#valueOf(this.buffers.range('parameter', first, count));
  }

  gradientRange(first: number, count: number): Value {
    return this.#valueOf(this.buffers.range('gradient', first, count));
  }

  slotRange(slot: number, first: number, count: number): Value {
    return this.#valueOf(this.buffers.range('slot', first, count, slot));
  }

  /** A number of its own for each use of randomness; with `seed`, one that depends on the seed alone. */
  randomStream(seed?: number | null): number {
    const seeded = 2 ** 30;
    return seed === undefined || seed === null ? this.#streams++ : seeded + (seed % seeded);
  }

  // Instructions and gradients

  /** Appends to the segment at hand. A result needs a gradient when something it was made from does. */
  emit(instruction: Instruction): void {
    this.#segments[this.#segment].push(instruction);
    if (!this.#recording) return;
    const operands = operandsOf(instruction);
    if (!operands.some(({ reads, buffer }) => reads && this.#tape.needs(buffer))) return;
    for (const { writes, buffer } of operands) if (writes) this.#tape.require(buffer);
  }

  /** Whether anything that `value` was made from is trained. */
  needsGradient(value: Value): boolean {
    return !this.#muted && this.#tape.needs(value.id);
  }

  /** Registers the gradient of the operation that made `y`: given dy, it passes gradients on to what y is made of. */
  backward(y: Value, run: (dy: Value) => void): void {
    if (this.#recording && this.needsGradient(y)) this.#tape.record(y, this.#scope, run);
  }

  /** Lets `write` fill a contribution to the gradient of x, added to what is there; skipped if none is needed. */
  accumulateGradient(x: Value, write: (out: Value) => void): void {
    this.#tape.accumulate(x, write);
  }

  /** Says that `dx` is (a contribution to) the gradient of x; `dx` must not be written to afterwards. */
  provideGradient(x: Value, dx: Value): void {
    this.#tape.provide(x, dx);
  }

  /** Whether a gradient of this parameter has been emitted. */
  hasGradient(parameter: Parameter): boolean {
    return this.#tape.hasGradient(this.parameter(parameter).id);
  }

  /** Runs `body` with no gradients recorded: for metrics. */
  withoutGradients<T>(body: () => T): T {
    const before = this.#muted;
    this.#muted = true;
    try {
      return body();
    } finally {
      this.#muted = before;
    }
  }

  /** Names of buffers made in `body` start with `scope/`. */
  inScope<T>(scope: string, body: () => T): T {
    const before = this.#scope;
    this.#scope = scope === '' || scope.endsWith('/') ? scope : `${scope}/`;
    try {
      return body();
    } finally {
      this.#scope = before;
    }
  }

  /** Starts at `values` (one loss an element) and emits the gradients of everything that led to it. */
  differentiate(values: Value): void {
    this.#segment = 'backward';
    this.provideGradient(values, this.view(this.lossScale, values.shape));
    this.#tape.run((scope, body) => this.inScope(scope, body));
  }

  /** What is emitted in `body` belongs to the update of the parameters. */
  update(body: () => void): void {
    this.#segment = 'update';
    body();
  }

  /** The factor of each element's loss in the loss of the batch; known before a loss is lowered. */
  get lossScale(): Value {
    if (!this.#lossScale) throw new Error('lossScale is known only while a loss is being lowered');
    return this.#lossScale;
  }

  /** Emits the scale of a loss over elements of this shape. */
  scaleLoss(elements: Shape, reduction: Reduction, weights?: Value): Value {
    const out = this.temp(elements, 'lossScale');
    this.emit({ op: 'lossScale', ...(weights ? { weights: weights.id } : {}), out: out.id, reduction });
    return (this.#lossScale = out);
  }

  /** Adds to a new accumulator; returns its number. See the instruction for what `asLoss` does. */
  accumulate(values: Value, weights?: Value, asLoss = false): number {
    const into = this.#accumulators++;
    this.emit({ op: 'accumulate', values: values.id, ...(weights ? { weights: weights.id } : {}), into, asLoss });
    return into;
  }

  /** Everything emitted so far. */
  finish(): ProgramSpec {
    const { name, maxRows, precision } = this.#options;
    return {
      name: name ?? this.mode,
      maxRows: maxRows ?? 1,
      ...(precision && { precision }),
      buffers: this.buffers.specs,
      accumulators: this.#accumulators,
      ...this.#segments,
    };
  }

  /** Gradients are taken of the forward segment of a training program, outside of metrics. */
  get #recording(): boolean {
    return this.training && this.#segment === 'forward' && !this.#muted;
  }

  #value(spec: BufferSpec): Value {
    return this.#valueOf(this.buffers.add(spec));
  }

  #valueOf(id: BufferId): Value {
    const { shape, dtype } = this.buffers.spec(id);
    return { id, shape, dtype };
  }

  #gradientBuffer(x: Value, isFirst: boolean): Value {
    const parameter = this.#parameterOf.get(x.id);
    return parameter && isFirst ? this.gradient(parameter) : this.gradientTemp(x);
  }

  #addGradients(x: Value, a: Value, b: Value): Value {
    const sum = this.#parameterOf.has(x.id) ? a : this.gradientTemp(x);
    this.emit({ op: 'combine', a: a.id, b: b.id, out: sum.id, function: 'add' });
    return sum;
  }
}
