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
}

/** Scores end here: "never seen anything like it" needs no more digits. */
export const MAX_SCORE = 100;
