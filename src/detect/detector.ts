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
  /** Mean distance of the series' samples, in seconds; 0 for the first. */
  intervalSeconds: number;
  /** Whether the series was silent for so long before that differences mean little. */
  isGap: boolean;
  /** Whether the value is the rate of a counter. */
  isRate: boolean;
}

/** The step that is being judged or learnt: one object as well. */
export interface Step {
  /** Mean of its samples, in the unit of scoring. */
  value: number;
  /** Of its last sample, milliseconds since the epoch. */
  timestamp: number;
  /** Length that a step of the series has, in seconds. */
  lengthSeconds: number;
  /** Duration of this one in steps: more than 1 after samples were missed. */
  elapsed: number;
  /** Least standard deviation by which the series is judged. > 0. */
  floor: number;
}

/** Scores end here: "never seen anything like it" needs no more digits. */
export const MAX_SCORE = 100;
