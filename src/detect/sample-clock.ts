import type { Columns } from '../series/columns.ts';

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

  /** Length of a step of the series, in seconds. */
  step(slot: number): number {
    return Math.max(SHORTEST_STEP, this.intervals[slot]!);
  }

  /** Whether so many seconds without a sample are a gap, over which differences mean little. */
  isGap(slot: number, elapsedSeconds: number): boolean {
    return elapsedSeconds > GAP_INTERVALS * this.intervals[slot]! && this.intervals[slot]! > 0;
  }

  /** Moves on to a newer sample, `elapsedSeconds` after the last one. */
  advance(slot: number, timestampMs: number, elapsedSeconds: number): void {
    const interval = this.intervals[slot]!;
    if (this.lastAt[slot]! > 0) {
      const next = interval === 0 ? elapsedSeconds : Math.min(elapsedSeconds, 2 * interval);
      this.intervals[slot] = interval === 0 ? next : interval + INTERVAL_GAIN * (next - interval);
    }
    this.lastAt[slot] = timestampMs;
  }
}
