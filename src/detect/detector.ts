/**
 * The contract of every baseline: a table over slots with its state in columns (series/columns.ts), which brings
 * clearing, saving and restoring with it.
 *
 * A sample is judged first and learnt afterwards, so that nothing is judged by itself. `judge` leaves its findings in the
 * fields of the detector, which the next call overwrites: no object is made per sample.
 */
export interface Detector {
  /** What the latest `judge` expected, in the unit of scoring. */
  readonly expected: number;
  /** How far from `expected` the edge of normal lies: there the score is 1. > 0. */
  readonly edge: number;

  /**
   * Judges a value by what was learnt before it.
   * @param value finite, |value| <= 1e30; per second for counters
   * @returns the score: 0 as expected, 1 at the edge of normal, at most MAX_SCORE; 0 while warming up
   */
  judge(slot: number, value: number): number;

  /**
   * Learns a value. What lies far out has bounded influence.
   * @param elapsedSteps time since the last value, in steps of the series (sample-clock.ts); > 0
   */
  learn(slot: number, value: number, elapsedSteps: number): void;

  /** Whether enough was learnt for a verdict. */
  isWarm(slot: number): boolean;

  /** Takes a value for the new level, because a change has lasted long enough to be normal, or after a long silence. */
  reseat(slot: number, value: number): void;
}

/** Scores end here: "never seen anything like it" needs no more digits. */
export const MAX_SCORE = 100;

/** The score of a deviation whose edge is known: quadratic, so that half the edge is a quarter of the way to an alarm. */
export function scoreOf(deviation: number, edge: number): number {
  const ratio = deviation / edge;
  return Math.min(MAX_SCORE, ratio * ratio);
}
