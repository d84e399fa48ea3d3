import { MAX_TEETH, type ResourceHistory, WORD } from './resource-history.ts';
import { type Line, median, theilSen } from './robust-line.ts';

const DAY = 86_400;
const MIN_TEETH = 3;
/** Two teeth are enough when their tops differ by no more than this share of their height, and their heights as little. */
const ALIKE = 0.15;
const TEETH_AGE = 30 * DAY;
/** After so many median tooth lengths without a peak the sawtooth is over. */
const OVERDUE = 2.5;

const xs = new Float64Array(MAX_TEETH);
const ys = new Float64Array(MAX_TEETH);
const heights = new Float64Array(MAX_TEETH);
const lengths = new Float64Array(MAX_TEETH);
const line: Line = { slope: 0, intercept: 0, slopeError: 0, spread: 0 };

/**
 * Follows the turns of what is used: a peak is one once it has fallen far enough, a trough once it has risen.
 * @param at seconds since the epoch
 * @param scale what counts as the whole, in the unit of `used`
 */
export function followTeeth(history: ResourceHistory, at: number, used: number, scale: number): void {
  const { floats, integers, base, noise } = history;
  const extreme = floats[base + WORD.extreme]!;
  if (integers[base + WORD.isFalling] === 1 ? used < extreme : used > extreme) {
    floats[base + WORD.extreme] = used;
    integers[base + WORD.extremeAt] = at;
    return;
  }
  const turned = Math.abs(used - extreme);
  if (integers[base + WORD.isFalling] === 1) {
    const drop = lastPeak(history) - extreme;
    if (turned < Math.max(0.005 * scale, 4 * noise, 0.1 * drop)) return;
    floats[base + WORD.toothHeight + newest(history)] = drop;
    floats[base + WORD.trough] = extreme;
  } else {
    const lastHeight = integers[base + WORD.teethCount] === 0 ? 0 : floats[base + WORD.toothHeight + newest(history)]!;
    const rise = extreme - floats[base + WORD.trough]!;
    if (turned < Math.max(0.01 * scale, 8 * noise, 0.3 * lastHeight, 0.3 * rise)) return;
    integers[base + WORD.teethCount]!++;
    floats[base + WORD.peak + newest(history)] = extreme;
    integers[base + WORD.peakAt + newest(history)] = integers[base + WORD.extremeAt]!;
    // Until the trough is found, what has fallen so far is the height.
    floats[base + WORD.toothHeight + newest(history)] = turned;
  }
  integers[base + WORD.isFalling]! ^= 1;
  floats[base + WORD.extreme] = used;
  integers[base + WORD.extremeAt] = at;
}

/** The line over the peaks. */
export interface Envelope {
  /** Where it is now, in the unit of the resource. */
  readonly ceiling: number;
  /** A second, 0 when it may as well be none; and its error. */
  readonly slope: number;
  readonly slopeError: number;
  readonly isConsistent: boolean;
  /** How long a tooth is, and how long ago the last top was; in seconds. */
  readonly toothSeconds: number;
  readonly sinceTop: number;
}

/**
 * The envelope of a sawtooth: what is used rises and is cleaned up again and again, so the tops are what grows.
 * @returns undefined when it is none, or when what is used has left it: then collection has failed
 */
export function envelopeOf(history: ResourceHistory, scale: number): Envelope | undefined {
  const { floats, integers, base, lastAt, used } = history;
  const total = integers[base + WORD.teethCount]!;
  let count = 0;
  for (let tooth = Math.max(0, total - MAX_TEETH); tooth < total; tooth++) {
    const place = tooth % MAX_TEETH;
    const age = lastAt - integers[base + WORD.peakAt + place]!;
    if (age > TEETH_AGE) continue;
    xs[count] = -age;
    ys[count] = floats[base + WORD.peak + place]!;
    heights[count] = floats[base + WORD.toothHeight + place]!;
    if (count > 0) lengths[count - 1] = xs[count]! - xs[count - 1]!;
    count++;
  }
  if (count < MIN_TEETH && !areTwoAlike(count)) return undefined;
  const sinceTop = -xs[count - 1]!;
  const toothSeconds = median(lengths, 0, count - 1);
  if (sinceTop > OVERDUE * toothSeconds) return undefined;
  theilSen(xs, ys, count, line);
  const height = median(heights, 0, count);
  if (count < MIN_TEETH) takeLevelLine();
  const spread = Math.max(line.spread, 0.03 * height, 0.002 * scale);
  if (used >= line.intercept + 3 * spread + 0.1 * height) return undefined;
  const isSure = Math.abs(line.slope) >= 1.5 * line.slopeError;
  return {
    ceiling: line.intercept,
    slope: isSure ? line.slope : 0,
    slopeError: line.slopeError,
    isConsistent: isSure && line.slope > 0,
    toothSeconds,
    sinceTop,
  };
}

/** Whether it was cleaned up at least twice lately: then what it grows by in between is not what fills it. */
export function hasTeeth({ integers, base, lastAt }: ResourceHistory): boolean {
  const total = integers[base + WORD.teethCount]!;
  return total >= 2 && lastAt - integers[base + WORD.peakAt + ((total - 2) % MAX_TEETH)]! < TEETH_AGE;
}

function areTwoAlike(count: number): boolean {
  if (count !== 2) return false;
  const tolerance = ALIKE * Math.max(heights[0]!, heights[1]!);
  return Math.abs(ys[1]! - ys[0]!) < tolerance && Math.abs(heights[1]! - heights[0]!) < 3 * tolerance;
}

/** Two tops say how high it gets, and nothing about where they are going. */
function takeLevelLine(): void {
  line.intercept = Math.max(ys[0]!, ys[1]!);
  line.slope = 0;
  line.slopeError = 0;
  line.spread = 0;
}

function newest({ integers, base }: ResourceHistory): number {
  return (integers[base + WORD.teethCount]! - 1) % MAX_TEETH;
}

function lastPeak(history: ResourceHistory): number {
  return history.floats[history.base + WORD.peak + newest(history)]!;
}
