import type { Judgement } from './judgement.ts';

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
  readonly #judgement: Judgement;

  constructor(judgement: Judgement) {
    this.#judgement = judgement;
  }

  /**
   * Finds the edges for the step that was judged last. Its value is the first that is tried, so that it lies on the
   * side of the edge that its score says, even where the score does not grow steadily.
   * @param target score at the edge
   */
  find(target: number): void {
    const judgement = this.#judgement;
    const { expected } = judgement;
    const { value } = judgement;
    const isOutside = judgement.score > target;
    this.lower = this.#edge(-1, target, expected, expected - value, isOutside);
    this.upper = this.#edge(1, target, expected, value - expected, isOutside);
    judgement.probe = value;
    judgement.evaluate(true);
  }

  /** @param known distance of the judged value on this side, negative when it lies on the other one */
  #edge(side: -1 | 1, target: number, expected: number, known: number, isKnownOutside: boolean): number {
    const judgement = this.#judgement;
    let inside = known > 0 && !isKnownOutside ? known : 0;
    let outside = known > 0 && isKnownOutside ? known : Math.max(judgement.scale, 2 * inside);
    if (known <= 0 || !isKnownOutside) {
      for (let i = 0; ; i++) {
        judgement.probe = expected + side * outside;
        judgement.evaluate(true);
        if (judgement.score > target) break;
        if (i === MAX_DOUBLINGS) return side * Number.POSITIVE_INFINITY;
        inside = outside;
        outside *= 2;
      }
    }
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (inside + outside) / 2;
      judgement.probe = expected + side * middle;
      judgement.evaluate(true);
      if (judgement.score > target) outside = middle;
      else inside = middle;
    }
    return expected + side * inside;
  }
}
