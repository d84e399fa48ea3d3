const MINUTE_MS = 60_000;
const FIVE_MINUTES_MS = 5 * MINUTE_MS;
/** So much of the past is looked at by the minute: as much as the rings of a history do. */
const FINE_MS = 9 * 3_600_000;
/** A series without a sample for so long had none. */
const GAP_MS = 15 * MINUTE_MS;

/** Samples of one series that lie in the past, as columns; the first `count` places are filled. */
export interface SeriesPast {
  readonly count: number;
  /** Milliseconds since the epoch, strictly growing. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/**
 * The moments of a past that are gone through: every five minutes, and every minute near its end. The same for all
 * series, so that what was scraped together stays together.
 */
export class PastGrid {
  readonly #fineFrom: number;

  /** @param now milliseconds since the epoch; the past may go on a little after it */
  constructor(now: number) {
    this.#fineFrom = Math.floor((now - FINE_MS) / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
  }

  /** The latest moment that is not after a time. */
  at(time: number): number {
    const step = time < this.#fineFrom ? FIVE_MINUTES_MS : MINUTE_MS;
    return Math.floor(time / step) * step;
  }

  after(moment: number): number {
    return moment + (moment < this.#fineFrom ? FIVE_MINUTES_MS : MINUTE_MS);
  }
}

/** The past of a series at the moments of a grid: its value from a moment on, until the next one; NaN where it had none. */
export interface PastSteps {
  readonly moments: Float64Array;
  readonly values: Float64Array;
  /** The last moment of which there is a value. */
  readonly end: number;
}

/** Thins a past: of each moment the last sample, and only where something changes. What is constant costs nothing. */
export function stepsOf({ timestamps, values, count }: SeriesPast, grid: PastGrid): PastSteps {
  const moments: number[] = [];
  const kept: number[] = [];
  const add = (moment: number, value: number) => {
    if (moments.at(-1) === moment) kept[kept.length - 1] = value;
    else if (!Object.is(kept.at(-1), value)) {
      moments.push(moment);
      kept.push(value);
    }
  };
  for (let i = 0; i < count; i++) {
    const time = timestamps[i]!;
    if (i > 0 && time - timestamps[i - 1]! > GAP_MS) add(grid.after(grid.at(timestamps[i - 1]!)), Number.NaN);
    add(grid.at(time), values[i]!);
  }
  const end = count === 0 ? 0 : grid.at(timestamps[count - 1]!);
  return { moments: Float64Array.from(moments), values: Float64Array.from(kept), end };
}

/** Goes through steps forward in time. */
export class StepReader {
  readonly #steps: PastSteps;
  #next = 0;

  constructor(steps: PastSteps) {
    this.#steps = steps;
  }

  /** The value at a moment that is not before the last one asked for; NaN when there is none. */
  at(moment: number): number {
    const { moments, values, end } = this.#steps;
    while (this.#next < moments.length && moments[this.#next]! <= moment) this.#next++;
    return this.#next === 0 || moment > end ? Number.NaN : values[this.#next - 1]!;
  }
}
