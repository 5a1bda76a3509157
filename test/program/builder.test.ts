/** The builder's own rules. That its gradients are right is shown in test/gradients.test.ts. */
import assert from 'node:assert/strict';
import { Ones } from '../../lib/initializers/index.js';
import { Parameter } from '../../lib/layers/index.js';
import { ProgramBuilder, type Mode } from '../../lib/program/builder.js';
import type { Instruction } from '../../lib/program/instruction.js';

const weight = (name: string, shape: number[], trainable = true) =>
  new Parameter({ layer: 'l', name, shape, initializer: new Ones(), trainable });

/** A builder with a kernel, a vector and a frozen kernel, all 3 by 3 or 3 long. */
function setup(mode: Mode = 'training') {
  const parameters = [weight('k', [3, 3]), weight('v', [3]), weight('frozen', [3, 3], false)];
  const builder = new ProgramBuilder({ mode, parameters, maxRows: 4 });
  const [k, v, frozen] = parameters.map((parameter) => builder.parameter(parameter));
  return { builder, parameters, x: builder.input('x', [null, 3]), k: k!, v: v!, frozen: frozen! };
}

const ops = (code: readonly Instruction[]) => code.map(({ op }) => op);

describe('gradients while a program is built', () => {
  it('are needed by what something trainable went into', () => {
    const { builder, x, k, v, frozen } = setup();
    const still = builder.matmul(x, frozen);
    const moving = builder.matmul(still, k, v);
    assert.deepEqual(
      [x, frozen, still, k, moving, builder.view(moving, [null, 3, 1])].map((value) => builder.needsGradient(value)),
      [false, false, false, true, true, true],
    );
    builder.withoutGradients(() => assert.equal(builder.needsGradient(moving), false));
  });

  it('are not needed in evaluation and prediction', () => {
    for (const mode of ['evaluation', 'prediction'] as const) {
      const { builder, x, k } = setup(mode);
      assert.equal(builder.needsGradient(builder.matmul(x, k)), false);
    }
  });

  it('run backward in reverse, only where a gradient arrives', () => {
    const { builder, x, k } = setup();
    const order: string[] = [];
    const y = builder.matmul(x, k);
    const unused = builder.pointwise('tanh', y);
    builder.backward(unused, () => order.push('unused'));
    builder.backward(y, () => order.push('first'));
    const z = builder.pointwise('square', y);
    builder.backward(z, () => order.push('second'));
    builder.scaleLoss([null, 3], 'sum');
    builder.differentiate(z);
    assert.deepEqual(order, ['second', 'first']);
  });

  it('are added where a value is used twice, and given on where they are equal', () => {
    const { builder, x, k } = setup();
    const y = builder.matmul(x, k);
    const z = builder.add(y, y);
    builder.scaleLoss([null, 3], 'sum');
    builder.differentiate(z);
    // dy = dz + dz, then the gradient of k; no copies.
    assert.deepEqual(ops(builder.finish().backward), ['combine', 'gemm']);
  });

  it('of parameters land in their slab', () => {
    const { builder, parameters, x, k, v, frozen } = setup();
    const y = builder.add(builder.matmul(x, k), v);
    builder.scaleLoss([null, 3], 'sum');
    builder.differentiate(builder.multiply(y, builder.matmul(x, frozen)));
    assert.deepEqual(
      parameters.map((parameter) => builder.hasGradient(parameter)),
      [true, true, false],
    );
    const { backward, buffers } = builder.finish();
    const written = backward.flatMap((code) => ('out' in code ? [buffers[code.out]!] : []));
    assert.deepEqual(
      written
        .filter(({ kind }) => kind === 'gradient')
        .map(({ name }) => name)
        .sort(),
      ['l/k.gradient', 'l/v.gradient'],
    );
  });

  it('given as they are to a parameter are copied into its slab', () => {
    const { builder, x, k, v } = setup();
    const loss = builder.sum(builder.matmul(x, k));
    builder.backward(loss, () => builder.provideGradient(v, builder.temp([3])));
    builder.scaleLoss([null], 'sum');
    builder.differentiate(loss);
    const copy = builder.finish().backward.find((code) => code.op === 'pointwise');
    assert.equal(copy?.op === 'pointwise' && builder.buffers.spec(copy.out).kind, 'gradient');
  });
});

describe('buffers of a program', () => {
  it('of one parameter range are one', () => {
    const { builder, parameters } = setup();
    assert.equal(builder.parameter(parameters[0]!).id, builder.parameter(parameters[0]!).id);
    assert.equal(builder.parameterRange(0, 3).id, builder.parameterRange(0, 3).id);
    assert.notEqual(builder.slotRange(0, 0, 3).id, builder.slotRange(1, 0, 3).id);
  });

  it('of ranges hold the padding of the slab', () => {
    const { builder } = setup();
    assert.deepEqual(builder.parameterRange(0, 3).shape, [16 + 16 + 16]);
    assert.deepEqual(builder.gradientRange(1, 1).shape, [3]);
    assert.throws(() => builder.parameterRange(1, 3), /no parameters 1 to 3/);
  });

  it('have names of their own', () => {
    const { builder } = setup();
    const names = [
      builder.temp([1], 'a'),
      builder.temp([1], 'a'),
      builder.inScope('s', () => builder.temp([1], 'a')),
    ].map(({ id }) => builder.buffers.spec(id).name);
    assert.deepEqual(names, ['a', 'a#2', 's/a']);
  });

  it('are delivered as they are when they can be', () => {
    const { builder, x, k } = setup('prediction');
    const y = builder.matmul(x, k);
    assert.equal(builder.output(y).id, y.id);
    assert.notEqual(builder.output(y).id, y.id);
    assert.notEqual(builder.output(x).id, x.id);
    assert.deepEqual(ops(builder.finish().forward), ['gemm', 'pointwise', 'pointwise']);
  });

  it('refuse a parameter of another model', () => {
    const { builder } = setup();
    assert.throws(() => builder.parameter(weight('other', [3])), /"other" is not part of the model/);
  });
});

describe('random streams', () => {
  it('count up, or follow a seed', () => {
    const { builder } = setup();
    assert.deepEqual(
      [builder.randomStream(), builder.randomStream(null), builder.randomStream(3), builder.randomStream()],
      [0, 1, 2 ** 30 + 3, 2],
    );
    assert.ok(builder.randomStream(Number.MAX_SAFE_INTEGER) < 2 ** 31);
  });
});
