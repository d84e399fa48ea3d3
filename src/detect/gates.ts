import type { Policies } from '../series/policies.ts';
import { scoreOf } from './detector.ts';

/** A value outside its valid range is anomalous whatever the baseline says. */
const OUTSIDE_RANGE_SCORE = 1.01;
/** Sensitivity f moves the edge by f^-0.16, which makes the number of alarms about proportional to f. */
const SENSITIVITY_EXPONENT = -0.16;

/**
 * What the owner of a series says about it, applied to a verdict of the detector: sensitivity, least deviation, valid
 * range, direction. They act in this order, and on score and band alike, so that a value outside the band is one with
 * a score above 1. The result is in the fields, overwritten by the next call.
 */
export class Gates {
  score = 0;
  /** Sign of the deviation: -1, 0 or 1. */
  direction = 0;
  expected = 0;
  /** Edges of normal; infinite on a side that is never anomalous. */
  lower = 0;
  upper = 0;
  readonly #policies: Policies;

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  /**
   * @param rawScore of the detector's latest `judge` of this value
   * @param expected what the value is compared with
   * @param edge distance from `expected` at which the detector's score is 1
   */
  apply(policyNumber: number, value: number, rawScore: number, expected: number, edge: number): void {
    const policy = this.#policies.get(policyNumber);
    const deviation = value - expected;
    const sensible = policy.sensitivity === 1 ? edge : edge * policy.sensitivity ** SENSITIVITY_EXPONENT;
    const least = Math.max(policy.minDeviation.absolute, policy.minDeviation.relative * Math.abs(expected));
    let score = rawScore;
    if (score > 0) {
      if (sensible !== edge) score = scoreOf(deviation, sensible);
      if (least > 0) score = Math.min(score, Math.abs(deviation) / least);
    }
    const halfWidth = Math.max(sensible, least);
    let lower = expected - halfWidth;
    let upper = expected + halfWidth;
    const range = policy.range;
    if (range !== undefined) {
      if (value < range[0] || value > range[1]) score = Math.max(score, OUTSIDE_RANGE_SCORE);
      lower = Math.max(lower, range[0]);
      upper = Math.min(upper, range[1]);
    }
    if (policy.direction === 'up') {
      lower = Number.NEGATIVE_INFINITY;
      if (deviation < 0) score = 0;
    } else if (policy.direction === 'down') {
      upper = Number.POSITIVE_INFINITY;
      if (deviation > 0) score = 0;
    }
    this.score = score;
    this.direction = score > 0 ? Math.sign(deviation) : 0;
    this.expected = expected;
    this.lower = lower;
    this.upper = upper;
  }
}
