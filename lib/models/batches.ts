/** What users pass to fit, evaluate and predict, checked and made ready for the native core. */
import { checkSameRows, sliceRows, toInput, toTarget, toWeights, type ArrayInput } from '../data/arrays.js';
import { rangeError, typeError } from '../errors.js';
import type { Lowered } from '../program/lower.js';
import { weighClasses } from './class-weight.js';
import type { ClassWeight, FitOptions, FitPlan } from './fit-options.js';
import type { Batches, NamedArray } from './job-runner.js';

/** What an error calls the arrays of one data set. */
export interface ArgumentNames {
  x: string;
  y: string;
  sampleWeight: string;
}

const plainNames: ArgumentNames = { x: 'x', y: 'y', sampleWeight: 'sampleWeight' };
const validationNames: ArgumentNames = {
  x: 'validationData[0]', y: 'validationData[1]', sampleWeight: 'validationData[2]',
};

/** Inputs with targets, for training and evaluation. */
export async function labelledBatches(lowered: Lowered, x: ArrayInput, y: ArrayInput,
                                      sampleWeight: ArrayInput | undefined, names = plainNames): Promise<Batches> {
  const inputs = await toInput(names.x, x, lowered.inputShapes[0]!);
  const targets = await toTarget(names.y, y, lowered.targets[0]!, inputs.rows);
  checkSameRows(names.x, inputs, names.y, targets);
  const batches: Batches = {
    inputs: [{ argument: names.x, array: inputs }],
    targets: [{ argument: names.y, array: targets }],
    rows: inputs.rows,
  };
  if (sampleWeight === undefined) return batches;
  const weights = await toWeights(names.sampleWeight, sampleWeight, inputs.rows);
  return { ...batches, weights: { argument: names.sampleWeight, array: weights } };
}

/** Inputs alone, for prediction. */
export async function inputBatches(lowered: Lowered, x: ArrayInput): Promise<Batches> {
  const inputs = await toInput('x', x, lowered.inputShapes[0]!);
  return { inputs: [{ argument: 'x', array: inputs }], targets: [], rows: inputs.rows };
}

export interface FitData {
  /** The lowering whose inputs and targets the data were prepared for. */
  lowered: Lowered;
  training: Batches;
  validation?: Batches;
}

/** The data of a fit: validation given or split off, class weights made weights of samples. */
export async function fitBatches(lowered: Lowered, x: ArrayInput, y: ArrayInput, plan: FitPlan,
                                 options: FitOptions): Promise<FitData> {
  const given = await labelledBatches(lowered, x, y, options.sampleWeight);
  const data = { lowered, ...(options.validationData === undefined ? split(given, plan.validationSplit)
    : { training: given, validation: await validationBatches(lowered, options.validationData) }) };
  if (options.classWeight === undefined) return data;
  return { ...data, training: await withClassWeights(data.training, options.classWeight) };
}

async function validationBatches(lowered: Lowered, data: unknown): Promise<Batches> {
  const expected = '[x, y] or [x, y, sampleWeight]';
  if (!Array.isArray(data)) throw typeError('validationData', expected, data);
  if (data.length < 2 || data.length > 3) throw rangeError('validationData', expected, data);
  const [x, y, sampleWeight] = data as [ArrayInput, ArrayInput, ArrayInput?];
  return labelledBatches(lowered, x, y, sampleWeight, validationNames);
}

/** The same batches with one weight a row, that of its class. */
export async function withClassWeights(batches: Batches, classWeight: ClassWeight): Promise<Batches> {
  const array = await weighClasses(classWeight, batches.targets[0]!.array);
  return { ...batches, weights: { argument: 'classWeight', array } };
}

/** Keeps the first floor(rows * (1 - fraction)) rows for training and the rest for validation. */
function split(batches: Batches, fraction: number): Omit<FitData, 'lowered'> {
  if (fraction === 0) return { training: batches };
  const kept = Math.floor(batches.rows * (1 - fraction));
  if (kept === 0 || kept === batches.rows) {
    throw rangeError('validationSplit', `a fraction that leaves rows on both sides of ${batches.rows}`, fraction);
  }
  return { training: cut(batches, 0, kept), validation: cut(batches, kept, batches.rows) };
}

function cut(batches: Batches, begin: number, end: number): Batches {
  const part = ({ argument, array }: NamedArray): NamedArray =>
    ({ argument, array: sliceRows(array, begin, end), firstRow: begin });
  return {
    inputs: batches.inputs.map(part),
    targets: batches.targets.map(part),
    ...(batches.weights ? { weights: part(batches.weights) } : {}),
    rows: end - begin,
  };
}

/** Batches of a pass over the data: all of them, or as many as were asked for. */
export function stepsOf(batches: Batches, batchSize: number, atMost = Infinity): number {
  return Math.min(atMost, Math.ceil(batches.rows / batchSize));
}
