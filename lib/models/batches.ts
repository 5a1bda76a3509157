/** What users pass to fit, evaluate and predict, checked and made ready for the native core. */
import {
  checkSameRows, sliceRows, toInputData, toTarget, toWeights, type ArrayInput, type FixedInput, type InputData,
} from '../data/arrays.js';
import { checkFinite } from '../data/finite.js';
import { rangeError, typeError } from '../errors.js';
import type { Shape } from '../program/spec.js';
import { weighClasses } from './class-weight.js';
import type { DataSpec } from './data-spec.js';
import type { ClassWeight, FitPlan } from './fit-options.js';
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

/** What belongs to the arrays of a pass over them. */
export interface BatchOptions {
  /** One weight a row. */
  sampleWeight?: ArrayInput | undefined;
  /** Refuses NaN and infinities, before anything is computed. */
  checkFinite: boolean;
}

/** Inputs with targets, for training and evaluation. */
export async function labelledBatches(spec: DataSpec, x: InputData, y: ArrayInput, options: BatchOptions,
                                      names = plainNames): Promise<Batches> {
  const inputs = await toInputData(names.x, x, spec.inputShapes[0]!);
  const targets = await toTarget(names.y, y, spec.targets[0]!, inputs.rows);
  checkSameRows(names.x, inputs, names.y, targets);
  const { sampleWeight } = options;
  const weights = sampleWeight === undefined ? undefined
    : await toWeights(names.sampleWeight, sampleWeight, inputs.rows);
  const batches: Batches = {
    inputs: [{ argument: names.x, array: inputs }],
    targets: [{ argument: names.y, array: targets }],
    ...(weights ? { weights: { argument: names.sampleWeight, array: weights } } : {}),
    rows: inputs.rows,
  };
  if (options.checkFinite) await checkAllFinite(batches);
  return batches;
}

/** Inputs alone, for prediction. */
export async function inputBatches(inputShape: Shape, x: InputData, options: BatchOptions): Promise<Batches> {
  const inputs = await toInputData('x', x, inputShape);
  const batches: Batches = { inputs: [{ argument: 'x', array: inputs }], targets: [], rows: inputs.rows };
  if (options.checkFinite) await checkAllFinite(batches);
  return batches;
}

/** The core looks again at what it gathers: for arrays that change while they are read. */
async function checkAllFinite({ inputs, targets, weights }: Batches): Promise<void> {
  for (const { argument, array } of [...inputs, ...targets, ...(weights ? [weights] : [])]) {
    await checkFinite(argument, array);
  }
}

export interface FitData {
  /** What the data were checked to be. */
  spec: DataSpec;
  training: Batches;
  validation?: Batches;
}

/** The data of a fit: validation given or split off, class weights made weights of samples. */
export async function fitBatches(spec: DataSpec, x: InputData, y: ArrayInput, plan: FitPlan): Promise<FitData> {
  const given = await labelledBatches(spec, x, y, plan);
  const data = { spec, ...(plan.validationData === undefined ? split(given, plan.validationSplit)
    : { training: given, validation: await validationBatches(spec, plan.validationData, plan) }) };
  if (plan.classWeight === undefined) return data;
  return { ...data, training: await withClassWeights(data.training, plan.classWeight) };
}

async function validationBatches(spec: DataSpec, data: unknown, options: BatchOptions): Promise<Batches> {
  const expected = '[x, y] or [x, y, sampleWeight]';
  if (!Array.isArray(data)) throw typeError('validationData', expected, data);
  if (data.length < 2 || data.length > 3) throw rangeError('validationData', expected, data);
  const [x, y, sampleWeight] = data as [InputData, ArrayInput, (ArrayInput | null)?];
  return labelledBatches(spec, x, y, { ...options, sampleWeight: sampleWeight ?? undefined }, validationNames);
}

/** The same batches with one weight a row, that of its class. */
export async function withClassWeights(batches: Batches, classWeight: ClassWeight): Promise<Batches> {
  const array = await weighClasses(classWeight, batches.targets[0]!.array);
  return { ...batches, weights: { argument: 'classWeight', array } };
}

/** Keeps the first floor(rows * (1 - fraction)) rows for training and the rest for validation. */
function split(batches: Batches, fraction: number): Omit<FitData, 'spec'> {
  if (fraction === 0) return { training: batches };
  const kept = Math.floor(batches.rows * (1 - fraction));
  if (kept === 0 || kept === batches.rows) {
    throw rangeError('validationSplit', `a fraction that leaves rows on both sides of ${batches.rows}`, fraction);
  }
  return { training: cut(batches, 0, kept), validation: cut(batches, kept, batches.rows) };
}

function cut(batches: Batches, begin: number, end: number): Batches {
  const part = <T extends FixedInput>({ argument, array }: NamedArray<T>): NamedArray<T> =>
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
