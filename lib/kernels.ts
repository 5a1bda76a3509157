/**
 * `quern/kernels`: the native kernels on typed arrays, synchronous. For tests, for the bench suite, and for whoever
 * needs a fast matrix product in Node.
 */
import { constants } from 'node:buffer';
import { checkBoolean, checkInteger, checkNumber, checkOptions, rangeError, typeError, unknownName } from './errors.js';
import { native, type CpuInfo } from './native.js';
import { checkPrecision, type Precision } from './precision.js';
import type { PointwiseFunction } from './program/instruction.js';
import { resolveThreads } from './threads.js';

export type { CpuInfo } from './native.js';

/** Functions of one element, with what Keras takes for their parameter; camelCase is accepted too. */
const activations = {
  linear: ['linear', 0],
  relu: ['relu', 0],
  sigmoid: ['sigmoid', 0],
  tanh: ['tanh', 0],
  elu: ['elu', 1],
  selu: ['selu', 0],
  leaky_relu: ['leakyRelu', 0.2],
  leakyRelu: ['leakyRelu', 0.2],
  gelu: ['gelu', 0],
  silu: ['silu', 0],
  swish: ['silu', 0],
  softplus: ['softplus', 0],
  exponential: ['exponential', 0],
} as const satisfies Record<string, readonly [PointwiseFunction, number]>;

/** Activations that `gemm` applies: those of one element alone, so not softmax. */
export type GemmActivation = keyof typeof activations;

export interface GemmOptions {
  /** Rows of C. */
  m: number;
  /** Columns of C. */
  n: number;
  /** Columns of op(A) and rows of op(B); 0 gives act(bias [+ C]). */
  k: number;
  /** m×k floats, row-major; with `transposeA` k×m. May be longer. */
  a: Float32Array;
  /** k×n floats, row-major; with `transposeB` n×k. May be longer. */
  b: Float32Array;
  /** Where the m×n result goes; a new array when missing. May be longer, may not overlap the other arrays. */
  c?: Float32Array;
  /** Multiplies by the transpose of `a` as it lies. Default false. */
  transposeA?: boolean;
  /** Multiplies by the transpose of `b` as it lies. Default false. */
  transposeB?: boolean;
  /** n floats, added to every row. May be longer. */
  bias?: Float32Array;
  /** Applied to the finished sums. Default 'linear', which is none. */
  activation?: GemmActivation;
  /** Adds the old contents of `c`, which must then be given, before the activation. Default false. */
  accumulate?: boolean;
  /** 1 to 256; default as everywhere (`QUERN_THREADS`, or the physical cores). Never changes a bit of the result. */
  threads?: number;
  /** An instruction set of `cpu().isas`; default the one in use. */
  isa?: string;
  /** How exactly the products are computed; see the option of `compile`. Default 'highest'. */
  precision?: Precision;
}

export interface PeakOptions {
  /** 1 to 256; default as everywhere (`QUERN_THREADS`, or the physical cores). */
  threads?: number;
  /** An instruction set of `cpu().isas`; default the one in use. */
  isa?: string;
  /** How long to measure, 0.001 to 60. Default 0.2. */
  seconds?: number;
}

const gemmOptions = [
  'm', 'n', 'k', 'a', 'b', 'c', 'transposeA', 'transposeB', 'bias', 'activation', 'accumulate', 'threads', 'isa',
  'precision',
];
const mostRows = 2 ** 31;
const mostFloats = Math.floor(constants.MAX_LENGTH / Float32Array.BYTES_PER_ELEMENT);

/**
 * C = act(op(A) op(B) + bias [+ C]) in float32, row-major; returns C.
 *
 * Every element is one chain of multiply-adds over ascending k that starts from bias + C, or, with AMX or a lower
 * `precision` and sizes for which that pays, a sum of products of bfloat16 parts in an order that depends on the sizes
 * alone; so it has the same bits for any number of threads. NaN and Infinity come through as arithmetic says.
 *
 * Throws a TypeError or RangeError that names the argument; C is then as it was.
 *
 * @example
 * gemm({ m: 2, n: 1, k: 3, a: Float32Array.of(1, 2, 3, 4, 5, 6), b: Float32Array.of(1, 0, 1) }); // [4, 10]
 */
export function gemm(options: GemmOptions): Float32Array {
  checkOptions('gemm', options, gemmOptions);
  const m = checkInteger('m', options.m, 0, mostRows);
  const n = checkInteger('n', options.n, 0, mostRows);
  const k = checkInteger('k', options.k, 0, mostRows);
  const a = checkFloats('a', options.a, m * k);
  const b = checkFloats('b', options.b, k * n);
  const bias = options.bias === undefined ? undefined : checkFloats('bias', options.bias, n);
  const transposeA = checkBoolean('transposeA', options.transposeA ?? false);
  const transposeB = checkBoolean('transposeB', options.transposeB ?? false);
  const accumulate = checkBoolean('accumulate', options.accumulate ?? false);
  const [pointwise, alpha] = activations[checkName('activation', options.activation ?? 'linear', activationNames)];
  const isa = checkIsa(options.isa);
  const precision = checkPrecision(options.precision ?? 'highest');
  const threads = resolveThreads(options.threads);
  if (accumulate && options.c === undefined) throw typeError('c', 'given with `accumulate`', options.c);
  const c = options.c === undefined ? newFloats(m, n) : checkFloats('c', options.c, m * n);
  for (const [name, operand, length] of [['a', a, m * k], ['b', b, k * n], ['bias', bias, n]] as const) {
    if (operand && overlap(c, m * n, operand, length)) {
      throw new RangeError(`\`c\` must not share memory with \`${name}\``);
    }
  }
  native().gemm({
    m, n, k, a, b, c, transposeA, transposeB, accumulate, function: pointwise, alpha, threads, precision,
    ...(bias && { bias }), ...(isa !== undefined && { isa }),
  });
  return c;
}

/**
 * Floating-point operations a second of independent multiply-adds from registers (two operations each), measured now on
 * all `threads` at once: the ceiling for `gemm`.
 */
export function peakFlops(options: PeakOptions = {}): number {
  checkOptions('peakFlops', options, ['threads', 'isa', 'seconds']);
  const isa = checkIsa(options.isa) ?? cpu().isa;
  const seconds = checkNumber('seconds', options.seconds ?? 0.2, 0.001, 60);
  return native().peakFlops(isa, resolveThreads(options.threads), seconds);
}

/**
 * This machine as quern sees it: instruction sets it runs (`isas`, slowest first) and the one in use (`isa`), physical
 * cores the process may use and the default number of threads, cache sizes in bytes, and the processor's name. `amx` is
 * there where the processor has AMX: 'on', or 'off: ' and why.
 */
export function cpu(): CpuInfo {
  return native().cpu();
}

const activationNames = Object.keys(activations) as GemmActivation[];

function checkName<Name extends string>(argument: string, value: Name, known: readonly Name[]): Name {
  if (typeof value !== 'string') throw typeError(argument, 'a string', value);
  if (!known.includes(value)) throw unknownName(argument, value, known);
  return value;
}

function checkIsa(isa: string | undefined): string | undefined {
  return isa === undefined ? undefined : checkName('isa', isa, cpu().isas);
}

function checkFloats(argument: string, value: unknown, length: number): Float32Array {
  const expected = `a Float32Array of at least ${length} elements`;
  if (!(value instanceof Float32Array)) throw typeError(argument, expected, value);
  if (value.length < length) throw rangeError(argument, expected, value);
  return value;
}

function newFloats(m: number, n: number): Float32Array {
  if (m * n > mostFloats) throw rangeError('m * n', `at most ${mostFloats}`, m * n);
  return new Float32Array(m * n);
}

/** Whether the first `m` elements of x and the first `n` of y share memory. */
function overlap(x: Float32Array, m: number, y: Float32Array, n: number): boolean {
  return x.buffer === y.buffer && m > 0 && n > 0
    && x.byteOffset < y.byteOffset + n * y.BYTES_PER_ELEMENT && y.byteOffset < x.byteOffset + m * x.BYTES_PER_ELEMENT;
}
