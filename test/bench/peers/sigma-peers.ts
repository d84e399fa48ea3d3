import { MomentsWindow, RanksWindow } from './windows.ts';

/** A simple method: judges each step by what was there before it. */
export interface Peer {
  /**
   * @param value NaN where there is no sample
   * @returns its score, in units of the method's own; 0 while it has nothing to compare with
   */
  take(value: number): number;
}

/** Steps without verdict: as many as the engine needs. */
const WARM_UP_STEPS = 60;
/** No scale is smaller, as a share of the level. Without it a series that hardly moves decides the threshold of all. */
const FLOOR_SHARE = 0.01;
/** A median absolute deviation in standard deviations of normal noise. */
const MAD_TO_SIGMA = 1.4826;
const MOST_SIGMAS = 1e6;

const DAY_SECONDS = 86_400;

/** Deviation in units of the scale. */
function sigmas(value: number, level: number, scale: number): number {
  const deviation = Math.abs(value - level);
  if (!(deviation > 0)) return 0;
  return Math.min(MOST_SIGMAS, deviation / Math.max(scale, FLOOR_SHARE * Math.abs(level)));
}

/** Mean and deviation of everything so far (Welford 1962). */
export class GlobalZ implements Peer {
  #count = 0;
  #mean = 0;
  #squares = 0;

  take(value: number): number {
    if (Number.isNaN(value)) return 0;
    const score = this.#count < WARM_UP_STEPS ? 0 : sigmas(value, this.#mean, Math.sqrt(this.#squares / this.#count));
    const difference = value - this.#mean;
    this.#mean += difference / ++this.#count;
    this.#squares += difference * (value - this.#mean);
    return score;
  }
}

/** Mean and deviation of the last day: `(x - avg_over_time(x[1d])) / stddev_over_time(x[1d])`. */
export class RollingSigma implements Peer {
  readonly #window: MomentsWindow;

  constructor(intervalSeconds: number) {
    this.#window = new MomentsWindow(Math.round(DAY_SECONDS / intervalSeconds));
  }

  take(value: number): number {
    const { count, mean, deviation } = this.#window;
    this.#window.push(value);
    return count < leastCount(this.#window.steps) ? 0 : sigmas(value, mean, deviation);
  }
}

/** Median and median absolute deviation of the last day, with a floor for what mostly stands still. */
export class RollingMad implements Peer {
  /** Least scale, as a share of the standard deviation. */
  static readonly #FLOOR = 0.5;
  readonly #window: RanksWindow;
  readonly #moments: MomentsWindow;

  constructor(intervalSeconds: number) {
    this.#window = new RanksWindow(Math.round(DAY_SECONDS / intervalSeconds));
    this.#moments = new MomentsWindow(this.#window.steps);
  }

  take(value: number): number {
    const { count, steps } = this.#window;
    const scale = Math.max(MAD_TO_SIGMA * this.#window.medianDeviation, RollingMad.#FLOOR * this.#moments.deviation);
    const score = count < leastCount(steps) ? 0 : sigmas(value, this.#window.median, scale);
    this.#window.push(value);
    this.#moments.push(value);
    return score;
  }
}

/** A day of hourly samples is shorter than the usual warm-up. */
function leastCount(steps: number): number {
  return Math.min(WARM_UP_STEPS, steps / 2);
}

/** Exponentially weighted mean and variance. */
export class Ewma implements Peer {
  static readonly #GAIN = 0.01;
  #count = 0;
  #mean = 0;
  #variance = 0;

  take(value: number): number {
    if (Number.isNaN(value)) return 0;
    const score = this.#count < WARM_UP_STEPS ? 0 : sigmas(value, this.#mean, Math.sqrt(this.#variance));
    // A plain mean at first, so that the first value has no weight of its own.
    const gain = Math.max(Ewma.#GAIN, 1 / ++this.#count);
    const difference = value - this.#mean;
    this.#mean += gain * difference;
    this.#variance = (1 - gain) * (this.#variance + gain * difference * difference);
    return score;
  }
}

/**
 * Level, trend and a season of a day, added (Winters 1960), with the smoothing that Graphite takes by default; the scale is an
 * exponentially weighted one of its errors.
 */
export class HoltWinters implements Peer {
  static readonly #LEVEL_GAIN = 0.1;
  static readonly #TREND_GAIN = 0.0035;
  static readonly #SEASON_GAIN = 0.1;
  static readonly #ERROR_GAIN = 0.01;
  readonly #season: Float64Array;
  #step = 0;
  #level = 0;
  #trend = 0;
  #squaredError = Number.NaN;

  constructor(intervalSeconds: number) {
    this.#season = new Float64Array(Math.max(1, Math.round(DAY_SECONDS / intervalSeconds)));
  }

  take(value: number): number {
    const step = this.#step++;
    const at = step % this.#season.length;
    if (step < this.#season.length) {
      this.#season[at] = value;
      if (at === this.#season.length - 1) this.#beginSeason();
      return 0;
    }
    const level = this.#level + this.#trend;
    const error = value - level - this.#season[at]!;
    if (Number.isNaN(error)) return 0;
    const expected = level + this.#season[at]!;
    const isWarm = step >= this.#season.length + leastCount(this.#season.length);
    const score = isWarm ? sigmas(value, expected, Math.sqrt(this.#squaredError)) : 0;
    const before = this.#level;
    this.#level = level + HoltWinters.#LEVEL_GAIN * error;
    this.#trend += HoltWinters.#TREND_GAIN * (this.#level - before - this.#trend);
    this.#season[at]! += HoltWinters.#SEASON_GAIN * (value - this.#level - this.#season[at]!);
    if (Number.isNaN(this.#squaredError)) this.#squaredError = error * error;
    this.#squaredError += HoltWinters.#ERROR_GAIN * (error * error - this.#squaredError);
    return score;
  }

  #beginSeason(): void {
    const seen = this.#season.filter((value) => !Number.isNaN(value));
    this.#level = seen.reduce((sum, value) => sum + value, 0) / Math.max(1, seen.length);
    for (const [at, value] of this.#season.entries()) this.#season[at] = Number.isNaN(value) ? 0 : value - this.#level;
  }
}
