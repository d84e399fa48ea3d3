import type { Columns, Pool } from '../series/columns.ts';
import { HOURS, type HourPlace } from './hour-place.ts';
import { HourVisits } from './hour-visits.ts';
import { HourlyValues } from './hourly-values.ts';

/** A weekend of its own needs differences of so many times the noise; it is given up at half of that. */
const SPLIT_SIGMAS = 2;

/**
 * The hours of weekends, of series that have a seasonal profile. They are learnt apart from the first weekend on, so that it
 * can be seen whether they differ from those of the week, and used while they do. Series are told by the row of their profile.
 */
export class WeekendProfile {
  readonly #pool: Pool;
  readonly #isSplit: Uint8Array;
  readonly #means: HourlyValues;
  readonly #visits: HourVisits;

  /** @param season columns of the profiles. @param capacity most weekends */
  constructor(season: Columns, capacity: number) {
    this.#pool = season.pool('weekend', capacity);
    this.#isSplit = season.u8('season_is_split');
    const { columns } = this.#pool;
    this.#means = new HourlyValues(columns, 'weekend_means');
    this.#visits = new HourVisits(columns, 'weekend_hour_visits');
  }

  /** Whether weekends have a profile of their own. */
  isInUse(season: number): boolean {
    return this.#isSplit[season] === 1;
  }

  interpolate(season: number, place: HourPlace): number {
    return this.#means.interpolate(this.#pool.rows[season]!, place);
  }

  /** From now on another hour is learnt. */
  enter(season: number, { bucket, unit }: HourPlace): void {
    const row = this.#pool.rows[season]!;
    if (row !== 0) this.#means.enter(row, bucket, unit);
  }

  /** @param hour that was learnt */
  leave(season: number, hour: number): void {
    const row = this.#pool.rows[season]!;
    if (row !== 0) this.#visits.add(row, hour);
  }

  /**
   * Learns a step of a weekend, in the hour that was entered last.
   * @param deviation of its value from the level. @param clip bound of its influence
   * @param week what weekends are taken to be before the first one
   */
  learn(season: number, deviation: number, clip: number, place: HourPlace, week: HourlyValues): void {
    const means = this.#means;
    const { bucket, unit } = place;
    let row = this.#pool.rows[season]!;
    if (row === 0) {
      row = this.#pool.acquire(season);
      if (row === 0) return;
      means.copy(row, week, season);
      means.enter(row, bucket, unit);
    }
    const residual = deviation - means.interpolate(row, place);
    const gain = this.#visits.gain(row, place);
    means.learn(row, bucket, means.current(row) + gain * Math.max(-clip, Math.min(clip, residual)), unit);
  }

  /** The level that hours are around has moved. */
  shift(season: number, by: number, unit: number): void {
    const row = this.#pool.rows[season]!;
    if (row !== 0) this.#means.shift(row, by, unit);
  }

  /** Finds out whether weekends differ, when all hours were seen. @param visits of the week's hours */
  choose(season: number, week: HourlyValues, visits: HourVisits, unit: number, noise: number): void {
    const row = this.#pool.rows[season]!;
    if (row === 0) return;
    let difference = 0;
    for (let hour = 0; hour < HOURS; hour++) {
      if (this.#visits.get(row, hour) === 0 || visits.get(season, hour) === 0) return;
      difference += Math.abs(week.get(season, hour, unit) - this.#means.get(row, hour, unit)) / HOURS;
    }
    const least = (this.isInUse(season) ? SPLIT_SIGMAS / 2 : SPLIT_SIGMAS) * noise;
    this.#isSplit[season] = difference > least ? 1 : 0;
  }
}
