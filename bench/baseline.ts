/**
 * The pure-TypeScript contender: a ReLU classifier trained with Nesterov SGD on softmax cross-entropy, on typed arrays.
 * Written as well as plain JavaScript allows: float32 storage, every inner loop runs along contiguous memory, zero
 * inputs are skipped (four fifths of MNIST's pixels, half of what a ReLU puts out), nothing is allocated per step.
 * `test/bench/baseline.test.ts` holds it to quern's results.
 */

interface Layer {
  inputs: number;
  units: number;
  kernel: Float32Array;  // (inputs, units)
  bias: Float32Array;
  kernelGradient: Float32Array;
  biasGradient: Float32Array;
  kernelVelocity: Float32Array;
  biasVelocity: Float32Array;
  output: Float32Array;  // (batch, units), after the activation
  delta: Float32Array;   // (batch, units), the loss's gradient before the activation
}

export interface Hyperparameters {
  learningRate: number;
  decay: number;
  momentum: number;
}

export class BaselineClassifier {
  readonly layers: Layer[];
  #iterations = 0;

  /** `weights` are kernel, bias, kernel, bias, … as `Sequential.getWeights` gives them. */
  constructor(readonly sizes: readonly number[], weights: readonly Float32Array[], readonly batchSize: number,
              readonly hyper: Hyperparameters) {
    this.layers = sizes.slice(1).map((units, l) => {
      const inputs = sizes[l]!;
      return {
        inputs, units,
        kernel: Float32Array.from(weights[2 * l]!), bias: Float32Array.from(weights[2 * l + 1]!),
        kernelGradient: new Float32Array(inputs * units), biasGradient: new Float32Array(units),
        kernelVelocity: new Float32Array(inputs * units), biasVelocity: new Float32Array(units),
        output: new Float32Array(batchSize * units), delta: new Float32Array(batchSize * units),
      };
    });
  }

  /** Probabilities (rows, classes), valid until the next call. */
  predict(x: Float32Array, rows: number): Float32Array {
    let input = x;
    this.layers.forEach((layer, l) => {
      multiply(input, layer, rows);
      if (l < this.layers.length - 1) relu(layer.output, rows * layer.units);
      input = layer.output;
    });
    const last = this.layers.at(-1)!;
    softmax(last.output, rows, last.units);
    return last.output.subarray(0, rows * last.units);
  }

  /** One step on `rows` rows of x (rows, inputs) and integer labels; returns the summed loss and the number right. */
  trainOnBatch(x: Float32Array, labels: Uint8Array, rows: number): { loss: number; correct: number } {
    const result = this.#outputDelta(this.predict(x, rows), labels, rows);
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const layer = this.layers[l]!;
      const below = this.layers[l - 1];
      parameterGradients(below ? below.output : x, layer, rows);
      if (below) inputDelta(layer, below, rows);
    }
    const rate = this.hyper.learningRate / (1 + this.hyper.decay * this.#iterations++);
    for (const layer of this.layers) {
      update(layer.kernel, layer.kernelGradient, layer.kernelVelocity, rate, this.hyper.momentum);
      update(layer.bias, layer.biasGradient, layer.biasVelocity, rate, this.hyper.momentum);
    }
    return result;
  }

  /** delta of the last layer = (p - onehot) / rows. */
  #outputDelta(probabilities: Float32Array, labels: Uint8Array, rows: number): { loss: number; correct: number } {
    const { delta, units } = this.layers.at(-1)!;
    let loss = 0;
    let correct = 0;
    for (let i = 0; i < rows; i++) {
      const start = i * units;
      const label = labels[i]!;
      let best = 0;
      for (let j = 0; j < units; j++) {
        const p = probabilities[start + j]!;
        if (p > probabilities[start + best]!) best = j;
        delta[start + j] = (j === label ? p - 1 : p) / rows;
      }
      if (best === label) correct++;
      loss -= Math.log(probabilities[start + label]!);
    }
    return { loss, correct };
  }
}

/** output = x · kernel + bias. */
function multiply(x: Float32Array, { inputs, units, kernel, bias, output }: Layer, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const out = i * units;
    for (let j = 0; j < units; j++) output[out + j] = bias[j]!;
    for (let k = 0; k < inputs; k++) {
      const a = x[i * inputs + k]!;
      if (a === 0) continue;
      const row = k * units;
      for (let j = 0; j < units; j++) output[out + j]! += a * kernel[row + j]!;
    }
  }
}

/** kernelGradient = xᵀ · delta, biasGradient = column sums of delta. */
function parameterGradients(x: Float32Array, layer: Layer, rows: number): void {
  const { inputs, units, delta, kernelGradient, biasGradient } = layer;
  kernelGradient.fill(0);
  biasGradient.fill(0);
  for (let i = 0; i < rows; i++) {
    const from = i * units;
    for (let j = 0; j < units; j++) biasGradient[j]! += delta[from + j]!;
    for (let k = 0; k < inputs; k++) {
      const a = x[i * inputs + k]!;
      if (a === 0) continue;
      const row = k * units;
      for (let j = 0; j < units; j++) kernelGradient[row + j]! += a * delta[from + j]!;
    }
  }
}

/** delta of the layer below = (delta · kernelᵀ) where its ReLU was open. */
function inputDelta({ inputs, units, kernel, delta }: Layer, below: Layer, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const from = i * units;
    for (let k = 0; k < inputs; k++) {
      let sum = 0;
      if (below.output[i * inputs + k]! > 0) {
        const row = k * units;
        for (let j = 0; j < units; j++) sum += delta[from + j]! * kernel[row + j]!;
      }
      below.delta[i * inputs + k] = sum;
    }
  }
}

/** Keras's Nesterov momentum: v = m v - lr g; w += m v - lr g. */
function update(w: Float32Array, g: Float32Array, v: Float32Array, rate: number, momentum: number): void {
  for (let i = 0; i < w.length; i++) {
    const step = rate * g[i]!;
    const velocity = momentum * v[i]! - step;
    v[i] = velocity;
    w[i]! += momentum * velocity - step;
  }
}

function relu(values: Float32Array, n: number): void {
  for (let i = 0; i < n; i++) if (values[i]! < 0) values[i] = 0;
}

function softmax(values: Float32Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let max = -Infinity;
    for (let j = 0; j < columns; j++) max = Math.max(max, values[start + j]!);
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += values[start + j] = Math.exp(values[start + j]! - max);
    for (let j = 0; j < columns; j++) values[start + j]! /= sum;
  }
}
