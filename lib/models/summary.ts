/** The table of a model's layers, in Keras's manner. */
import type { Layer } from '../layers/layer.js';
import type { Shape } from '../program/spec.js';

export interface SummaryOptions {
  /** Gets every line. Default: console.log. */
  print?: (line: string) => void;
  /** Width of the table in characters. Default: that of the terminal, 88 at most. */
  lineLength?: number;
}

/** What the table shows of a model. */
export interface SummarySource {
  name: string;
  layers: readonly Layer[];
  /** Output shape of each layer, when the model is built. */
  shapes: readonly Shape[] | undefined;
  /** Numbers that the optimizer keeps; undefined before compile. */
  optimizerParams: number | undefined;
}

const fractions = [0.45, 0.3, 0.25];

export function summaryLines({ name, layers, shapes, optimizerParams }: SummarySource, lineLength: number): string[] {
  const rows = layers.map((layer, i) => [
    `${layer.name} (${className(layer)})`,
    shapes ? showOutputShape(shapes[i]!) : '?',
    layer.built ? grouped(layer.countParams()) : '0 (unbuilt)',
  ]);
  return [
    `Model: "${name}"`,
    ...table(['Layer (type)', 'Output Shape', 'Param #'], rows, lineLength),
    ...countLines(layers, optimizerParams),
  ];
}

function countLines(layers: readonly Layer[], optimizerParams: number | undefined): string[] {
  const total = (weights: 'weights' | 'trainableWeights' | 'nonTrainableWeights'): number =>
    layers.flatMap((layer) => layer[weights]).reduce((sum, { size }) => sum + size, 0);
  const counts: [string, number][] = [
    ['Total', total('weights') + (optimizerParams ?? 0)],
    ['Trainable', total('trainableWeights')],
    ['Non-trainable', total('nonTrainableWeights')],
  ];
  if (optimizerParams !== undefined) counts.push(['Optimizer', optimizerParams]);
  return counts.map(([label, count]) => ` ${label} params: ${grouped(count)} (${showBytes(count * 4)})`);
}

function className(layer: Layer): string {
  return (layer.constructor as typeof Layer).className;
}

function showOutputShape(shape: Shape): string {
  return `(${shape.map((size) => size ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function showBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes.toFixed(2)} ${units[unit]}`;
}

/** Box drawing with a heavy head; the last column is aligned to the right, and what is too long goes on below. */
function table(head: string[], rows: string[][], lineLength: number): string[] {
  const room = Math.max(lineLength, 40) - head.length - 1;
  const widths = fractions.map((fraction) => Math.floor(fraction * room));
  widths[0]! += room - widths.reduce((sum, width) => sum + width, 0);
  const rule = (left: string, fill: string, middle: string, right: string): string =>
    left + widths.map((width) => fill.repeat(width)).join(middle) + right;
  const between = rule('├', '─', '┼', '┤');
  return [
    rule('┏', '━', '┳', '┓'),
    ...cells(head, widths, '┃'),
    rows.length ? rule('┡', '━', '╇', '┩') : rule('┗', '━', '┻', '┛'),
    ...rows.flatMap((row, i) => [...(i > 0 ? [between] : []), ...cells(row, widths, '│')]),
    ...(rows.length ? [rule('└', '─', '┴', '┘')] : []),
  ];
}

function cells(row: string[], widths: number[], edge: string): string[] {
  const wrapped = row.map((text, i) => chunks(text, widths[i]! - 2));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const texts = wrapped.map((column, i) => {
      const text = column[line] ?? '';
      return i === row.length - 1 ? text.padStart(widths[i]! - 2) : text.padEnd(widths[i]! - 2);
    });
    return `${edge} ${texts.join(` ${edge} `)} ${edge}`;
  });
}

function chunks(text: string, width: number): string[] {
  const count = Math.max(1, Math.ceil(text.length / width));
  return Array.from({ length: count }, (_, i) => text.slice(i * width, (i + 1) * width));
}
