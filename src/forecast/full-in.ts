import { type Growth, HOUR_SCALE, SCALE_COUNT } from './growth.ts';

const DAY = 86_400;
/** What takes longer than this is not predicted: it counts as never. */
const MAX_SECONDS = 366 * DAY;
/** Growth of less than this share of the whole in a day is none. */
const MIN_SHARE_PER_DAY = 0.0005;
/** A scale speaks for so many times its own length, and for so many times that when it rises consistently. */
const REACH = 2;
const CONSISTENT_REACH = 10;
/**
 * A write looks like a fill until it ends, so a rise that began within the hour speaks for about as long as it has lasted:
 * as long as there is time to wait for more, more is waited for. In lengths of the quarter of an hour, and of the hour.
 */
const SHORT_REACH = 3;
const BEGUN_REACH = 0.67;
/** Beyond the reach of the longest scale time runs slower: nothing grows for ever as it does today. */
const DAMPING = 1.3;
/** A past says nothing about a future that is so many times longer. */
const MAX_AGES = 12;
/** How much of what a shorter, faster scale says is taken over at most, and how it fades from scale to scale. */
const PULL = 0.6;
const CONSISTENT_PULL = 0.3;
const FADING = 0.7;
/** Slopes are as wrong as this, and drawn a little steeper: to be early costs less than to be late. */
const SLOPE_SPREAD = 0.25;
const EARLINESS = 0.05;

const DRAWS = 101;

interface Draw {
  readonly reach: number;
  readonly slopeErrors: number;
  readonly slopeFactor: number;
  readonly pull: number;
}

/**
 * What may be otherwise than measured, in 101 ways that are always the same, so that outputs do not flicker. Halton's
 * sequence covers the four dimensions more evenly than chance would.
 */
const draws: readonly Draw[] = Array.from({ length: DRAWS }, (_, i) => ({
  reach: Math.exp(0.7 * normalQuantile(halton(i + 1, 2))),
  slopeErrors: 1.5 * normalQuantile(halton(i + 1, 3)),
  slopeFactor: Math.exp(EARLINESS + SLOPE_SPREAD * normalQuantile(halton(i + 1, 5))),
  pull: halton(i + 1, 7) ** 2,
}));
const times = new Float64Array(DRAWS);

/** Seconds until full: one in ten chance of earlier than `p10`, an even one of earlier than `p50` … */
export interface Quantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export const NEVER: Quantiles = { p10: Infinity, p50: Infinity, p90: Infinity };

/**
 * When `left` units will be used up by what grows so. Each lead time is answered by a scale of its own length: the next
 * minutes by the last minutes, the next weeks by the last weeks.
 * @param scale what counts as the whole, in the unit of the resource
 * @param age how long the resource is known, in seconds
 * @returns seconds, Infinity for what takes more than 366 days or twelve times the age
 */
export function fullIn(left: number, growth: Growth, scale: number, age: number): Quantiles {
  if (left <= 0) return { p10: 0, p50: 0, p90: 0 };
  const minSlope = (MIN_SHARE_PER_DAY * scale) / DAY;
  const horizon = Math.min(MAX_SECONDS, MAX_AGES * age);
  for (let i = 0; i < DRAWS; i++) {
    const seconds = walk(left, growth, minSlope, draws[i]!);
    times[i] = seconds > horizon ? Infinity : seconds;
  }
  times.sort();
  return { p10: times[10]!, p50: times[50]!, p90: times[90]! };
}

/** Goes from now into the future, from scale to scale. @returns seconds until nothing is left */
function walk(left: number, growth: Growth, minSlope: number, draw: Draw): number {
  let lead = 0;
  let rest = left;
  let fastest = 0;
  let slope = 0;
  for (let scale = 0; scale < SCALE_COUNT; scale++) {
    if (growth.isKnown[scale] === 0) continue;
    const isConsistent = growth.isConsistent[scale] === 1;
    slope = drawnSlope(growth.slope[scale]!, growth.slopeError[scale]!, draw);
    const pull = draw.pull * (isConsistent ? CONSISTENT_PULL : PULL);
    slope += pull * Math.max(0, fastest - slope);
    // What has just begun says nothing about the hours to come.
    const hasLasted = scale > HOUR_SCALE || (scale === HOUR_SCALE && growth.isHourThrough);
    if (hasLasted) fastest = Math.max(slope, FADING * fastest);
    if (Math.abs(slope) < minSlope) slope = 0;
    const reach = draw.reach * growth.seconds[scale]! * reachOf(growth, scale, slope);
    if (reach <= lead) continue;
    if (slope > 0 && rest <= slope * (reach - lead)) return lead + rest / slope;
    rest -= slope * (reach - lead);
    lead = reach;
  }
  return slope > 0 ? lead + (DAMPING * rest) / slope : Infinity;
}

/** For how long a scale speaks, in times of its own length. */
function reachOf(growth: Growth, scale: number, slope: number): number {
  if (scale < HOUR_SCALE) return SHORT_REACH;
  if (growth.isConsistent[scale] === 0 || slope <= 0) return REACH;
  return scale > HOUR_SCALE || growth.isHourThrough ? CONSISTENT_REACH : BEGUN_REACH;
}

function drawnSlope(slope: number, error: number, { slopeErrors, slopeFactor }: Draw): number {
  return slope === 0 ? 0 : (slope + slopeErrors * error) * slopeFactor;
}

/** Radical inverse of `index` in a prime base: 0 < result < 1. */
function halton(index: number, base: number): number {
  let result = 0;
  let digit = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    result += (rest % base) * digit;
    digit /= base;
  }
  return result;
}

/** Quantile of the standard normal distribution, by Tukey's lambda: within 0.02 for 0.001 < p < 0.999. */
function normalQuantile(p: number): number {
  return (p ** 0.135 - (1 - p) ** 0.135) / 0.1975;
}
