import { LARGEST_F16, type Pool } from '../series/columns.ts';
import type { CivilTime } from './civil-time.ts';

const DAY_SLOTS = 144;
const DAY_SLOT_SECONDS = 600;
const HOUR_SLOTS = 60;
/** Four counters of two bits to a byte: first those of the day, then those of the hour. */
const DAY_BYTES = DAY_SLOTS / 4;
const BYTES = DAY_BYTES + HOUR_SLOTS / 4;
const MAX_COUNT = 3;
/** The lower bit of each of the four. */
const LOWER_BITS = 0b01010101;
/** From this score on an excursion is remembered, at most once in this time. */
const NOTABLE_SCORE = 0.8;
const APART_MINUTES = 25;
/** Counts are lowered by one this often, in hours. */
const HOUR_DECAY_HOURS = 6;
const DAY_DECAY_HOURS = 7 * 24;
/** Times are kept in sixteen bits and wrap around: only what lies between two of them means something. */
const WRAP = 0xffff;
/** So many at the same time of the day or of the hour are a habit. */
const HABIT = 2;
/** A habit excuses excursions up to this multiple of the largest remembered one. */
const EXCUSED_RATIO = 1.5;
/** Longest steps, in seconds, with which a time of the day or a minute of the hour means something. */
const DAILY_STEP = 1800;
const HOURLY_STEP = 300;

/**
 * Does this happen every day, or every hour, at this time? Remembers when a series had excursions: in ten-minute slots
 * of the local day and in minutes of the hour. Only series that had one own this memory.
 */
export class Recurrence {
  readonly #pool: Pool;
  readonly #civil: CivilTime;
  readonly #counts: Uint8Array;
  readonly #peaks: Float16Array;
  /** In minutes since the epoch, which wrap around in 45 days. */
  readonly #lastAt: Uint16Array;
  /** In hours since the epoch, which wrap around in seven years. */
  readonly #hourDecayedAt: Uint16Array;
  readonly #dayDecayedAt: Uint16Array;

  constructor(pool: Pool, civil: CivilTime) {
    const { columns } = pool;
    this.#pool = pool;
    this.#civil = civil;
    this.#counts = columns.u8('habit_counts', BYTES);
    this.#peaks = columns.f16('habit_peak');
    this.#lastAt = columns.u16('habit_last_minute');
    this.#hourDecayedAt = columns.u16('hour_habits_decayed_hour');
    this.#dayDecayedAt = columns.u16('day_habits_decayed_hour');
  }

  /** Whether the series has a memory. */
  isKept(liveRow: number): boolean {
    return this.#pool.rows[liveRow] !== 0;
  }

  /** Whether an excursion of |z| at this time is a habit. The civil time has to be moved there before. */
  isHabit(liveRow: number, z: number, stepSeconds: number): boolean {
    const row = this.#pool.rows[liveRow]!;
    if (row === 0 || Math.abs(z) > EXCUSED_RATIO * this.#peaks[row]!) return false;
    const isDaily = stepSeconds <= DAILY_STEP && this.#count(row, Math.floor(this.#timeOfDay)) >= HABIT;
    return isDaily || (stepSeconds <= HOURLY_STEP && this.#count(row, DAY_SLOTS + this.#minuteOfHour) >= HABIT);
  }

  /** Remembers a step. @param score as it was before a habit lowered it */
  learn(liveRow: number, timestamp: number, z: number, score: number, stepSeconds: number): void {
    let row = this.#pool.rows[liveRow]!;
    if (row === 0 && (score <= NOTABLE_SCORE || stepSeconds > DAILY_STEP)) return;
    const minute = Math.floor(timestamp / 60_000);
    const hour = Math.floor(minute / 60);
    if (row === 0) {
      row = this.#pool.acquire(liveRow);
      if (row === 0) return;
      this.#lastAt[row] = minute - APART_MINUTES;
      this.#hourDecayedAt[row] = hour;
      this.#dayDecayedAt[row] = hour;
    }
    this.#decay(row, hour);
    if (score <= NOTABLE_SCORE) return;
    this.#peaks[row] = Math.min(LARGEST_F16, Math.max(this.#peaks[row]!, Math.abs(z)));
    if (passed(this.#lastAt[row]!, minute) < APART_MINUTES) return;
    this.#lastAt[row] = minute;
    this.#rememberNow(row);
  }

  forget(liveRow: number): void {
    this.#pool.release(liveRow);
  }

  /** Counts for the slot of the day and the one that is nearer of those beside it, for the minute and both beside it. */
  #rememberNow(row: number): void {
    const slot = Math.floor(this.#timeOfDay);
    const beside = this.#timeOfDay - slot < 0.5 ? slot - 1 : slot + 1;
    this.#add(row, slot);
    this.#add(row, (beside + DAY_SLOTS) % DAY_SLOTS);
    const minute = this.#minuteOfHour;
    for (let i = minute - 1; i <= minute + 1; i++) this.#add(row, DAY_SLOTS + ((i + HOUR_SLOTS) % HOUR_SLOTS));
  }

  #decay(row: number, hour: number): void {
    if (passed(this.#hourDecayedAt[row]!, hour) >= HOUR_DECAY_HOURS) {
      this.#hourDecayedAt[row] = hour;
      this.#lower(row * BYTES + DAY_BYTES, (row + 1) * BYTES);
    }
    if (passed(this.#dayDecayedAt[row]!, hour) < DAY_DECAY_HOURS) return;
    this.#dayDecayedAt[row] = hour;
    this.#lower(row * BYTES, row * BYTES + DAY_BYTES);
  }

  /** Takes one away from each count that is not 0, four at a time. */
  #lower(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const four = this.#counts[at]!;
      this.#counts[at] = four - ((four | (four >> 1)) & LOWER_BITS);
    }
  }

  /** In slots of the day, and parts of a slot. */
  get #timeOfDay(): number {
    return this.#civil.secondOfDay / DAY_SLOT_SECONDS;
  }

  get #minuteOfHour(): number {
    return Math.floor(this.#civil.secondOfDay / 60) % HOUR_SLOTS;
  }

  #count(row: number, slot: number): number {
    return (this.#counts[row * BYTES + (slot >> 2)]! >> ((slot & 3) * 2)) & MAX_COUNT;
  }

  #add(row: number, slot: number): void {
    if (this.#count(row, slot) < MAX_COUNT) this.#counts[row * BYTES + (slot >> 2)]! += 1 << ((slot & 3) * 2);
  }
}

/** From one time to another, of which the first one, at least, has wrapped around. */
function passed(from: number, to: number): number {
  return (to - from) & WRAP;
}
