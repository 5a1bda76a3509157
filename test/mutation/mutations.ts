/** Slips a person could make, each in the subject of some golden values or of the reference, and who must notice. */

export interface Mutation {
  what: string;
  file: string;
  /** Stands in the file exactly once. */
  from: string;
  to: string;
  /** Files of tests, of which at least one test each must fail. */
  red: readonly string[];
}

const golden = (...names: string[]): string[] => names.map((name) => `test/golden/${name}.test.ts`);

/** In the sources of the kernels; only the scalar instruction set is compiled with them. */
export const nativeMutations: readonly Mutation[] = [
  {
    what: "the sign of the gradient in SGD's Nesterov term",
    file: 'native/kernels/optimizers.inl.h',
    from: 'nesterov ? fma(momentum, *velocity, negate(step)) : *velocity',
    to: 'nesterov ? fma(momentum, *velocity, step) : *velocity',
    red: golden('optimizers', 'training', 'mnist'),
  },
  {
    what: "the sign in tanh's gradient",
    file: 'native/kernels/activations.inl.h',
    from: 'return dy * fnma(y, y, set1(1.0f));',
    to: 'return dy * fma(y, y, set1(1.0f));',
    red: [...golden('activations', 'training'), 'test/programs/differential.test.ts'],
  },
  {
    what: 'a sign in the gradient of the binary cross-entropy',
    file: 'native/kernels/losses.inl.h',
    from: 'V slope = other / rest - t / q;',
    to: 'V slope = other / rest + t / q;',
    red: [...golden('losses'), 'test/programs/differential.test.ts'],
  },
  {
    what: 'a sign in the value of the softmax cross-entropy',
    file: 'native/kernels/losses.inl.h',
    from: '\n  o.values[i] = static_cast<float>(sum_t * static_cast<double>(scalar_log(total)) - weighted.total());',
    to: '\n  o.values[i] = static_cast<float>(sum_t * static_cast<double>(scalar_log(total)) + weighted.total());',
    red: golden('losses', 'training'),
  },
  {
    what: 'the direction of the comparison in binary accuracy',
    file: 'native/kernels/losses.inl.h',
    from: 'V decision = select(limit < lanes.load(prediction + i * cols + j), one, zero());',
    to: 'V decision = select(lanes.load(prediction + i * cols + j) < limit, one, zero());',
    red: [...golden('metrics', 'training'), 'test/programs/differential.test.ts'],
  },
  {
    what: 'where the second word of marks begins, in a walk over what is not zero',
    file: 'native/kernels/skipping.inl.h',
    from: 'return kMarksInWord + first;',
    to: 'return first;',
    red: ['test/programs/skipping.test.ts'],
  },
  {
    what: 'which marks two rows share: those of both for those of either',
    file: 'native/kernels/skipping.inl.h',
    from: 'low(a.low | b.low)',
    to: 'low(a.low & b.low)',
    red: ['test/programs/skipping.test.ts'],
  },
  {
    what: 'what a byte stands for: the next one',
    file: 'native/kernels/elements_of_a.inl.h',
    from: 'set1(table[x])',
    to: 'set1(table[x ^ 1])',
    red: ['test/programs/skipping.test.ts'],
  },
  {
    what: 'that weights are no longer taken for finite once an update made one that is not',
    file: 'native/program/context.h',
    from: 'weights_are_finite_.store(false, std::memory_order_relaxed)',
    to: 'weights_are_finite_.store(true, std::memory_order_relaxed)',
    red: ['test/programs/skipping.test.ts'],
  },
];

/** In TypeScript, which needs no compiling. */
export const scriptMutations: readonly Mutation[] = [
  {
    what: "the sign of the decay in InverseTimeDecay's formula",
    file: 'lib/schedules/inverse-time-decay.ts',
    from: '(1 + this.decayRate *',
    to: '(1 - this.decayRate *',
    red: golden('schedules', 'optimizers', 'training'),
  },
  {
    what: "a sign in Adam's bias correction",
    file: 'lib/optimizers/adam.ts',
    from: 'Math.sqrt(1 - this.beta2 ** step)',
    to: 'Math.sqrt(1 + this.beta2 ** step)',
    red: golden('optimizers', 'training'),
  },
  {
    what: "the sign of Rescaling's offset, where rows are gathered",
    file: 'lib/program/lower.ts',
    from: 'rescaling?.scale, rescaling?.offset)',
    to: 'rescaling?.scale, rescaling && -rescaling.offset)',
    red: golden('preprocessing', 'training'),
  },
  {
    what: "the sign of the gradient of Rescaling's input",
    file: 'lib/program/builder.ts',
    from: 'this.provideGradient(x, this.affine(dy, scale, 0))',
    to: 'this.provideGradient(x, this.affine(dy, -scale, 0))',
    red: [...golden('layers'), 'test/gradients.test.ts'],
  },
  {
    what: "the reference's sign in the gradient of the binary cross-entropy",
    file: 'test/reference/losses.ts',
    from: '(1 - t[j]!) / (1 - v) - t[j]! / v',
    to: '(1 - t[j]!) / (1 - v) + t[j]! / v',
    red: golden('reference'),
  },
  {
    what: 'the side of the cut that a validation split is taken from',
    file: 'lib/models/batches.ts',
    from: 'validation: cut(batches, kept, batches.rows)',
    to: 'validation: cut(batches, 0, kept)',
    red: golden('preprocessing'),
  },
  {
    what: "the sign of a divisor's gradient",
    file: 'lib/program/combine-gradient.ts',
    from: 'g.affine(g.divide(g.multiply(dy, y), b), -1, 0)',
    to: 'g.affine(g.divide(g.multiply(dy, y), b), 1, 0)',
    red: ['test/gradients.test.ts'],
  },
];
