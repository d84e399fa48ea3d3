import type { Pool } from '../series/columns.ts';

/** Steps of a new replica from which its level is taken; there is no verdict before. */
const SETTLING_STEPS = 5;
/** Steps for which it counts as young. */
const YOUNG_STEPS = 60;
/** The same of a constant one, which makes no steps, in seconds. */
const YOUNG_SECONDS = 3600;
/** After so long it is over for any, seconds: also for those that have ended, or never changed. */
const OVER_SECONDS = 86_400;

/**
 * Series that began with what was known of another replica of their workload. Noise, rarity and season are the
 * workload's; the level is their own, and comes from their first steps. While they are young they may be anywhere between
 * where they began and what their workload is used to: caches fill, connections come. Beyond that they are judged like
 * any other.
 */
export class Youth {
  readonly #pool: Pool;
  readonly #bornAt: Uint32Array;
  readonly #levels: Float64Array;
  readonly #steps: Uint8Array;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#bornAt = pool.columns.u32('born_at');
    this.#levels = pool.columns.f64('inherited_level');
    this.#steps = pool.columns.u8('young_steps');
  }

  /** @param timestamp of the first sample, milliseconds. @param level of the one that is inherited from; of a constant any */
  begin(slot: number, timestamp: number, level: number): void {
    this.#endOldest(timestamp);
    const row = this.#pool.acquire(slot);
    this.#bornAt[row] = timestamp / 1000;
    this.#levels[row] = level;
  }

  isYoung(slot: number): boolean {
    return this.#pool.size > 0 && this.#pool.rowOf(slot) !== 0;
  }

  /** Whether so few steps were seen that there is no verdict. */
  isSettling(slot: number): boolean {
    const row = this.#pool.size > 0 ? this.#pool.rowOf(slot) : 0;
    return row !== 0 && this.#steps[row]! < SETTLING_STEPS;
  }

  /** Steps seen, of a young series. */
  steps(slot: number): number {
    return this.#steps[this.#pool.rowOf(slot)]!;
  }

  /** Level that its workload had when it began, of a young series. */
  level(slot: number): number {
    return this.#levels[this.#pool.rowOf(slot)]!;
  }

  /** Counts a step of a young series. @returns whether it was the last one */
  grow(slot: number): boolean {
    return ++this.#steps[this.#pool.rowOf(slot)]! >= YOUNG_STEPS;
  }

  /** A series that was constant so far changes for the first time. @param timestamp milliseconds. @param level so far */
  leaveConstant(slot: number, timestamp: number, level: number): void {
    const row = this.#pool.rowOf(slot);
    if (row === 0) return;
    this.#levels[row] = level;
    if (timestamp / 1000 - this.#bornAt[row]! > YOUNG_SECONDS) this.end(slot);
  }

  end(slot: number): void {
    this.#pool.release(slot);
  }

  #endOldest(timestamp: number): void {
    for (const slot of this.#pool.slots()) {
      if (timestamp / 1000 - this.#bornAt[this.#pool.rowOf(slot)]! <= OVER_SECONDS) return;
      this.end(slot);
    }
  }
}
