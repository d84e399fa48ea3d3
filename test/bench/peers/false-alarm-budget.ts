/** A series, the truth, and what a method says of it. */
export interface ScoredSeries {
  /** Time of each row, seconds. */
  readonly seconds: Float64Array;
  /** 1 inside of an anomaly. */
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  /** Usual time between rows. */
  readonly intervalSeconds: number;
  /** Rows before this one are not judged: the method still learns. */
  readonly from: number;
}

export interface Outcome {
  readonly falseAlarmsPerDay: number;
  readonly anomalies: number;
  readonly found: number;
  /** Share that was found, mean over the series that have anomalies. */
  readonly macroRecall: number;
  /** From the beginning of each found anomaly to the first alarm, ascending. */
  readonly delaysSeconds: readonly number[];
}

interface Tally {
  falseAlarms: number;
  anomalies: number;
  readonly delaysSeconds: number[];
}

/** An alarm that lasts is told again, and counted again, after so long. */
const REPEAT_SECONDS = 3600;
const LEAST_MERGE_SECONDS = 600;
const MERGE_INTERVALS = 3;
const DAY_SECONDS = 86_400;

/**
 * What an operator has of scores above one threshold, the same for all series. Rows above it that are closer than ten minutes or
 * three intervals are one alarm; it is false when it begins outside of anomalies and not within that time after one.
 */
export function outcome(all: readonly ScoredSeries[], threshold: number): Outcome {
  const recalls: number[] = [];
  const delaysSeconds: number[] = [];
  let [days, falseAlarms, anomalies] = [0, 0, 0];
  for (const series of all) {
    const tally = tallyOf(series, threshold);
    days += (series.seconds.at(-1)! - series.seconds[Math.min(series.from, series.seconds.length - 1)]!) / DAY_SECONDS;
    falseAlarms += tally.falseAlarms;
    anomalies += tally.anomalies;
    for (const delay of tally.delaysSeconds) delaysSeconds.push(delay);
    if (tally.anomalies > 0) recalls.push(tally.delaysSeconds.length / tally.anomalies);
  }
  return {
    falseAlarmsPerDay: falseAlarms / days,
    anomalies,
    found: delaysSeconds.length,
    macroRecall: recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length,
    delaysSeconds: delaysSeconds.sort((a, b) => a - b),
  };
}

function tallyOf({ seconds, labels, scores, intervalSeconds, from }: ScoredSeries, threshold: number): Tally {
  const merge = Math.max(LEAST_MERGE_SECONDS, MERGE_INTERVALS * intervalSeconds);
  const tally: Tally = { falseAlarms: 0, anomalies: 0, delaysSeconds: [] };
  let [lastAbove, toldAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [beganAt, endedAt] = [0, Number.NEGATIVE_INFINITY];
  let isFound = false;
  for (let row = from; row < scores.length; row++) {
    const at = seconds[row]!;
    const isLabelled = labels[row] === 1;
    if (isLabelled && (row === from || labels[row - 1] !== 1)) {
      tally.anomalies++;
      beganAt = at;
      isFound = false;
    }
    if (isLabelled) endedAt = at;
    if (!(scores[row]! > threshold)) continue;
    if (isLabelled && !isFound) {
      isFound = true;
      tally.delaysSeconds.push(at - beganAt);
    }
    const isExcused = isLabelled || at <= endedAt + merge;
    const isNew = at - lastAbove > merge || at - toldAt >= REPEAT_SECONDS;
    if (!isExcused && isNew) tally.falseAlarms++;
    if (isExcused || isNew) toldAt = at;
    lastAbove = at;
  }
  return tally;
}

const LEAST_THRESHOLD = 1e-6;
const MOST_THRESHOLD = 1e7;
const HALVINGS = 50;

/** @returns the lowest threshold at which false alarms stay within the budget, by bisection of its logarithm */
export function thresholdWithin(all: readonly ScoredSeries[], alarmsPerDay: number): number {
  let [low, high] = [Math.log(LEAST_THRESHOLD), Math.log(MOST_THRESHOLD)];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (outcome(all, Math.exp(middle)).falseAlarmsPerDay > alarmsPerDay) low = middle;
    else high = middle;
  }
  return Math.exp(high);
}
