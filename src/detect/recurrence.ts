import type { Pool } from '../series/columns.ts';
import type { CivilTime } from './civil-time.ts';

const DAY_SLOTS = 288;
const DAY_SLOT_SECONDS = 300;
const HOUR_SLOTS = 60;
const SLOTS = DAY_SLOTS + HOUR_SLOTS;
/** Four counters of two bits to a byte. */
const BYTES = SLOTS / 4;
const MAX_COUNT = 3;
/** From this score on an excursion is remembered, at most once in this time. */
const NOTABLE_SCORE = 0.8;
const APART_SECONDS = 25 * 60;
/** Counts are lowered by one this often. */
const HOUR_DECAY_SECONDS = 6 * 3600;
const DAY_DECAY_SECONDS = 7 * 86_400;
/** So many at the same time of the day or of the hour are a habit. */
const HABIT = 2;
/** A habit excuses excursions up to this multiple of the largest remembered one. */
const EXCUSED_RATIO = 1.5;
/** Longest steps, in seconds, with which a time of the day or a minute of the hour means something. */
const DAILY_STEP = 1800;
const HOURLY_STEP = 300;

/**
 * Does this happen every day, or every hour, at this time? Remembers when a series had excursions: in five-minute slots
 * of the local day and in minutes of the hour. Only series that had one own this memory.
 */
export class Recurrence {
  readonly #pool: Pool;
  readonly #civil: CivilTime;
  readonly #counts: Uint8Array;
  readonly #peaks: Float32Array;
  /** Seconds since the epoch. */
  readonly #lastAt: Uint32Array;
  readonly #hourDecayedAt: Uint32Array;
  readonly #dayDecayedAt: Uint32Array;

  constructor(pool: Pool, civil: CivilTime) {
    const { columns } = pool;
    this.#pool = pool;
    this.#civil = civil;
    this.#counts = columns.u8('habits', BYTES);
    this.#peaks = columns.f32('habit_peak');
    this.#lastAt = columns.u32('habit_last_at');
    this.#hourDecayedAt = columns.u32('hour_habits_decayed_at');
    this.#dayDecayedAt = columns.u32('day_habits_decayed_at');
  }

  /** Whether the series has a memory. */
  isKept(liveRow: number): boolean {
    return this.#pool.rows[liveRow] !== 0;
  }

  /** Whether an excursion of |z| at this time is a habit. The civil time has to be moved there before. */
  isHabit(liveRow: number, z: number, stepSeconds: number): boolean {
    const row = this.#pool.rows[liveRow]!;
    if (row === 0 || Math.abs(z) > EXCUSED_RATIO * this.#peaks[row]!) return false;
    const isDaily = stepSeconds <= DAILY_STEP && this.#count(row, this.#daySlot()) >= HABIT;
    return isDaily || (stepSeconds <= HOURLY_STEP && this.#count(row, this.#hourSlot()) >= HABIT);
  }

  /** Remembers a step. @param score as it was before a habit lowered it */
  learn(liveRow: number, timestamp: number, z: number, score: number, stepSeconds: number): void {
    let row = this.#pool.rows[liveRow]!;
    if (row === 0 && (score <= NOTABLE_SCORE || stepSeconds > DAILY_STEP)) return;
    const now = Math.floor(timestamp / 1000);
    if (row === 0) {
      row = this.#pool.acquire(liveRow);
      if (row === 0) return;
      this.#hourDecayedAt[row] = now;
      this.#dayDecayedAt[row] = now;
    }
    this.#decay(row, now);
    if (score <= NOTABLE_SCORE) return;
    this.#peaks[row] = Math.max(this.#peaks[row]!, Math.abs(z));
    if (now - this.#lastAt[row]! < APART_SECONDS) return;
    this.#lastAt[row] = now;
    for (let beside = -1; beside <= 1; beside++) {
      this.#add(row, (this.#daySlot() + beside + DAY_SLOTS) % DAY_SLOTS, 1);
      this.#add(row, DAY_SLOTS + ((this.#hourSlot() - DAY_SLOTS + beside + HOUR_SLOTS) % HOUR_SLOTS), 1);
    }
  }

  forget(liveRow: number): void {
    this.#pool.release(liveRow);
  }

  #decay(row: number, now: number): void {
    if (now - this.#hourDecayedAt[row]! >= HOUR_DECAY_SECONDS) {
      this.#hourDecayedAt[row] = now;
      for (let i = DAY_SLOTS; i < SLOTS; i++) this.#add(row, i, -1);
    }
    if (now - this.#dayDecayedAt[row]! < DAY_DECAY_SECONDS) return;
    this.#dayDecayedAt[row] = now;
    for (let i = 0; i < DAY_SLOTS; i++) this.#add(row, i, -1);
  }

  #daySlot(): number {
    return Math.floor(this.#civil.secondOfDay / DAY_SLOT_SECONDS);
  }

  #hourSlot(): number {
    return DAY_SLOTS + (Math.floor(this.#civil.secondOfDay / 60) % HOUR_SLOTS);
  }

  #count(row: number, index: number): number {
    return (this.#counts[row * BYTES + (index >> 2)]! >> ((index & 3) * 2)) & MAX_COUNT;
  }

  #add(row: number, index: number, by: number): void {
    const count = Math.max(0, Math.min(MAX_COUNT, this.#count(row, index) + by));
    const shift = (index & 3) * 2;
    const at = row * BYTES + (index >> 2);
    this.#counts[at] = (this.#counts[at]! & ~(MAX_COUNT << shift)) | (count << shift);
  }
}
