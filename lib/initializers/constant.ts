import type { Config } from '../config.js';
import { checkNumber, rangeError } from '../errors.js';
import { elements, Initializer, initializerOptions } from './initializer.js';

/** All 0. */
export class Zeros extends Initializer {
  static override readonly className: string = 'Zeros';

  constructor(options: object = {}) {
    initializerOptions('Zeros', options, []);
    super();
  }

  override generate(shape: readonly number[]): Float32Array {
    return new Float32Array(elements(shape));
  }
}

/** All 1. */
export class Ones extends Initializer {
  static override readonly className: string = 'Ones';

  constructor(options: object = {}) {
    initializerOptions('Ones', options, []);
    super();
  }

  override generate(shape: readonly number[]): Float32Array {
    return new Float32Array(elements(shape)).fill(1);
  }
}

/** All `value`. */
export class Constant extends Initializer {
  static override readonly className: string = 'Constant';
  readonly value: number;

  constructor(options: { /** Default 0. */ value?: number } = {}) {
    const { value = 0 } = initializerOptions('Constant', options, ['value']);
    super();
    this.value = checkNumber('value', value);
  }

  override generate(shape: readonly number[]): Float32Array {
    return new Float32Array(elements(shape)).fill(this.value);
  }

  override getConfig(): Config {
    return { value: this.value };
  }
}

/** `gain` on the diagonal of a matrix, 0 elsewhere. */
export class Identity extends Initializer {
  static override readonly className: string = 'Identity';
  readonly gain: number;

  constructor(options: { /** Default 1. */ gain?: number } = {}) {
    const { gain = 1 } = initializerOptions('Identity', options, ['gain']);
    super();
    this.gain = checkNumber('gain', gain);
  }

  override generate(shape: readonly number[]): Float32Array {
    const [rows, cols] = shape;
    if (shape.length !== 2 || rows === undefined || cols === undefined) throw rangeError('shape', 'of two axes', shape);
    const values = new Float32Array(rows * cols);
    for (let i = 0; i < Math.min(rows, cols); i++) values[i * cols + i] = this.gain;
    return values;
  }

  override getConfig(): Config {
    return { gain: this.gain };
  }
}
