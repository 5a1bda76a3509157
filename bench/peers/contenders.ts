/** Who takes part, and how each is started. */
import { fileURLToPath } from 'node:url';
import { npmFolder, virtualEnvironment, type Environment } from './environments.js';

export interface Contender {
  name: string;
  does: 'training' | 'inference';
  /** What is said of it in the table. */
  about: string;
  /** What it runs in; quern's own run in this project. */
  environment?: Environment;
  command: string[];
  /** It takes the model from an ONNX file. */
  readsOnnx?: boolean;
  /** Timed epochs of a process are limited to this many. */
  mostEpochs?: number;
  /** Takes part only when it is asked for. */
  onlyWhenAsked?: boolean;
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const typescript = (path: string): string[] => [process.execPath, '--import', 'tsx', script(path)];
const quern = (what: string): string[] => [...typescript('quern.ts'), what];

const jax = virtualEnvironment('jax');
const tensorflow = virtualEnvironment('tensorflow');
const torch = virtualEnvironment('torch');
const tfjs = npmFolder('tfjs');
const onnxruntime = npmFolder('onnxruntime');

export const contenders: readonly Contender[] = [
  { name: 'quern', does: 'training', about: 'quern', command: quern('train') },
  { name: 'quern-bytes', does: 'training', about: 'quern, pixels kept as bytes, scaled by a Rescaling layer',
    command: quern('trainBytes') },
  { name: 'jax', does: 'training', about: 'JAX, the whole epoch one compiled program', environment: jax,
    command: [jax.python, script('python/train_jax.py')] },
  { name: 'torch', does: 'training', about: 'PyTorch, eager, fused SGD', environment: torch, onlyWhenAsked: true,
    command: [torch.python, script('python/train_torch.py')] },
  { name: 'keras-jax', does: 'training', about: 'Keras on JAX', environment: jax,
    command: [jax.python, script('python/train_keras.py'), 'jax'] },
  { name: 'keras-tensorflow', does: 'training', about: 'Keras on TensorFlow', environment: tensorflow,
    command: [tensorflow.python, script('python/train_keras.py'), 'tensorflow'] },
  { name: 'tfjs', does: 'training', about: 'tfjs, wasm backend (one thread in Node)', environment: tfjs, mostEpochs: 1,
    command: typescript('tfjs/train.ts') },
  { name: 'quern', does: 'inference', about: 'quern, predictSync', command: quern('infer') },
  { name: 'onnxruntime', does: 'inference', about: 'onnxruntime-node', environment: onnxruntime, readsOnnx: true,
    command: typescript('onnxruntime/infer.ts') },
];

/** Measures the FMA peak, trains the model for inference, and writes it as ONNX. */
export const peakCommand = quern('peak');
export const weightsCommand = quern('weights');
export const onnx = virtualEnvironment('onnx');
export const onnxCommand = [onnx.python, script('python/write_onnx.py')];

/**
 * Those of these names, or all that take part unasked, and PyTorch when `torch`; quern always, since the others are
 * held against it. Throws a RangeError for a name that there is not.
 */
export function choose(names: readonly string[], torch: boolean): Contender[] {
  const known = new Set(contenders.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new RangeError(`no contender ${unknown}; there are ${[...known].join(', ')}`);
  const asked = contenders.filter(({ name, onlyWhenAsked }) =>
    names.includes(name) || (names.length === 0 && !onlyWhenAsked) || (torch && name === 'torch'));
  return contenders.filter((one) => asked.includes(one)
    || (one.name === 'quern' && asked.some(({ does }) => does === one.does)));
}
