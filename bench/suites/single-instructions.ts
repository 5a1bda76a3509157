/** The instructions that are measured one at a time: all but gemm and the pointwise ones. */
import { accuracyKinds, combineFunctions, lossFunctions, reduceFunctions } from '../../lib/program/instruction.js';
import { classes, elements, operand, rows, type OneInstruction } from './one-instruction.js';

const { x, logits, dense, labels, scalars, w, dw, m, v, scale, values, out, small, column, row, copied } = operand;
const logitsBytes = 4 * rows * classes;

function forward(name: string, bytes: number, instruction: OneInstruction['instruction']): OneInstruction {
  return { name, bytes, instruction, segment: 'forward' };
}

export const singleInstructions: readonly OneInstruction[] = [
  ...combineFunctions.map((f) => forward(`combine ${f}`, 8 * elements,
    { op: 'combine', a: x, b: x, out, function: f })),
  ...reduceFunctions.flatMap((f) => [
    forward(`reduce ${f} of rows`, 4 * elements, { op: 'reduce', x, out: column, function: f, overRows: false }),
    forward(`reduce ${f} of columns`, 4 * elements, { op: 'reduce', x, out: row, function: f, overRows: true }),
  ]),
  forward('broadcast', 4 * elements, { op: 'broadcast', x: copied, out, scale: 0.5 }),
  forward('affine', 8 * elements, { op: 'affine', x, out, scale: 2, offset: 1 }),
  forward('dropout', 8 * elements, { op: 'dropout', x, out, rate: 0.5, stream: 0 }),
  forward('softmax', 8 * elements, { op: 'softmax', x, out }),
  forward('softmaxGradient', 8 * elements, { op: 'softmaxGradient', y: x, dy: x, out }),
  forward('softmaxCrossentropy', 3 * logitsBytes,
    { op: 'softmaxCrossentropy', logits, target: dense, scale, values, gradient: small, labelSmoothing: 0 }),
  forward('sigmoidCrossentropy', 3 * logitsBytes,
    { op: 'sigmoidCrossentropy', logits, target: dense, scale, values, gradient: small, labelSmoothing: 0 }),
  ...lossFunctions.map((f) => forward(`loss ${f}`, 3 * logitsBytes, { op: 'loss', prediction: logits,
    target: f === 'sparseCategoricalCrossentropy' ? labels : dense, scale, values, gradient: small, function: f,
    labelSmoothing: 0 })),
  ...accuracyKinds.map((kind) => forward(`accuracy ${kind}`, 2 * logitsBytes,
    { op: 'accuracy', prediction: logits, target: kind === 'sparse' ? labels : dense, values, kind, threshold: 0.5 })),
  { name: 'sgd', segment: 'update', bytes: 8 * elements, instruction: { op: 'sgd', parameters: w, gradients: dw,
    scalars, nesterov: false, weightDecay: false } },
  { name: 'sgd nesterov', segment: 'update', bytes: 12 * elements, instruction: { op: 'sgd', parameters: w,
    gradients: dw, momentum: m, scalars, nesterov: true, weightDecay: false } },
  { name: 'adam', segment: 'update', bytes: 16 * elements, instruction: { op: 'adam', parameters: w, gradients: dw, m,
    v, scalars, weightDecay: false } },
];
