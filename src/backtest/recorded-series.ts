import type { Labels } from '../model/labels.ts';

/** A series as it was recorded, in the order of the record. */
export interface RecordedSeries {
  /** For people, and for the names of files. */
  readonly name: string;
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly timestamps: Float64Array;
  /** NaN where a sample is missing. */
  readonly values: Float64Array;
  /** 1 where people say that something was wrong; undefined where nobody has said anything. */
  readonly isLabelled: Uint8Array | undefined;
}

/** Gathers the samples of a series whose length is not known before. */
export class Recorder {
  #timestamps = new Float64Array(1024);
  #values = new Float64Array(1024);
  length = 0;

  /** @param timestamp milliseconds since the epoch */
  add(timestamp: number, value: number): void {
    if (this.length === this.#values.length) {
      this.#timestamps = doubled(this.#timestamps);
      this.#values = doubled(this.#values);
    }
    this.#timestamps[this.length] = timestamp;
    this.#values[this.length++] = value;
  }

  samples(): Pick<RecordedSeries, 'timestamps' | 'values'> {
    return {
      timestamps: this.#timestamps.subarray(0, this.length),
      values: this.#values.subarray(0, this.length),
    };
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}
