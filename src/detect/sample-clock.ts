import type { Columns } from '../series/columns.ts';
import type { Sample } from './detector.ts';

/** A step is the model's unit of time: a minute, or the interval of a series that is scraped less often. In seconds. */
const SHORTEST_STEP = 60;
/** Weight of a new interval in the running mean. */
const INTERVAL_GAIN = 0.1;
/** A silence of more than this many intervals is a gap. */
const GAP_INTERVALS = 3;

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

  /** Moves on to a newer sample: sets what it tells about time in `sample`. @param timestamp > the last one */
  advance(slot: number, sample: Sample): void {
    const lastAt = this.lastAt[slot]!;
    const interval = this.intervals[slot]!;
    const elapsed = lastAt === 0 ? 0 : (sample.timestamp - lastAt) / 1000;
    sample.elapsedSeconds = elapsed;
    sample.stepSeconds = Math.max(SHORTEST_STEP, interval);
    sample.isGap = interval > 0 && elapsed > GAP_INTERVALS * interval;
    // One gap does not make a slow series; the first distance is all that is known of a new one.
    if (interval === 0) this.intervals[slot] = elapsed;
    else this.intervals[slot] = interval + INTERVAL_GAIN * (Math.min(elapsed, 2 * interval) - interval);
    this.lastAt[slot] = sample.timestamp;
  }
}
