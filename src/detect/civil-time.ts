import { zoneOffsetSeconds } from '../model/zoned-time.ts';

const QUARTER_SECONDS = 900;
const DAY_SECONDS = 86_400;
/** Offsets that are kept: more than ten years of quarters would be a mistake. */
const MAX_KEPT = 400_000;

/**
 * Local time of a zone, for profiles of the day and the week. Offsets from UTC change at quarters of an hour only, so the
 * time zone database is asked once per quarter.
 */
export class CivilTime {
  /** Seconds since local midnight, 0..86400. */
  secondOfDay = 0;
  /** Whether the local day is a Saturday or Sunday. */
  isWeekend = false;
  readonly #zone: string;
  readonly #offsets = new Map<number, number>();
  #quarter = Number.NaN;
  #offset = 0;
  #timestamp = Number.NaN;

  /** @param zone name in the IANA database. @throws RangeError when there is no such zone */
  constructor(zone: string) {
    zoneOffsetSeconds(zone, 0);
    this.#zone = zone;
  }

  /** Sets the fields to a moment. @param timestamp milliseconds since the epoch */
  moveTo(timestamp: number): void {
    if (timestamp === this.#timestamp) return;
    this.#timestamp = timestamp;
    const utc = timestamp / 1000;
    const quarter = Math.floor(utc / QUARTER_SECONDS);
    if (quarter !== this.#quarter && this.#zone !== 'UTC') this.#offset = this.#offsetOf(quarter);
    this.#quarter = quarter;
    const local = utc + this.#offset;
    const day = Math.floor(local / DAY_SECONDS);
    this.secondOfDay = local - day * DAY_SECONDS;
    // The epoch began on a Thursday: 4 counting from Sunday.
    const weekday = (((day + 4) % 7) + 7) % 7;
    this.isWeekend = weekday === 0 || weekday === 6;
  }

  #offsetOf(quarter: number): number {
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const offset = zoneOffsetSeconds(this.#zone, quarter * QUARTER_SECONDS * 1000);
    if (this.#offsets.size >= MAX_KEPT) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }
}
