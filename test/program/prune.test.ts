import assert from 'node:assert/strict';
import { ProgramBuilder } from '../../lib/program/builder.js';
import { fuse } from '../../lib/program/fuse.js';
import { operandsOf } from '../../lib/program/operands.js';
import { prune } from '../../lib/program/prune.js';
import type { ProgramSpec } from '../../lib/program/spec.js';

/** A prediction program made by `emit`; what it returns is delivered. */
function program(emit: (builder: ProgramBuilder) => void): ProgramSpec {
  const builder = new ProgramBuilder({ mode: 'prediction', maxRows: 2 });
  emit(builder);
  return builder.finish();
}

const ops = ({ forward }: ProgramSpec) => forward.map(({ op }) => op);

describe('prune', () => {
  it('drops what nobody reads, and all that only it reads', () => {
    const spec = program((b) => {
      const x = b.input('x', [null, 3]);
      b.pointwise('relu', b.pointwise('tanh', x));
      b.output(b.pointwise('square', x));
    });
    assert.deepEqual(ops(prune(spec)), ['pointwise']);
    assert.deepEqual(
      prune(spec).buffers.map(({ name }) => name),
      ['x', 'square'],
    );
  });

  it('keeps what is read through a view, and numbers buffers anew', () => {
    const spec = program((b) => {
      b.temp([null, 9]);
      const x = b.input('x', [null, 4]);
      b.temp([null, 8]);
      b.output(b.pointwise('relu', b.view(b.pointwise('tanh', x), [null, 2, 2])));
    });
    const pruned = prune(spec);
    assert.deepEqual(
      pruned.buffers.map(({ kind }) => kind),
      ['input', 'temp', 'view', 'output'],
    );
    assert.deepEqual(
      pruned.forward.map((code) => operandsOf(code).map(({ buffer }) => buffer)),
      [
        [0, 1],
        [2, 3],
      ],
    );
    assert.equal(pruned.buffers[2]!.kind === 'view' && pruned.buffers[2]!.of, 1);
  });

  it('keeps accumulators, and inputs even when nothing reads them', () => {
    const spec = program((b) => {
      b.input('unused', [null, 2]);
      b.accumulate(b.view(b.sum(b.input('x', [null, 3])), [null]));
    });
    assert.deepEqual(ops(prune(spec)), ['reduce', 'accumulate']);
    assert.deepEqual(prune(spec).buffers.filter(({ kind }) => kind === 'input').length, 2);
  });

  it('drops results of an instruction that nobody reads, where they may be missing', () => {
    const spec = program((b) => {
      const logits = b.input('x', [null, 3]);
      const [values, probabilities] = [b.temp([null]), b.temp([null, 3])];
      b.emit({
        op: 'softmaxCrossentropy',
        logits: logits.id,
        target: b.target('y', [null, 3], 'f32').id,
        values: values.id,
        probabilities: probabilities.id,
        labelSmoothing: 0,
      });
      b.accumulate(values);
    });
    const [loss] = prune(spec).forward;
    assert.ok(loss?.op === 'softmaxCrossentropy' && !('probabilities' in loss));
  });
});

describe('fuse', () => {
  const dense = (b: ProgramBuilder) => b.matmul(b.input('x', [null, 3]), b.input('w', [null, 3]));

  it('moves a function into the gemm before it', () => {
    const [code, ...rest] = fuse(program((b) => b.output(b.pointwise('leakyRelu', dense(b), 0.3)))).forward;
    assert.deepEqual(
      [code?.op === 'gemm' && code.function, code?.op === 'gemm' && code.alpha, rest.length],
      ['leakyRelu', 0.3, 0],
    );
  });

  it('leaves a gemm alone that is read twice, through a view too, delivered, or has its function', () => {
    const cases: ((b: ProgramBuilder) => void)[] = [
      (b) => {
        const z = dense(b);
        b.output(b.add(b.pointwise('relu', z), z));
      },
      (b) => {
        const z = dense(b);
        b.output(b.pointwise('relu', z));
        b.output(b.pointwise('tanh', b.view(z, [null, 3, 1])));
      },
      (b) => {
        const z = dense(b);
        b.output(b.pointwise('relu', z));
        b.output(z);
      },
    ];
    for (const emit of cases)
      assert.ok(fuse(program(emit)).forward.every((code) => code.op !== 'gemm' || code.function === 'linear'));
    const twice = fuse(program((b) => b.output(b.pointwise('tanh', b.pointwise('relu', dense(b))))));
    assert.deepEqual(ops(twice), ['gemm', 'pointwise']);
  });

  it('lets a cross-entropy write the probabilities, unless they are read before it', () => {
    const withLoss = (readBefore: boolean) =>
      program((b) => {
        const logits = b.input('x', [null, 3]);
        const probabilities = b.softmax(logits);
        if (readBefore) b.output(b.pointwise('square', probabilities));
        b.accumulate(b.logitsCrossentropy('softmax', b.target('y', [null, 3], 'f32'), logits));
        b.output(b.pointwise('tanh', probabilities));
      });
    assert.deepEqual(ops(fuse(withLoss(false))), ['softmaxCrossentropy', 'pointwise', 'accumulate']);
    assert.deepEqual(ops(fuse(withLoss(true))), [
      'softmax',
      'pointwise',
      'softmaxCrossentropy',
      'pointwise',
      'accumulate',
    ]);
  });
});
