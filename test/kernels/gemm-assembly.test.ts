/**
 * What the compiler made of gemm's micro kernels. A vector of B that is loaded again for every row, or a sum that goes
 * to the stack and back, costs a third of the speed and no test of values would notice; so the inner loops are read.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Kernel {
  rows: number;
  vectors: number;
  loop: string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const kernelName = /gemm_micro<(\d+), (\d+), (?:true|false), .*(?:Floats|Bytes)OfA>/;

/** The micro kernels in an object file, each with the shortest loop that multiplies and adds. */
function kernelsIn(file: string): Kernel[] {
  const listing = execFileSync('objdump', ['-d', '--no-show-raw-insn', '-C', file],
    { encoding: 'utf8', maxBuffer: 1 << 28 });
  return listing.split('\n\n').flatMap((text) => {
    const name = kernelName.exec(text.split('\n', 1)[0]!);
    if (!name) return [];
    return [{ rows: Number(name[1]), vectors: Number(name[2]), loop: innerLoop(text.split('\n').slice(1)) }];
  });
}

function innerLoop(lines: string[]): string[] {
  const instructions = lines.map((line) => /^\s*([0-9a-f]+):\s+(.*)$/.exec(line)).filter((match) => match !== null);
  const index = new Map(instructions.map(([, address], i) => [address, i]));
  let shortest: string[] = [];
  instructions.forEach(([, , code], i) => {
    const start = index.get(/^j\w+\s+([0-9a-f]+)/.exec(code!)?.[1] ?? '');
    if (start === undefined || start >= i) return;
    const loop = instructions.slice(start, i + 1).map((match) => match[2]!);
    if (loop.some(isMultiplyAdd) && (shortest.length === 0 || loop.length < shortest.length)) shortest = loop;
  });
  return shortest;
}

function isMultiplyAdd(code: string): boolean {
  return code.startsWith('vfmadd');
}

for (const isa of ['avx2', 'avx512']) {
  const file = join(root, 'build', 'Release', 'obj.target', `quern_${isa}`, 'native', 'kernels', 'isa', `${isa}.o`);

  describe(`inner loops of gemm on ${isa}`, function () {
    this.timeout(60_000);
    let kernels: Kernel[] = [];

    before(function () {
      try {
        if (existsSync(file)) kernels = kernelsIn(file);
      } catch { /* no objdump: skipped below */ }
      if (kernels.length > 0) return;
      console.log(`      skipped: needs objdump and ${file}`);
      this.skip();
    });

    it('keep every sum in a register', () => {
      assert.ok(kernels.length > 100, `only ${kernels.length} kernels found`);
      for (const { rows, vectors, loop } of kernels) {
        const stores = loop.filter((code) => /^vmov\w+\s+%[xyz]mm\d+,.*\(/.test(code));
        assert.deepEqual(stores, [], `${rows} rows of ${vectors} vectors store`);
        const sums = loop.filter(isMultiplyAdd).length;
        assert.ok(sums > 0 && sums % (rows * vectors) === 0,
          `${rows} rows of ${vectors} vectors have ${sums} multiply-adds a step`);
      }
    });

    it('load a vector of B once for all rows', () => {
      for (const { rows, vectors, loop } of kernels) {
        if (rows === 1) continue;
        const steps = loop.filter(isMultiplyAdd).length / (rows * vectors);
        // Broadcasts of A may be part of the multiply-add, where there is one to a row.
        const loads = loop.filter((code) => /%[xyz]mm/.test(code) && code.includes('(')).length;
        assert.ok(loads <= steps * (rows + vectors) + 1,
          `${rows} rows of ${vectors} vectors load ${loads} times in ${steps} steps`);
      }
    });
  });
}
