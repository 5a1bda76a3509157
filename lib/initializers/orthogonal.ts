import type { Config } from '../config.js';
import { checkNumber, rangeError } from '../errors.js';
import { elements, initializerOptions, RandomInitializer, type SeedOptions } from './initializer.js';

export interface OrthogonalOptions extends SeedOptions {
  /** Factor of the result. Default 1. */
  gain?: number;
}

/**
 * A random matrix with orthonormal columns (or rows, when there are fewer of them), times `gain`. Axes before the last
 * are merged. It is the Q of a QR decomposition of a normal matrix, signs chosen so that R's diagonal is positive,
 * which makes it uniform over all such matrices.
 */
export class Orthogonal extends RandomInitializer {
  static override readonly className: string = 'Orthogonal';
  readonly gain: number;

  constructor(options: OrthogonalOptions = {}) {
    const { gain = 1, seed } = initializerOptions('Orthogonal', options, ['gain', 'seed']);
    super(seed);
    this.gain = checkNumber('gain', gain);
  }

  override generate(shape: readonly number[]): Float32Array {
    if (shape.length < 2) throw rangeError('shape', 'of at least two axes', shape);
    const cols = shape.at(-1)!;
    const rows = elements(shape) / Math.max(1, cols);
    const vectors = this.#orthonormal(Math.min(rows, cols), Math.max(rows, cols));
    const values = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        values[i * cols + j] = this.gain * (rows < cols ? vectors[i]![j]! : vectors[j]![i]!);
      }
    }
    return values;
  }

  /** `count` orthonormal vectors by Gram and Schmidt, each projected twice for orthogonality to rounding. */
  #orthonormal(count: number, length: number): Float64Array[] {
    const random = this.sequence();
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const vector = new Float64Array(length).map(() => random.normal());
      const before = norm(vector);
      for (let pass = 0; pass < 2; pass++) for (const other of vectors) removeProjection(vector, other);
      const after = norm(vector);
      if (after > 1e-8 * before) vectors.push(vector.map((value) => value / after));
    }
    return vectors;
  }

  override getConfig(): Config {
    return { gain: this.gain, seed: this.seed };
  }
}

function removeProjection(vector: Float64Array, unit: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < vector.length; i++) dot += vector[i]! * unit[i]!;
  for (let i = 0; i < vector.length; i++) vector[i]! -= dot * unit[i]!;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
