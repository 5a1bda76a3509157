import { checkConfig, type Config } from '../config.js';
import { checkInteger, rangeError, typeError } from '../errors.js';
import { sizeOf } from '../program/buffers.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { Shape } from '../program/spec.js';
import type { Value } from '../program/value.js';
import { Layer, readLayerOptions, type LayerOptions } from './layer.js';

/**
 * Rows under another shape of the same size; nothing is moved.
 *
 * @example
 * model.add(new Reshape([28, -1]));
 */
export class Reshape extends Layer {
  static override readonly className: string = 'Reshape';
  readonly targetShape: readonly number[];

  /** @param targetShape sizes of a row's axes; one of them may be -1, which is what is left */
  constructor(targetShape: readonly number[], options: LayerOptions = {}) {
    super(readLayerOptions('Reshape', options));
    this.targetShape = checkTargetShape(targetShape);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const size = sizeOf(inputShape.slice(1));
    const known = sizeOf(this.targetShape.filter((axis) => axis !== -1));
    const rest = size / known;
    const fits = this.targetShape.includes(-1) ? Number.isInteger(rest) : rest === 1;
    if (!fits) {
      const row = `a row of shape [${inputShape.slice(1).join(', ')}]`;
      throw rangeError('targetShape', `of the ${size} values in ${row}`, this.targetShape);
    }
    return [null, ...this.targetShape.map((axis) => (axis === -1 ? rest : axis))];
  }

  override lower(builder: ProgramBuilder, x: Value): Value {
    return builder.view(x, this.computeOutputShape(x.shape));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), target_shape: [...this.targetShape] };
  }

  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { target_shape: snake, targetShape = snake, ...options } = checkConfig('config', config);
    return new this(targetShape as never, options as never);
  }
}

function checkTargetShape(shape: unknown): number[] {
  if (!Array.isArray(shape)) throw typeError('targetShape', 'an array of sizes, one of them -1 at most', shape);
  if (shape.length === 0 || shape.filter((axis) => axis === -1).length > 1) {
    throw rangeError('targetShape', 'at least one size, and one -1 at most', shape);
  }
  return shape.map((axis, i) => (axis === -1 ? -1 : checkInteger(`targetShape[${i}]`, axis, 1)));
}
