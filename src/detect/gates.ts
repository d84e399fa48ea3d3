import type { Policies } from '../series/policies.ts';

/** A value outside its valid range is anomalous whatever the baseline says. */
const OUTSIDE_RANGE_SCORE = 1.01;
/** Sensitivity f moves both scales of the score by f^-0.16, which makes the number of alarms about proportional to f. */
const SENSITIVITY_EXPONENT = 0.16;

/** Keys of a rule that may change a score. */
type Gate = 'sensitivity' | 'min_deviation' | 'direction' | 'range';

/**
 * What the owner of a series says about it, applied to a verdict of the engine: sensitivity, least deviation, direction,
 * valid range. They act on score and band alike, so that a value outside the band is one with a score above 1.
 * The result is in the fields, overwritten by the next call.
 */
export class Gates {
  score = 0;
  /** Sign of the deviation: -1, 0 or 1. */
  direction = 0;
  expected = 0;
  /** Edges of normal; infinite on a side that is never anomalous. */
  lower = 0;
  upper = 0;
  /** The gate that has changed the score, if any; of several the last. */
  gate: Gate | undefined;
  /** Score of the engine that becomes 1. */
  edgeScore = 1;
  readonly #policies: Policies;
  #least = 0;

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  /**
   * @param rawScore of the engine for this value
   * @param expected what the value is compared with
   * @param magnitude what a relative deviation is relative to
   */
  judge(policyNumber: number, value: number, rawScore: number, expected: number, magnitude: number): void {
    const { sensitivity, minDeviation, direction, range } = this.#policies.get(policyNumber);
    const deviation = value - expected;
    this.edgeScore = sensitivity === 1 ? 1 : sensitivity ** -SENSITIVITY_EXPONENT;
    this.#least = Math.max(minDeviation.absolute, minDeviation.relative * magnitude);
    this.gate = sensitivity === 1 ? undefined : 'sensitivity';
    let score = rawScore / this.edgeScore;
    if (this.#least > 0 && score > Math.abs(deviation) / this.#least) {
      score = Math.abs(deviation) / this.#least;
      this.gate = 'min_deviation';
    }
    if ((direction === 'up' && deviation < 0) || (direction === 'down' && deviation > 0)) {
      score = 0;
      this.gate = 'direction';
    }
    this.expected = expected;
    if (range !== undefined) {
      if ((value < range[0] || value > range[1]) && score < OUTSIDE_RANGE_SCORE) {
        score = OUTSIDE_RANGE_SCORE;
        this.gate = 'range';
      }
      this.expected = Math.max(range[0], Math.min(range[1], expected));
    }
    this.score = score;
    // Seen from what is put out as expected: a value above its range is above it, even where the baseline is higher still.
    this.direction = score > 0 ? Math.sign(value - this.expected) || Math.sign(deviation) : 0;
  }

  /** Sets the edges of the value judged last. @param lower and `upper`: where the engine's score is `edgeScore` */
  bound(policyNumber: number, lower: number, upper: number): void {
    const { direction, range } = this.#policies.get(policyNumber);
    this.lower = direction === 'up' ? Number.NEGATIVE_INFINITY : Math.min(lower, this.expected - this.#least);
    this.upper = direction === 'down' ? Number.POSITIVE_INFINITY : Math.max(upper, this.expected + this.#least);
    if (range === undefined) return;
    this.lower = Math.max(this.lower, range[0]);
    this.upper = Math.min(this.upper, range[1]);
  }
}
