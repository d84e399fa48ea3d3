import type { Labels } from '../model/labels.ts';

/** Samples a column grows by at first: a day at one a minute. */
const FIRST_CAPACITY = 1440;

/** The past of one series, as columns. Reused by those who read it: valid until the next series is asked for. */
export class SeriesHistory {
  labels: Labels = new Map();
  count = 0;
  /** Milliseconds since the epoch, strictly growing. */
  timestamps = new Float64Array(FIRST_CAPACITY);
  values = new Float64Array(FIRST_CAPACITY);

  /** Begins another series. */
  begin(labels: Labels): void {
    this.labels = labels;
    this.count = 0;
  }

  /** Adds a sample; one that is not newer than the one before is left out. */
  add(timestamp: number, value: number): void {
    const { count } = this;
    if (count > 0 && timestamp <= this.timestamps[count - 1]!) return;
    if (count === this.timestamps.length) {
      this.timestamps = grown(this.timestamps);
      this.values = grown(this.values);
    }
    this.timestamps[count] = timestamp;
    this.values[count] = value;
    this.count = count + 1;
  }
}

function grown(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
