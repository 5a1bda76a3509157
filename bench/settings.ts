/** The command line of the bench suite: what each option takes, and what is said of one that is wrong. */
import { parseArgs } from 'node:util';
import { checkInteger, rangeError, typeError, unknownName } from '../lib/errors.js';
import { cpu } from '../lib/kernels.js';
import { grid, transpositions, type Product, type Transposition } from './products.js';

/** What the suites are told. What is missing is for each suite to choose. */
export interface Settings {
  /** Sizes of a classifier's layers, inputs first. */
  layers?: number[];
  batch?: number[];
  threads?: number[];
  isa?: string[];
  products?: Product[];
  grid?: boolean;
  only?: string;
  baseline?: boolean;
  counters?: boolean;
  /** Figures good for nothing but to see that a suite runs. */
  quick?: boolean;
}

export type OptionName = 'layers' | 'batch' | 'threads' | 'isa' | 'shapes' | 'transpose' | 'grid' | 'only' |
  'baseline' | 'counters';

export interface CommandLine {
  suite?: string;
  compare?: [string, string];
  settings: Settings;
  /** Options of suites that were given: to be held against what the suite takes. */
  given: OptionName[];
  rounds: number;
  json?: string;
  html?: string;
}

interface Option {
  type: 'string' | 'boolean';
  value?: string;
  about: string;
}

export const suiteOptions: Record<OptionName, Option> = {
  layers: { type: 'string', value: '784,128,128,10', about: 'sizes of the layers, inputs first' },
  batch: { type: 'string', value: '32,128', about: 'rows of a batch, one size or several' },
  threads: { type: 'string', value: '1,2', about: 'numbers of threads' },
  isa: { type: 'string', value: 'avx2,avx512', about: 'instruction sets' },
  shapes: { type: 'string', value: '128x784x128:tn,64x64x64', about: 'sizes m x n x k, :t or :n for A and B' },
  transpose: { type: 'string', value: 'nn,tn', about: 'transpositions of A and B, for shapes that name none' },
  grid: { type: 'boolean', about: `all shapes with sides of ${grid.join(', ')}` },
  only: { type: 'string', value: 'text', about: 'only cases with the text in their names' },
  baseline: { type: 'boolean', about: 'with the pure-TypeScript baseline' },
  counters: { type: 'boolean', about: 'with hardware counters, where the kernel allows' },
};

export const commonOptions: Record<string, Option> = {
  rounds: { type: 'string', value: '5', about: 'how often each contender is started' },
  quick: { type: 'boolean', about: 'one round of almost no time, to see that all runs' },
  json: { type: 'string', value: 'file', about: 'writes all figures, for programs and --compare' },
  html: { type: 'string', value: 'file', about: 'writes one page with tables, roofline and heat map' },
  compare: { type: 'boolean', about: 'compares two files that --json wrote' },
};

type Values = Partial<Record<string, string | boolean>>;

/** Throws a TypeError or RangeError that names the argument, what was expected and what came. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const options = { ...suiteOptions, ...commonOptions };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false });
  for (const [name, value] of Object.entries(values)) checkOption(name, value, options);
  const read = values as Values;
  const settings = readSettings(read);
  const rest = {
    settings,
    given: (Object.keys(suiteOptions) as OptionName[]).filter((name) => read[name] !== undefined),
    rounds: settings.quick ? 1 : checkInteger('--rounds', Number(read['rounds'] ?? 5), 1),
    ...textOf(read, 'json'), ...textOf(read, 'html'),
  };
  if (!read['compare']) {
    if (positionals.length > 1) throw rangeError('arguments', 'the name of one bench', positionals);
    return { ...rest, ...(positionals[0] !== undefined ? { suite: positionals[0] } : {}) };
  }
  const [a, b] = positionals;
  if (a === undefined || b === undefined || positionals.length > 2) {
    throw rangeError('--compare', 'followed by two files that --json wrote', positionals);
  }
  return { ...rest, compare: [a, b] };
}

function checkOption(name: string, value: unknown, options: Record<string, Option>): void {
  const option = options[name];
  if (!option) throw unknownName('option', `--${name}`, Object.keys(options).map((known) => `--${known}`));
  if (option.type === 'string' && typeof value !== 'string') {
    throw typeError(`--${name}`, `given a value such as ${option.value}`, undefined);
  }
  if (option.type === 'boolean' && typeof value !== 'boolean') throw typeError(`--${name}`, 'without a value', value);
}

function textOf<Name extends string>(values: Values, name: Name): { [name in Name]?: string } {
  return values[name] === undefined ? {} : { [name]: values[name] as string } as { [name in Name]: string };
}

function readSettings(values: Values): Settings {
  const settings: Settings = {};
  const text = (name: OptionName): string | undefined => values[name] as string | undefined;
  const [layers, batch, threads, isa] = [text('layers'), text('batch'), text('threads'), text('isa')];
  if (layers !== undefined) {
    settings.layers = integers('--layers', layers, 1 << 20);
    if (settings.layers.length < 2) throw rangeError('--layers', 'two sizes or more, inputs first', layers);
  }
  if (batch !== undefined) settings.batch = integers('--batch', batch, 1 << 20);
  if (threads !== undefined) settings.threads = integers('--threads', threads, 256);
  if (isa !== undefined) settings.isa = names('--isa', isa, cpu().isas);
  if (text('only') !== undefined) settings.only = text('only')!;
  for (const name of ['grid', 'baseline', 'counters', 'quick'] as const) if (values[name]) settings[name] = true;
  const products = readProducts(values);
  return products ? { ...settings, products } : settings;
}

function readProducts(values: Values): Product[] | undefined {
  const { shapes, transpose, grid: whole } = values;
  if (shapes !== undefined && whole) throw typeError('--shapes', 'given without --grid', shapes);
  const given = transpose === undefined ? undefined : names('--transpose', transpose as string, transpositions);
  const transposes = (given ?? (whole ? transpositions : ['nn'])) as Transposition[];
  if (whole) {
    return transposes.flatMap((transpose) => grid.flatMap((m) => grid.flatMap((n) => grid.map((k) =>
      ({ m, n, k, transpose })))));
  }
  if (shapes !== undefined) return (shapes as string).split(',').flatMap((shape) => readShape(shape, transposes));
  if (given) throw typeError('--transpose', 'given with --shapes or --grid', transpose);
  return undefined;
}

function readShape(text: string, transposes: readonly Transposition[]): Product[] {
  const match = /^(\d+)x(\d+)x(\d+)(?::([nt][nt]))?$/.exec(text);
  const [m, n, k] = (match ?? []).slice(1, 4).map(Number);
  if (!match || m! < 1 || n! < 1 || k! < 1) {
    throw rangeError('--shapes', 'sizes m x n x k such as 128x784x128 or 128x784x128:tn', text);
  }
  const named = match[4] as Transposition | undefined;
  return (named ? [named] : transposes).map((transpose) => ({ m: m!, n: n!, k: k!, transpose }));
}

function integers(argument: string, text: string, most: number): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isInteger(value) || value < 1 || value > most) {
      throw rangeError(argument, `integers from 1 to ${most} with commas between`, text);
    }
    return value;
  });
}

function names(argument: string, text: string, known: readonly string[]): string[] {
  return text.split(',').map((name) => {
    if (!known.includes(name)) throw unknownName(argument, name, known);
    return name;
  });
}
