/**
 * Builds a program. Layers, losses, metrics and optimizers are written against this class, and subclasses of yours may
 * be too: every operation here knows its gradient, so a forward formula is all that a new layer or loss needs.
 *
 * @example
 * class Softsign extends Layer {
 *   static override readonly className: string = 'Softsign';
 *   override lower(builder: ProgramBuilder, x: Value): Value {
 *     return builder.divide(x, builder.affine(builder.pointwise('abs', x), 1, 1));
 *   }
 * }
 */
import { Assembler } from './assembler.js';
import { combineGradient } from './combine-gradient.js';
import type { CombineFunction, LossFunction, PointwiseFunction } from './instruction.js';
import { pointwiseSaves } from './instruction.js';
import type { Shape } from './spec.js';
import type { Value } from './value.js';

export type { BuilderOptions } from './assembler.js';
export type { Mode, Value } from './value.js';

const plainGemm = {
  op: 'gemm', transposeA: false, transposeB: false, accumulate: false, function: 'linear', alpha: 0,
} as const;

export class ProgramBuilder extends Assembler {
  /** f(x), element by element. `alpha`: the slope of leakyRelu below 0, the scale of elu. */
  pointwise(f: PointwiseFunction, x: Value, alpha = f === 'elu' ? 1 : f === 'leakyRelu' ? 0.2 : 0): Value {
    const y = this.temp(x.shape, f);
    this.emit({ op: 'pointwise', x: x.id, out: y.id, function: f, alpha });
    this.backward(y, (dy) => {
      const saved = pointwiseSaves[f] === 'output' ? y : x;
      this.accumulateGradient(x, (dx) => {
        this.emit({ op: 'pointwiseGradient', saved: saved.id, dy: dy.id, out: dx.id, function: f, alpha });
      });
    });
    return y;
  }

  /** a + b. Here and below, b has the shape of a, or is a vector along the last axis, or has 1 as its last axis. */
  add(a: Value, b: Value): Value {
    return this.combine('add', a, b);
  }

  subtract(a: Value, b: Value): Value {
    return this.combine('subtract', a, b);
  }

  multiply(a: Value, b: Value): Value {
    return this.combine('multiply', a, b);
  }

  divide(a: Value, b: Value): Value {
    return this.combine('divide', a, b);
  }

  /** The larger of a and b; where they are equal the gradient goes to b. */
  maximum(a: Value, b: Value): Value {
    return this.combine('maximum', a, b);
  }

  /** The smaller of a and b; where they are equal the gradient goes to b. */
  minimum(a: Value, b: Value): Value {
    return this.combine('minimum', a, b);
  }

  combine(f: CombineFunction, a: Value, b: Value): Value {
    const y = this.temp(a.shape, f);
    this.emit({ op: 'combine', a: a.id, b: b.id, out: y.id, function: f });
    this.backward(y, (dy) => combineGradient(this, f, a, b, y, dy));
    return y;
  }

  /** Over the last axis, which becomes 1. */
  sum(x: Value): Value {
    return this.#reduceLast('sum', x, 1);
  }

  /** Over the last axis, which becomes 1. */
  mean(x: Value): Value {
    return this.#reduceLast('mean', x, 1 / lastAxis(x));
  }

  /** Over the last axis, which becomes 1. Each of several equal largest values gets the whole gradient. */
  max(x: Value): Value {
    const y = this.temp([...x.shape.slice(0, -1), 1], 'max');
    this.emit({ op: 'reduce', x: x.id, out: y.id, function: 'max', overRows: false });
    this.backward(y, (dy) => {
      const below = this.pointwise('negate', this.subtract(x, y));
      const dyWide = this.broadcast(dy, x.shape);
      const elsewhere = this.temp(x.shape, 'elsewhere');
      const [saved, out] = [below.id, elsewhere.id];
      this.emit({ op: 'pointwiseGradient', saved, dy: dyWide.id, out, function: 'relu', alpha: 0 });
      this.provideGradient(x, this.subtract(dyWide, elsewhere));
    });
    return y;
  }

  /** x's last axis, which is 1, repeated to that of `shape`, times `scale`. */
  broadcast(x: Value, shape: Shape, scale = 1): Value {
    const y = this.temp(shape, 'broadcast');
    this.emit({ op: 'broadcast', x: x.id, out: y.id, scale });
    this.backward(y, (dy) => this.provideGradient(x, this.affine(this.sum(dy), scale, 0)));
    return y;
  }

  /** x · w + bias over the last axis of x; all other axes are rows. The gradient of x is emitted before that of w. */
  matmul(x: Value, w: Value, bias?: Value): Value {
    const y = this.temp([...x.shape.slice(0, -1), lastAxis(w)], 'matmul');
    this.emit({ ...plainGemm, a: x.id, b: w.id, ...(bias ? { bias: bias.id } : {}), out: y.id });
    this.backward(y, (dy) => {
      this.accumulateGradient(x, (dx) => this.emit({ ...plainGemm, a: dy.id, b: w.id, transposeB: true, out: dx.id }));
      this.accumulateGradient(w, (dw) => this.emit({ ...plainGemm, a: x.id, transposeA: true, b: dy.id, out: dw.id }));
      if (bias) this.accumulateGradient(bias, (db) => this.sumRows(dy, db));
    });
    return y;
  }

  /** x * scale + offset. */
  affine(x: Value, scale: number, offset: number): Value {
    const y = this.temp(x.shape, 'affine');
    this.emit({ op: 'affine', x: x.id, out: y.id, scale, offset });
    this.backward(y, (dy) => this.provideGradient(x, this.affine(dy, scale, 0)));
    return y;
  }

  /** Softmax over the last axis; the result remembers its logits. */
  softmax(x: Value): Value {
    const y = this.temp(x.shape, 'softmax');
    this.emit({ op: 'softmax', x: x.id, out: y.id });
    this.backward(y, (dy) => {
      this.accumulateGradient(x, (dx) => this.emit({ op: 'softmaxGradient', y: y.id, dy: dy.id, out: dx.id }));
    });
    return { ...y, logits: { kind: 'softmax', value: x } };
  }

  /** Sigmoid; the result remembers its logits. */
  sigmoid(x: Value): Value {
    return { ...this.pointwise('sigmoid', x), logits: { kind: 'sigmoid', value: x } };
  }

  /** Zeroes elements with probability `rate` and scales the others by 1 / (1 - rate). */
  dropout(x: Value, rate: number, stream: number): Value {
    const y = this.temp(x.shape, 'dropout');
    this.emit({ op: 'dropout', x: x.id, out: y.id, rate, stream });
    this.backward(y, (dy) => {
      this.accumulateGradient(x, (dx) => this.emit({ op: 'dropout', x: dy.id, out: dx.id, rate, stream }));
    });
    return y;
  }

  /** out[j] = the sum over all rows of x[., j]; has no gradient of its own. */
  sumRows(x: Value, out: Value): void {
    this.emit({ op: 'reduce', x: x.id, out: out.id, function: 'sum', overRows: true });
  }

  /** A loss from logits, one value an element, with its gradient. The target is dense, or integers for softmax. */
  logitsCrossentropy(kind: 'softmax' | 'sigmoid', target: Value, logits: Value, labelSmoothing = 0): Value {
    const { values, gradient, results } = this.#lossResults(logits);
    const op = kind === 'softmax' ? 'softmaxCrossentropy' : 'sigmoidCrossentropy';
    this.emit({ op, logits: logits.id, target: target.id, ...results, labelSmoothing });
    if (gradient) this.provideGradient(logits, gradient);
    return values;
  }

  /** A loss from plain predictions, one value an element, with its gradient by the prediction. */
  lossFunction(f: LossFunction, target: Value, prediction: Value, labelSmoothing = 0): Value {
    const { values, gradient, results } = this.#lossResults(prediction);
    this.emit({ op: 'loss', prediction: prediction.id, target: target.id, ...results, function: f, labelSmoothing });
    if (gradient) this.provideGradient(prediction, gradient);
    return values;
  }

  #lossResults(prediction: Value) {
    const values = this.temp(prediction.shape.slice(0, -1), 'loss');
    if (!this.needsGradient(prediction)) return { values, gradient: undefined, results: { values: values.id } };
    const gradient = this.gradientTemp(prediction);
    return { values, gradient, results: { values: values.id, scale: this.lossScale.id, gradient: gradient.id } };
  }

  #reduceLast(f: 'sum' | 'mean', x: Value, scale: number): Value {
    const y = this.temp([...x.shape.slice(0, -1), 1], f);
    this.emit({ op: 'reduce', x: x.id, out: y.id, function: f, overRows: false });
    this.backward(y, (dy) => {
      this.accumulateGradient(x, (dx) => this.emit({ op: 'broadcast', x: dy.id, out: dx.id, scale }));
    });
    return y;
  }
}

function lastAxis(x: Value): number {
  return x.shape.at(-1) ?? 1;
}
