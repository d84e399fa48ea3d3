import type { Engine } from './engine.ts';

/** Doublings after which a side is taken to have no edge, and bisections that follow. */
const MAX_DOUBLINGS = 200;
const BISECTIONS = 14;

/**
 * The band of normal values: the level set of the score, found by trying values. So a value outside is one whose score is
 * above 1, by definition, whatever the score is made of. Costs some thirty evaluations: only for series that are put out.
 */
export class Band {
  lower = 0;
  upper = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Finds the edges for the step that was judged last. @param target score at the edge */
  find(target: number): void {
    const { value } = this.#engine;
    this.lower = this.#edge(-1, target);
    this.upper = this.#edge(1, target);
    this.#engine.evaluate(value, true);
  }

  #edge(side: -1 | 1, target: number): number {
    const engine = this.#engine;
    const { expected } = engine;
    let inside = 0;
    let outside = engine.fast.scale;
    for (let i = 0; ; i++) {
      engine.evaluate(expected + side * outside, true);
      if (engine.score > target) break;
      if (i === MAX_DOUBLINGS) return side * Number.POSITIVE_INFINITY;
      inside = outside;
      outside *= 2;
    }
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (inside + outside) / 2;
      engine.evaluate(expected + side * middle, true);
      if (engine.score > target) outside = middle;
      else inside = middle;
    }
    return expected + side * inside;
  }
}
