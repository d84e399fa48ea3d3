import type { Columns } from '../series/columns.ts';
import { fromShortFloat, toShortFloat } from '../series/short-float.ts';
import type { Sample } from './detector.ts';

/** A step is the model's unit of time: a minute, or the interval of a series that is scraped less often. In seconds. */
const SHORTEST_STEP = 60;
/** Weight of a new interval in the running mean: most for shorter ones, because what is missing only lengthens them. */
const INTERVAL_GAIN = 0.1;
const SHORTER_GAIN = 0.3;
const LONGER_GAIN = 0.02;
/** From this ratio on an interval is not the same one with some jitter. */
const SAME_RATIO = 1.5;
/** A silence of more than this many steps is a gap. */
const GAP_STEPS = 3;

/**
 * When each series was last sampled, how often it is, and so what a step is for it. Timestamps of a series only ever
 * grow: what is older or repeated is refused here.
 */
export class SampleClock {
  readonly #seconds: Uint32Array;
  readonly #milliseconds: Uint16Array;
  /** As short floats. */
  readonly #intervals: Uint16Array;

  constructor(columns: Columns) {
    this.#seconds = columns.u32('last_at_seconds');
    this.#milliseconds = columns.u16('last_at_milliseconds');
    this.#intervals = columns.u16('interval_code');
  }

  /** Timestamp of the latest sample, milliseconds since the epoch; 0 before the first. */
  lastAt(slot: number): number {
    return this.#seconds[slot]! * 1000 + this.#milliseconds[slot]!;
  }

  /** Mean time between two samples, in seconds; 0 before the second. */
  interval(slot: number): number {
    return fromShortFloat(this.#intervals[slot]!);
  }

  /** Length of a series' step, in seconds. */
  stepSeconds(slot: number): number {
    return Math.max(SHORTEST_STEP, this.interval(slot));
  }

  /** A new series is taken to be sampled as often as another one. */
  takeInterval(slot: number, from: number): void {
    this.#intervals[slot] = this.#intervals[from]!;
  }

  /** Moves on to a newer sample: sets what it tells about time in `sample`. @param timestamp > the last one */
  advance(slot: number, sample: Sample): void {
    const lastAt = this.lastAt(slot);
    const interval = this.interval(slot);
    const elapsed = lastAt === 0 ? 0 : (sample.timestamp - lastAt) / 1000;
    sample.elapsedSeconds = elapsed;
    sample.intervalSeconds = interval === 0 ? elapsed : interval;
    sample.stepSeconds = Math.max(SHORTEST_STEP, interval);
    sample.isGap = interval > 0 && elapsed > GAP_STEPS * sample.stepSeconds;
    this.#intervals[slot] = toShortFloat(nextInterval(interval, elapsed));
    const seconds = Math.floor(sample.timestamp / 1000);
    this.#seconds[slot] = seconds;
    this.#milliseconds[slot] = sample.timestamp - seconds * 1000;
  }
}

function nextInterval(interval: number, elapsed: number): number {
  // The first distance is all that is known of a new series.
  if (interval === 0) return elapsed;
  if (elapsed > SAME_RATIO * interval) return interval * (1 + LONGER_GAIN);
  const gain = elapsed * SAME_RATIO < interval ? SHORTER_GAIN : INTERVAL_GAIN;
  return interval + gain * (elapsed - interval);
}
