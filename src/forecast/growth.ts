import { type ResourceHistory, RINGS, type Ring, WORD } from './resource-history.ts';
import { type Line, median, theilSen } from './robust-line.ts';

/** The lengths of past over which growth is looked at, in seconds, and the bins that show it best. */
const SCALES = [
  { seconds: 900, ring: RINGS.minute },
  { seconds: 3600, ring: RINGS.fiveMinutes },
  { seconds: 6 * 3600, ring: RINGS.fiveMinutes },
  { seconds: 86_400, ring: RINGS.hour },
  { seconds: 7 * 86_400, ring: RINGS.hour },
  { seconds: 28 * 86_400, ring: RINGS.sixHours },
] as const;
export const SCALE_COUNT = SCALES.length;
export const HOUR_SCALE = 1;
export const DAY_SCALE = 3;

/** A scale speaks when so many bins of it are there that span half of it. */
const MIN_BINS = 6;
const MAX_BINS = 40;
/** A quarter grows when it has this share of the mean growth of all four, and falls when it loses that much of it. */
const GROWING_QUARTER = 0.4;
const FALLING_QUARTER = -0.2;
/** What grows in the last quarter by less than this share of the first is levelling off, as caches and heaps do. */
const LEVELLING_OFF = 0.5;
const MIN_SLOWING = 3;
/** It fills nothing when all that is still to come is less than this share of what is left; noise must not pretend it … */
const FILLS_NOTHING = 0.5;
const SURE_SLOWING = 6;
/** (the newest bin has not ended yet, so that the second half seems a little slower anyway) */
const SLOWER_HALF = 0.85;
/** … but what is new, a write or a resource, mostly does level off: less proof is asked for. */
const NEW_SECONDS = 86_400;
/** A pause, as at a weekend, is no levelling off: that slows from the first quarter on, by this share of the mean slowing. */
const EARLY_SLOWING = 0.6;
/** The second half of a window is as fast as a longer scale when it has this share of its slope: noise makes such a difference. */
const AS_FAST = 0.7;
/** A rise goes through all of the window when no quarter has less than this share of the mean growth. */
const THROUGH_QUARTER = 0.4;
const THROUGH_SPAN = 0.9;
/** Growth that is not consistent and smaller than so many errors is none. */
const MIN_ERRORS = 1.5;
/** Growth of less than so many errors of a scale is hidden from it. */
const HIDDEN_ERRORS = 2;

const xs = new Float64Array(200);
const ys = new Float64Array(200);
const quarters = new Float64Array(4);
const line: Line = { slope: 0, intercept: 0, slopeError: 0, spread: 0 };

/** How a resource grows at each scale. One object, filled anew for each forecast. */
export class Growth {
  /** Length of the scale in seconds. */
  readonly seconds = Float64Array.from(SCALES, ({ seconds }) => seconds);
  readonly isKnown = new Uint8Array(SCALE_COUNT);
  /** In units of the resource a second, and its standard error. */
  readonly slope = new Float64Array(SCALE_COUNT);
  readonly slopeError = new Float64Array(SCALE_COUNT);
  /** Whether growth (or fall) goes through the whole of the scale, and is not one step or one burst. */
  readonly isConsistent = new Uint8Array(SCALE_COUNT);
  /** Whether the last hour is known and rises from its first quarter on, so that the rise is about as old as that. */
  isHourThrough = false;

  /**
   * Reads off the rings.
   * @param isNewHour whether the scales of a day and longer are measured as well, or recalled from the last time
   */
  measure(history: ResourceHistory, isNewHour: boolean): void {
    for (let scale = SCALE_COUNT - 1; scale >= 0; scale--) {
      if (scale < DAY_SCALE || isNewHour) this.#measureScale(history, scale);
      if (scale < DAY_SCALE) continue;
      if (isNewHour) this.#keep(history, scale);
      else this.#recall(history, scale);
    }
    this.#borrow();
  }

  /** Growth that is too slow to be told from noise at a short scale is what the next longer one says of it. */
  #borrow(): void {
    for (let scale = SCALE_COUNT - 2; scale >= 0; scale--) {
      const longer = scale + 1;
      if (this.slope[scale] !== 0 || this.isKnown[scale] === 0 || this.isConsistent[longer] === 0) continue;
      if (Math.abs(this.slope[longer]!) > HIDDEN_ERRORS * this.slopeError[scale]!) continue;
      this.slope[scale] = this.slope[longer]!;
    }
  }

  #measureScale(history: ResourceHistory, scale: number): void {
    const { seconds, ring } = SCALES[scale]!;
    const found = collect(history, ring, seconds);
    const span = found === 0 ? 0 : xs[found - 1]! - xs[0]!;
    const isKnown = found >= MIN_BINS && span >= seconds / 2;
    this.isKnown[scale] = isKnown ? 1 : 0;
    this.slope[scale] = 0;
    this.slopeError[scale] = 0;
    this.isConsistent[scale] = 0;
    if (!isKnown) return;
    const count = thin(found);
    theilSen(xs, ys, count, line);
    const isConsistent = measureQuarters(count);
    this.slopeError[scale] = line.slopeError;
    const proof = scale === 0 || history.age < NEW_SECONDS ? MIN_SLOWING : SURE_SLOWING;
    const left = history.limit - history.used;
    const isPause = scale >= DAY_SCALE && isSlowingLate();
    const mayLevelOff = isConsistent && line.slope > 0 && !isPause && !this.#isAsFastAsBefore(scale, span);
    if (mayLevelOff && toCome(proof * line.spread) < FILLS_NOTHING * left) return;
    this.isConsistent[scale] = isConsistent ? 1 : 0;
    if (scale === HOUR_SCALE) this.isHourThrough = isConsistent && span >= THROUGH_SPAN * seconds && goesThrough();
    if (!isConsistent) this.slope[scale] = limitedSlope(line, span);
    else this.slope[scale] = isPause ? line.slope : latestSlope(line, span);
  }

  /**
   * Whether the second half of the window grows as fast as the longer scale has it: then the first half was faster by chance,
   * and nothing levels off.
   */
  #isAsFastAsBefore(scale: number, span: number): boolean {
    const longer = scale + 1;
    if (longer === SCALE_COUNT || this.isConsistent[longer] === 0) return false;
    return (quarters[2]! + quarters[3]!) / (span / 2) > AS_FAST * this.slope[longer]!;
  }

  #keep({ floats, integers, base }: ResourceHistory, scale: number): void {
    const at = base + WORD.growth + (scale - DAY_SCALE) * 3;
    floats[at] = this.slope[scale]!;
    floats[at + 1] = this.slopeError[scale]!;
    integers[at + 2] = this.isKnown[scale]! | (this.isConsistent[scale]! << 1);
  }

  #recall({ floats, integers, base }: ResourceHistory, scale: number): void {
    const at = base + WORD.growth + (scale - DAY_SCALE) * 3;
    this.slope[scale] = floats[at]!;
    this.slopeError[scale] = floats[at + 1]!;
    this.isKnown[scale] = integers[at + 2]! & 1;
    this.isConsistent[scale] = integers[at + 2]! >> 1;
  }
}

/** Puts the bins of the latest `seconds` into xs (seconds before now) and ys. @returns how many */
function collect(history: ResourceHistory, ring: Ring, seconds: number): number {
  const now = history.lastAt;
  const newest = Math.floor(now / ring.seconds);
  const wanted = Math.min(ring.bins, Math.ceil(seconds / ring.seconds) + 1);
  let count = 0;
  for (let bin = newest - wanted + 1; bin <= newest; bin++) {
    const value = history.bin(ring, bin);
    if (Number.isNaN(value)) continue;
    // What grows is highest at the end of a bin; the newest one has not ended yet.
    xs[count] = Math.min((bin + 1) * ring.seconds - now, 0);
    ys[count++] = value;
  }
  return count;
}

/** Leaves at most 40 samples, evenly chosen. @returns how many are left */
function thin(found: number): number {
  if (found <= MAX_BINS) return found;
  for (let i = 0; i < MAX_BINS; i++) {
    const kept = Math.round((i * (found - 1)) / (MAX_BINS - 1));
    xs[i] = xs[kept]!;
    ys[i] = ys[kept]!;
  }
  return MAX_BINS;
}

/** Fills in how much each quarter of the window grew. @returns whether all of it grows, or falls */
function measureQuarters(count: number): boolean {
  const reach = Math.max(1, count >> 4);
  const levelAt = (quarter: number) => {
    const middle = Math.round((quarter * (count - 1)) / 4);
    return median(ys, Math.max(0, middle - reach), Math.min(count, middle + reach + 1));
  };
  let level = levelAt(0);
  const first = level;
  for (let i = 0; i < 4; i++) {
    const next = levelAt(i + 1);
    quarters[i] = next - level;
    level = next;
  }
  const mean = (level - first) / 4;
  if (mean === 0) return false;
  let growing = 0;
  for (const quarter of quarters) {
    if (quarter / mean < FALLING_QUARTER) return false;
    if (quarter / mean > GROWING_QUARTER) growing++;
  }
  return growing >= 3;
}

/** Whether the quarters of a consistent window all have their part. */
function goesThrough(): boolean {
  const mean = quarters.reduce((sum, quarter) => sum + quarter, 0) / 4;
  return quarters.every((quarter) => quarter / mean > THROUGH_QUARTER);
}

/**
 * How much growth is still to come where the second half of the window grows by less than the first: halves that shrink
 * at this rate for ever add up to it.
 * @param noise a difference of the halves below this is none
 * @returns Infinity where growth does not level off
 */
function toCome(noise: number): number {
  const earlier = quarters[0]! + quarters[1]!;
  const later = quarters[2]! + quarters[3]!;
  if (later <= 0 || later > SLOWER_HALF * earlier || earlier - later < noise) return Infinity;
  return later ** 2 / (earlier - later);
}

/** Whether the second half of the window grows by less than the first although the first did not slow down. */
function isSlowingLate(): boolean {
  const [first, second, third, last] = quarters as unknown as [number, number, number, number];
  return first - second < (EARLY_SLOWING * (first + second - third - last)) / 4;
}

/** The slope of the line, or of its last quarter where growth is levelling off from quarter to quarter. */
function latestSlope({ slope, spread }: Line, span: number): number {
  const [first, second, third, last] = quarters.map(Math.abs) as unknown as [number, number, number, number];
  const isSlowing = first > second && second > third && third > last && first - last > MIN_SLOWING * spread;
  return isSlowing && last / first < LEVELLING_OFF ? (Math.sign(slope) * 4 * last) / span : slope;
}

/** Growth that three of the four quarters reach: one step gives none, wherever it lies. */
function limitedSlope({ slope, slopeError }: Line, span: number): number {
  const direction = Math.sign(slope);
  for (let i = 0; i < 4; i++) quarters[i]! *= direction;
  quarters.sort();
  const reached = Math.max(0, quarters[1]!) / (span / 4);
  const limited = Math.min(Math.abs(slope), reached);
  return limited < MIN_ERRORS * slopeError ? 0 : direction * limited;
}
