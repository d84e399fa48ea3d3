import type { Columns, Pool } from '../series/columns.ts';
import type { CivilTime } from './civil-time.ts';
import type { Step } from './detector.ts';
import { TO_SIGMA } from './fast-channel.ts';
import { Gain } from './gain.ts';
import { HOURS, HourPlace } from './hour-place.ts';
import { HourVisits, MOST_VISITS } from './hour-visits.ts';
import { HourlyScales } from './hourly-scales.ts';
import { HourlyValues } from './hourly-values.ts';
import { RankHistogram } from './rank-histogram.ts';
import { SmoothedDeviation } from './smoothed-deviation.ts';
import { WeekendProfile } from './weekend-profile.ts';

/** A series with longer steps, in seconds, has no profile. */
const LONGEST_STEP = 3600;
const DAY = 86_400;
const LEVEL_GAIN = 0.001;
const NOISE_GAIN = 0.002;
const TEST_GAIN = 0.005;
const CLIP = 4;
const NOISE_CLIP = 5;
/** A bucket's own noise counts like so many visits of the noise of all. */
const SHRINKAGE = 3;
/** Share of the overall noise that is added to a bucket's: one quiet hour does not make a large deviation. */
const NOISE_SHARE = 0.02;
const LIMIT = 8;
/** The profile has proved itself when it leaves less than this share of the deviations from a plain level. */
const USEFUL_SHARE = 0.9;
/** Days of life before a profile is tried, before it may be used, and without use before it is given back. */
const TRIAL_AFTER_DAYS = 1 / 12;
const IN_USE_AFTER_DAYS = 2;
const UNUSED_DAYS = 3;
/** Days until the next trial, doubled with each that failed, up to four times. */
const RETRY_DAYS = 7;
const MOST_DOUBLINGS = 2;
/** Days of life before weekends may have a profile of their own. */
const SPLIT_AFTER_DAYS = 7;
const MAX_STEPS = 65_535;
const MOST_VISIT_STEPS = 255;
/** Units of the hours' values, by exponent: 64 times the power of two next to the noise at the beginning. */
const UNITS = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 128 + 6));

/**
 * Is this unusual for this time of the day? A profile of 24 hours in local time, interpolated, with a second one for
 * weekends where they differ. It is used only as long as it predicts the series better than a plain level does.
 */
export class SeasonalChannel {
  /** Whether the profile has proved itself on the series. */
  isInUse = false;
  /** Whether deviations can be ranked: one day was seen. */
  isReady = false;
  /** By how much the profile has moved since the step before; 0 unless in use. */
  ride = 0;
  /** Value of the profile now, around a mean of 0. */
  profile = 0;
  expected = 0;
  scale = 1;
  /** Deviation in standard deviations, and the same smoothed. */
  z = 0;
  smoothedZ = 0;
  readonly ranks: RankHistogram;

  readonly #season: Pool;
  readonly #weekend: WeekendProfile;
  readonly #civil: CivilTime;
  /** When the profile began, or may begin, in seconds since the epoch, and how many failed; of the series that are live. */
  readonly #beginsAt: Uint32Array;
  readonly #failures: Uint8Array;
  readonly #levels: Float64Array;
  readonly #noises: Float32Array;
  /** By how much the profile leaves more than its share of the deviations from a plain level; < 0 when it has proved itself. */
  readonly #excesses: Float32Array;
  readonly #previous: Float32Array;
  readonly #steps: Uint16Array;
  readonly #unitExponents: Uint8Array;
  readonly #means: HourlyValues;
  readonly #scales: HourlyScales;
  readonly #visits: HourVisits;
  /** The hour that is being learnt, those of weekends counted on from 24, and the steps that it had in this visit. */
  readonly #hours: Uint8Array;
  readonly #visitSteps: Uint8Array;
  readonly #unusedDays: Uint8Array;
  readonly #smoothed: SmoothedDeviation;
  readonly #levelGain = new Gain(LEVEL_GAIN);
  readonly #noiseGain = new Gain(NOISE_GAIN);
  readonly #testGain = new Gain(TEST_GAIN);

  /** Row of the series that is being judged, 0 when it has no profile. */
  row = 0;
  readonly #place = new HourPlace();
  #bucketScale = 1;
  #usesWeekend = false;
  /** Whether the step lies in the hour that is being learnt, and not in the one that comes next. */
  #isSameHour = false;

  /** @param capacity most profiles */
  constructor(live: Columns, capacity: number, civil: CivilTime) {
    const season = live.pool('profile', capacity);
    this.#season = season;
    this.#weekend = new WeekendProfile(season.columns, capacity);
    this.#civil = civil;
    this.#beginsAt = live.u32('season_begins_at');
    this.#failures = live.u8('season_failures');
    const columns = season.columns;
    this.#levels = columns.f64('season_level');
    this.#noises = columns.f32('season_noise');
    this.#excesses = columns.f32('season_excess');
    this.#previous = columns.f32('season_previous');
    this.#steps = columns.u16('season_steps');
    this.#unitExponents = columns.u8('season_unit_exponent');
    this.#means = new HourlyValues(columns, 'season_means');
    this.#scales = new HourlyScales(columns, 'season_scale');
    this.#visits = new HourVisits(columns, 'season_hour_visits');
    this.#hours = columns.u8('season_hour');
    this.#visitSteps = columns.u8('season_visit_steps');
    this.#unusedDays = columns.u8('season_unused_days');
    this.#smoothed = new SmoothedDeviation(columns.f16('season_smoothed'), LIMIT);
    this.ranks = new RankHistogram(columns, 'season', 4);
  }

  /** @param liveRow of a series that becomes live at this time */
  start(liveRow: number, timestamp: number): void {
    this.#beginsAt[liveRow] = timestamp / 1000 + TRIAL_AFTER_DAYS * DAY;
  }

  /** Gives the profile up, and tries another one at once. */
  restart(liveRow: number, timestamp: number): void {
    this.#season.release(liveRow);
    this.#beginsAt[liveRow] = timestamp / 1000;
  }

  /** The civil time has to be moved to the step's before. */
  load(liveRow: number, step: Step): void {
    const row = this.#season.rows[liveRow]!;
    this.row = row;
    this.isInUse = false;
    this.isReady = false;
    this.ride = 0;
    if (row === 0) return;
    const place = this.#place;
    place.moveTo(this.#civil, step.lengthSeconds);
    place.unit = UNITS[this.#unitExponents[row]!]!;
    this.#isSameHour = place.hour === this.#hours[row];
    place.steps = this.#isSameHour ? this.#visitSteps[row]! : 0;
    this.#usesWeekend = this.#civil.isWeekend && this.#weekend.isInUse(row);
    this.profile = this.#usesWeekend ? this.#weekend.interpolate(row, place) : this.#means.interpolate(row, place);
    this.expected = this.#levels[row]! + this.profile;
    const age = step.timestamp / 1000 - this.#beginsAt[liveRow]!;
    this.isReady = age >= DAY;
    this.isInUse = age >= IN_USE_AFTER_DAYS * DAY && this.#excesses[row]! < 0;
    if (this.isInUse) this.ride = this.profile - this.#previous[row]!;
    this.#bucketScale = Math.max(this.#noiseOf(row, age / DAY), step.floor / 2);
    this.scale = this.#bucketScale + NOISE_SHARE * this.#noises[row]!;
    this.#smoothed.load(step.elapsed);
  }

  evaluate(value: number): void {
    if (!this.isReady) {
      this.z = 0;
      this.smoothedZ = 0;
      return;
    }
    this.z = (value - this.expected) / this.scale;
    this.#smoothed.evaluate(this.row, this.z);
    this.smoothedZ = this.#smoothed.z;
  }

  /** Begins a trial on a series that has none, when it is time. @param level and noise to begin with */
  tryBegin(liveRow: number, step: Step, level: number, noise: number): void {
    const { timestamp } = step;
    if (timestamp / 1000 < this.#beginsAt[liveRow]! || step.lengthSeconds > LONGEST_STEP) return;
    const row = this.#season.acquire(liveRow);
    if (row === 0) return;
    this.#beginsAt[liveRow] = timestamp / 1000;
    this.#levels[row] = level;
    this.#noises[row] = noise;
    this.#unitExponents[row] = Math.round(Math.log2(noise)) + 128;
    this.#place.moveTo(this.#civil, step.lengthSeconds);
    this.#hours[row] = this.#place.hour;
  }

  /** Learns the step, whose value was evaluated last, of a series that has a profile. */
  learn(liveRow: number, step: Step): void {
    const { row } = this;
    const { value, elapsed } = step;
    const steps = Math.min(MAX_STEPS, this.#steps[row]! + 1);
    this.#steps[row] = steps;
    const residual = value - this.expected;
    const clip = CLIP * this.#bucketScale;
    const clipped = Math.max(-clip, Math.min(clip, residual));
    if (this.isReady) {
      this.#smoothed.learn(row);
      const gain = this.#testGain.over(elapsed, Number.POSITIVE_INFINITY);
      const excess = Math.abs(residual) - USEFUL_SHARE * Math.abs(value - this.#levels[row]!);
      this.#excesses[row]! += gain * (excess - this.#excesses[row]!);
    }
    this.#previous[row] = this.profile;
    const isNewDay = this.#place.bucket < this.#hours[row]! % HOURS;
    if (!this.#isSameHour) this.#enterHour(row, step.timestamp / 1000);
    this.#learnHour(row, clipped);
    if (this.#civil.isWeekend) this.#weekend.learn(row, value - this.#levels[row]!, clip, this.#place, this.#means);
    this.#visitSteps[row] = Math.min(MOST_VISIT_STEPS, this.#place.steps + 1);
    this.#levels[row]! += this.#levelGain.over(elapsed, steps) * clipped;
    const noiseNow = this.#noises[row]!;
    this.#noises[row] =
      noiseNow +
      this.#noiseGain.over(elapsed, steps) *
        (Math.min(TO_SIGMA * Math.abs(residual), NOISE_CLIP * noiseNow) - noiseNow);
    if (isNewDay) this.#endDay(liveRow, step.timestamp);
  }

  /** After a gap what was smoothed means nothing; after a long one less is known. */
  interrupt(liveRow: number, isLong: boolean): void {
    const row = this.#season.rows[liveRow]!;
    if (row === 0) return;
    this.#smoothed.forget(row);
    if (isLong) this.#noises[row]! *= 2;
  }

  /** How far a profile of the series has come; whether it is in use is known of the one that was loaded last. */
  stage(liveRow: number): 'none' | 'on trial' | 'in use' | 'in use, weekends apart' {
    const row = this.#season.rows[liveRow]!;
    if (row === 0) return 'none';
    if (row !== this.row || !this.isInUse) return 'on trial';
    return this.#weekend.isInUse(row) ? 'in use, weekends apart' : 'in use';
  }

  /** Keeps the profile and puts it around another level: that of the series which was loaded last. */
  shift(by: number): void {
    if (this.row !== 0) this.#levels[this.row]! += by;
  }

  /** Rides on from here: steps were not learnt. */
  keepPlace(): void {
    if (this.row !== 0) this.#previous[this.row] = this.profile;
  }

  /** Standard deviation in the hour where the step lies. @param days of the profile: more visits than can be counted */
  #noiseOf(row: number, days: number): number {
    const { bucket, unit } = this.#place;
    const counted = this.#visits.until(row, this.#place);
    const visits = counted < MOST_VISITS ? counted : Math.max(MOST_VISITS, days);
    const isLearnt = this.#hours[row]! % HOURS === bucket;
    const own = (isLearnt ? this.#scales.current(row) : this.#scales.get(row, bucket, unit)) ** 2;
    const all = this.#noises[row]! ** 2;
    return Math.sqrt((visits * own + SHRINKAGE * all) / (visits + SHRINKAGE));
  }

  /** Leaves the hour that was learnt, and goes on with the one where the step lies. @param seconds of its time, for chance */
  #enterHour(row: number, seconds: number): void {
    const { bucket, hour, unit } = this.#place;
    const left = this.#hours[row]!;
    if (this.#visitSteps[row]! > 0) {
      this.#scales.leave(row, left % HOURS, unit, seconds);
      this.#visits.add(row, left % HOURS);
      if (left >= HOURS) this.#weekend.leave(row, left - HOURS);
    }
    this.#hours[row] = hour;
    this.#means.enter(row, bucket, unit);
    this.#scales.enter(row, bucket, unit);
    if (this.#civil.isWeekend) this.#weekend.enter(row, this.#place);
  }

  #learnHour(row: number, residual: number): void {
    const { bucket, unit, steps } = this.#place;
    const gain = this.#visits.gain(row, this.#place);
    const isNew = steps === 0 && this.#visits.get(row, bucket) === 0;
    const scale = isNew ? this.#noises[row]! : this.#scales.current(row);
    this.#scales.learn(row, scale + gain * (Math.min(TO_SIGMA * Math.abs(residual), CLIP * scale) - scale));
    if (!this.#usesWeekend) this.#means.learn(row, bucket, this.#means.current(row) + gain * residual, unit);
  }

  #endDay(liveRow: number, timestamp: number): void {
    const { row } = this;
    const { unit } = this.#place;
    const age = timestamp / 1000 - this.#beginsAt[liveRow]!;
    this.#recentre(row, unit);
    if (age >= SPLIT_AFTER_DAYS * DAY) {
      this.#weekend.choose(row, this.#means, this.#visits, unit, this.#noises[row]!);
    }
    if (age < IN_USE_AFTER_DAYS * DAY) return;
    this.#unusedDays[row] = this.isInUse ? 0 : this.#unusedDays[row]! + 1;
    if (this.#unusedDays[row]! <= UNUSED_DAYS) return;
    this.#season.release(liveRow);
    const failures = this.#failures[liveRow]!;
    this.#beginsAt[liveRow] = timestamp / 1000 + RETRY_DAYS * 2 ** failures * DAY;
    this.#failures[liveRow] = Math.min(MOST_DOUBLINGS, failures + 1);
  }

  /** Moves the mean of the profile into the level, so that each means what its name says. */
  #recentre(row: number, unit: number): void {
    const mean = this.#means.mean(row, unit);
    this.#means.shift(row, -mean, unit);
    this.#weekend.shift(row, -mean, unit);
    this.#levels[row]! += mean;
    this.#previous[row]! -= mean;
  }
}
