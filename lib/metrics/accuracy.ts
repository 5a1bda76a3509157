import type { Config } from '../config.js';
import { checkNumber } from '../errors.js';
import type { ProgramBuilder } from '../program/builder.js';
import type { AccuracyKind } from '../program/instruction.js';
import type { Value } from '../program/value.js';
import { checkTarget, Metric, readMetricOptions, type MetricOptions } from './metric.js';

export interface BinaryAccuracyOptions extends MetricOptions {
  /** A prediction above it is 1. Default 0.5. */
  threshold?: number;
}

/** How often (prediction > threshold) is the target, which is 0 or 1; the mean over the last axis. */
export class BinaryAccuracy extends Metric {
  static override readonly className: string = 'BinaryAccuracy';
  readonly threshold: number;

  constructor(options: BinaryAccuracyOptions = {}) {
    const read = readMetricOptions('BinaryAccuracy', options, ['threshold']);
    super(read);
    this.threshold = checkNumber('threshold', read.threshold ?? 0.5);
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    checkTarget(this, target, 'f32');
    return emitAccuracy(builder, 'binary', target, prediction, this.threshold);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}

/** How often the largest prediction is where the largest target is; the first one of equals. */
export class CategoricalAccuracy extends Metric {
  static override readonly className: string = 'CategoricalAccuracy';

  constructor(options: MetricOptions = {}) {
    super(readMetricOptions('CategoricalAccuracy', options));
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    checkTarget(this, target, 'f32');
    return emitAccuracy(builder, 'categorical', target, prediction);
  }
}

/** How often the largest prediction, the first one of equals, is at the target, the number of a class. */
export class SparseCategoricalAccuracy extends Metric {
  static override readonly className: string = 'SparseCategoricalAccuracy';

  constructor(options: MetricOptions = {}) {
    super(readMetricOptions('SparseCategoricalAccuracy', options));
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    checkTarget(this, target, 'i32');
    return emitAccuracy(builder, 'sparse', target, prediction);
  }
}

/**
 * What 'accuracy' means in compile, as in Keras: binary for predictions of one value, sparse for targets that are
 * numbers of classes, else categorical. (Keras's class Accuracy, which counts predictions that are equal to their
 * targets, is another metric.)
 */
export class AutomaticAccuracy extends Metric {
  static override readonly className: string = 'AutomaticAccuracy';

  constructor(options: MetricOptions = {}) {
    const read = readMetricOptions('AutomaticAccuracy', options);
    super({ name: read.name ?? 'accuracy' });
  }

  override lower(builder: ProgramBuilder, target: Value, prediction: Value): Value {
    return emitAccuracy(builder, accuracyKind(target, prediction), target, prediction);
  }
}

function accuracyKind(target: Value, prediction: Value): AccuracyKind {
  if (target.dtype === 'i32') return 'sparse';
  return prediction.shape.at(-1) === 1 ? 'binary' : 'categorical';
}

function emitAccuracy(builder: ProgramBuilder, kind: AccuracyKind, target: Value, prediction: Value,
                      threshold = 0.5): Value {
  const values = builder.temp(prediction.shape.slice(0, -1), `${kind}Accuracy`);
  builder.emit({
    op: 'accuracy', prediction: prediction.id, target: target.id, values: values.id, kind, threshold,
  });
  return values;
}
