import type { Peer } from './sigma-peers.ts';
import { DelayLine, MomentsWindow, RanksWindow } from './windows.ts';

// The two strategies of github.com/grafana/promql-anomaly-detection, as its recording rules compute them, evaluated once a
// step. Their bands are either passed or not; here the score is how far a value is on its way from the middle to the band, so
// that they too can be tuned: 1 is the band as shipped. Values that are not above 0 are not selected by the rules.

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** An "hour" has as many steps at least: with one sample an hour its mean would be the value itself. */
const LEAST_HOUR_STEPS = 12;
/** Of deviations, in a band. */
const MULTIPLIER = 2;
/** Least half width of a band, as a share of the middle. */
const MARGIN = 0.5;

function hourSteps(intervalSeconds: number): number {
  return Math.max(LEAST_HOUR_STEPS, Math.round(HOUR_SECONDS / intervalSeconds));
}

/** How far `level` is on the way from the middle to the lower or upper band. */
function reach(level: number, middle: number, lower: number, upper: number): number {
  const score =
    level >= middle ? (level - middle) / (upper - middle) : (middle - level) / (middle - Math.max(0, lower));
  return Number.isFinite(score) ? score : 0;
}

/** Mean and deviation of an hour that lies a day or a week back, half of it later in the day than now. */
class MomentsBefore {
  readonly moments: MomentsWindow;
  readonly #delay: DelayLine;

  constructor(seconds: number, intervalSeconds: number) {
    const hour = hourSteps(intervalSeconds);
    this.moments = new MomentsWindow(hour);
    this.#delay = new DelayLine(Math.round(seconds / intervalSeconds) - (hour >> 1));
  }

  push(value: number): void {
    this.moments.push(this.#delay.push(value));
  }
}

/** An hour's mean, widened by the mean over 26 hours of those hourly deviations that are large, and by the past. */
export class AdaptiveRules implements Peer {
  /** Hourly deviations that are a smaller share of the hourly mean do not count. */
  static readonly #LEAST_VARIATION = 0.5;
  readonly #hour: MomentsWindow;
  readonly #deviations: MomentsWindow;
  readonly #past: readonly MomentsBefore[];

  constructor(intervalSeconds: number) {
    this.#hour = new MomentsWindow(hourSteps(intervalSeconds));
    this.#deviations = new MomentsWindow(Math.round((26 * HOUR_SECONDS) / intervalSeconds));
    this.#past = [DAY_SECONDS, 7 * DAY_SECONDS].map((seconds) => new MomentsBefore(seconds, intervalSeconds));
  }

  take(value: number): number {
    const selected = value > 0 ? value : Number.NaN;
    this.#hour.push(selected);
    for (const past of this.#past) past.push(selected);
    const { mean, deviation } = this.#hour;
    this.#deviations.push(deviation > AdaptiveRules.#LEAST_VARIATION * mean ? deviation : Number.NaN);
    let width = MARGIN * mean;
    if (this.#deviations.count > 0) width = Math.max(width, MULTIPLIER * this.#deviations.mean);
    let [lower, upper] = [mean - width, mean + width];
    for (const { moments } of this.#past) {
      if (moments.count === 0) continue;
      lower = Math.min(lower, moments.mean - MULTIPLIER * moments.deviation);
      upper = Math.max(upper, moments.mean + MULTIPLIER * moments.deviation);
    }
    return reach(selected, mean, lower, upper);
  }
}

/** Median of an hour that lies a day or a week back, and median deviation from it. */
class RanksBefore {
  readonly #delay: DelayLine;
  readonly #values: RanksWindow;
  readonly #deviations: RanksWindow;

  constructor(seconds: number, intervalSeconds: number) {
    const hour = hourSteps(intervalSeconds);
    this.#delay = new DelayLine(Math.round(seconds / intervalSeconds) - (hour >> 2));
    this.#values = new RanksWindow(hour);
    this.#deviations = new RanksWindow(hour);
  }

  push(value: number): void {
    const past = this.#delay.push(value);
    this.#values.push(past);
    this.#deviations.push(Math.abs(past - this.#values.median));
  }

  get median(): number {
    return this.#values.median;
  }

  get width(): number {
    return MULTIPLIER * this.#deviations.median;
  }
}

/** The median of an hour beside the median of a day, with a band of median deviations, widened by the past. */
export class RobustRules implements Peer {
  readonly #hour: RanksWindow;
  readonly #day: RanksWindow;
  readonly #deviations: RanksWindow;
  readonly #past: readonly RanksBefore[];

  constructor(intervalSeconds: number) {
    const daySteps = Math.round(DAY_SECONDS / intervalSeconds);
    this.#hour = new RanksWindow(hourSteps(intervalSeconds));
    this.#day = new RanksWindow(daySteps);
    this.#deviations = new RanksWindow(daySteps);
    this.#past = [DAY_SECONDS, 7 * DAY_SECONDS].map((seconds) => new RanksBefore(seconds, intervalSeconds));
  }

  take(value: number): number {
    const selected = value > 0 ? value : Number.NaN;
    this.#hour.push(selected);
    this.#day.push(selected);
    for (const past of this.#past) past.push(selected);
    const { median } = this.#day;
    this.#deviations.push(Math.abs(selected - median));
    const width = Math.max(MARGIN * median, MULTIPLIER * this.#deviations.median);
    let [lower, upper] = [median - width, median + width];
    for (const past of this.#past) {
      if (Number.isNaN(past.width)) continue;
      lower = Math.min(lower, past.median - past.width);
      upper = Math.max(upper, past.median + past.width);
    }
    return reach(this.#hour.median, median, lower, upper);
  }
}

/** `for: 5m`, with which the alerting rules are shipped: the least score of that time. */
export class Lasting implements Peer {
  static readonly #SECONDS = 300;
  readonly #peer: Peer;
  readonly #scores: DelayLine;

  constructor(peer: Peer, intervalSeconds: number) {
    this.#peer = peer;
    this.#scores = new DelayLine(Math.floor(Lasting.#SECONDS / intervalSeconds) + 1);
    this.#scores.values.fill(0);
  }

  take(value: number): number {
    this.#scores.push(this.#peer.take(value));
    return Math.min(...this.#scores.values);
  }
}
