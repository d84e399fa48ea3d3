/**
 * The sample that is being scored. One object, filled anew for each sample: a number that is handed from function to
 * function would be boxed again and again, which costs more than a detector.
 */
export interface Sample {
  /** In the unit of scoring (per second for counters); finite, |value| <= 1e30. */
  value: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
  /** Time since the series' last sample, in seconds; 0 for the first. */
  elapsedSeconds: number;
  /** Length of the series' step (sample-clock.ts), in seconds. */
  stepSeconds: number;
  /** Whether the series was silent for so long before that differences mean little. */
  isGap: boolean;
}

/**
 * The contract of every baseline: a table over slots with its state in columns (series/columns.ts), which brings
 * clearing, saving and restoring with it.
 *
 * A sample is judged first and learnt afterwards, so that nothing is judged by itself. `judge` leaves its findings in the
 * fields of the detector, which the next call overwrites: no object is made per sample.
 */
export interface Detector {
  /** 0 as expected, 1 at the edge of normal, at most MAX_SCORE; 0 while warming up. */
  readonly score: number;
  /** What was expected, in the unit of scoring. */
  readonly expected: number;
  /** How far from `expected` the edge of normal lies: there the score is 1. > 0. */
  readonly edge: number;

  /** Judges a sample by what was learnt before it. */
  judge(slot: number, sample: Sample): void;

  /** Learns the sample that was judged last. What lies far out has bounded influence. */
  learn(slot: number, sample: Sample): void;

  /** Whether enough was learnt for a verdict. */
  isWarm(slot: number): boolean;

  /** Takes a value for the new level, because a change has lasted long enough to be normal, or after a long silence. */
  reseat(slot: number, value: number): void;
}

/** Scores end here: "never seen anything like it" needs no more digits. */
const MAX_SCORE = 100;

/** The score of a deviation whose edge is known: quadratic, so that half the edge is a quarter of the way to an alarm. */
export function scoreOf(deviation: number, edge: number): number {
  const ratio = deviation / edge;
  return Math.min(MAX_SCORE, ratio * ratio);
}
