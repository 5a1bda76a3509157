/**
 * Reverse-mode differentiation over a program being built: which values need a gradient, where each gradient lies, and
 * the backward step of each emitted operation, to be run in reverse order. Knows nothing of what the operations are.
 */
import type { BufferId } from './instruction.js';
import type { Value } from './builder.js';

interface Entry {
  y: Value;
  scope: string;
  run: (dy: Value) => void;
}

/** What the tape asks of the builder. */
export interface TapeHost {
  /** A fresh buffer for a gradient of x: x's slab when x is a parameter, else a temporary. */
  gradientBuffer(x: Value, isFirst: boolean): Value;
  /** Emits sum = a + b and returns it; the sum of a parameter's gradients stays in its slab. */
  addGradients(x: Value, a: Value, b: Value): Value;
  /** Whether x's gradient must lie in a buffer of its own (a parameter's). */
  ownsGradient(x: Value): boolean;
  copy(from: Value, to: Value): void;
}

export class Tape {
  readonly #needed = new Set<BufferId>();
  readonly #gradients = new Map<BufferId, Value>();
  readonly #entries: Entry[] = [];

  constructor(private readonly host: TapeHost) {}

  require(id: BufferId): void {
    this.#needed.add(id);
  }

  needs(id: BufferId): boolean {
    return this.#needed.has(id);
  }

  hasGradient(id: BufferId): boolean {
    return this.#gradients.has(id);
  }

  record(y: Value, scope: string, run: (dy: Value) => void): void {
    this.#entries.push({ y, scope, run });
  }

  /** Lets `write` fill a contribution to dx; it is added to what is there already. */
  accumulate(x: Value, write: (out: Value) => void): void {
    if (!this.needs(x.id)) return;
    const before = this.#gradients.get(x.id);
    const contribution = this.host.gradientBuffer(x, before === undefined);
    write(contribution);
    this.#gradients.set(x.id, before ? this.host.addGradients(x, before, contribution) : contribution);
  }

  /** `dx` itself becomes x's gradient, or is added to it. It is never written to afterwards. */
  provide(x: Value, dx: Value): void {
    if (!this.needs(x.id)) return;
    const before = this.#gradients.get(x.id);
    if (before) this.#gradients.set(x.id, this.host.addGradients(x, before, dx));
    else if (this.host.ownsGradient(x)) this.accumulate(x, (out) => this.host.copy(dx, out));
    else this.#gradients.set(x.id, dx);
  }

  /** Runs the backward steps, last first, of those values that have received a gradient. */
  run(inScope: (scope: string, body: () => void) => void): void {
    for (const { y, scope, run } of this.#entries.reverse()) {
      const dy = this.#gradients.get(y.id);
      if (dy) inScope(scope, () => run(dy));
    }
    this.#entries.length = 0;
  }
}
