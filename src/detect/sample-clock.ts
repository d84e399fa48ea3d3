import type { Columns } from '../series/columns.ts';
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
  /** Timestamp of the latest sample, milliseconds since the epoch; 0 before the first. */
  readonly lastAt: Float64Array;
  /** Mean time between two samples, in seconds; 0 before the second. */
  readonly intervals: Float32Array;

  constructor(columns: Columns) {
    this.lastAt = columns.f64('last_at');
    this.intervals = columns.f32('interval');
  }

  /** Length of a series' step, in seconds. */
  stepSeconds(slot: number): number {
    return Math.max(SHORTEST_STEP, this.intervals[slot]!);
  }

  /** Moves on to a newer sample: sets what it tells about time in `sample`. @param timestamp > the last one */
  advance(slot: number, sample: Sample): void {
    const lastAt = this.lastAt[slot]!;
    const interval = this.intervals[slot]!;
    const elapsed = lastAt === 0 ? 0 : (sample.timestamp - lastAt) / 1000;
    sample.elapsedSeconds = elapsed;
    sample.intervalSeconds = interval === 0 ? elapsed : interval;
    sample.stepSeconds = this.stepSeconds(slot);
    sample.isGap = interval > 0 && elapsed > GAP_STEPS * sample.stepSeconds;
    // The first distance is all that is known of a new series.
    if (interval === 0) this.intervals[slot] = elapsed;
    else if (elapsed > SAME_RATIO * interval) this.intervals[slot] = interval * (1 + LONGER_GAIN);
    else {
      const gain = elapsed * SAME_RATIO < interval ? SHORTER_GAIN : INTERVAL_GAIN;
      this.intervals[slot] = interval + gain * (elapsed - interval);
    }
    this.lastAt[slot] = sample.timestamp;
  }
}
