import { type ResourceHistory, RINGS, WORD } from './resource-history.ts';
import { median } from './robust-line.ts';

const DAY = 86_400;
const MIN_DAYS = 3;
/** Medians by hour of day have to explain more than half of how much the hours differ. */
const MAX_UNEXPLAINED = 0.5;

const steps = new Float64Array(RINGS.hour.bins);
const hours = new Uint8Array(RINGS.hour.bins);
const sameHour = new Float64Array(RINGS.hour.bins);
const medians = new Float64Array(24);

/**
 * Growth of a resource that grows at certain hours of the day, such as by a nightly batch: what happens in those hours
 * says nothing about the next ones, and what happens in between says nothing about the next night.
 * @param scale what counts as the whole, in the unit of the resource
 * @returns units a second, averaged over the day; undefined when there are no such hours, or when this hour grows by more
 *   than usual
 */
export function staircaseSlope(history: ResourceHistory, scale: number): number | undefined {
  const { floats, base, lastAt, noise, used } = history;
  const perDay = floats[base + WORD.staircase]!;
  if (perDay <= 0) return undefined;
  const grown = used - history.highest(RINGS.hour, lastAt - 3600);
  if (grown > floats[base + WORD.staircaseHourLimit]! + Math.max(6 * noise, 0.005 * scale)) return undefined;
  return perDay / DAY;
}

/** Looks for such hours, once an hour: sets the growth of a day (0 = none) and how much this hour may grow. */
export function measureStaircase(history: ResourceHistory): void {
  const { floats, base, lastAt } = history;
  floats[base + WORD.staircase] = 0;
  const count = collectSteps(history);
  if (count < MIN_DAYS * 24) return;
  const mean = steps.subarray(0, count).reduce((sum, step) => sum + step, 0) / count;
  let unexplained = 0;
  let total = 0;
  for (let hour = 0; hour < 24; hour++) medians[hour] = medianOfHour(hour, count);
  for (let i = 0; i < count; i++) {
    unexplained += Math.abs(steps[i]! - medians[hours[i]!]!);
    total += Math.abs(steps[i]! - mean);
  }
  if (unexplained >= MAX_UNEXPLAINED * total) return;
  floats[base + WORD.staircase] = medians.reduce((sum, step) => sum + step, 0);
  floats[base + WORD.staircaseHourLimit] = 1.5 * Math.max(0, medians[Math.floor(lastAt / 3600) % 24]!);
}

/** Growth from each whole hour to the next. */
function collectSteps(history: ResourceHistory): number {
  const newest = Math.floor(history.lastAt / 3600) - 1;
  let count = 0;
  for (let hour = newest - RINGS.hour.bins + 3; hour <= newest; hour++) {
    const step = history.highest(RINGS.hour, hour * 3600) - history.highest(RINGS.hour, (hour - 1) * 3600);
    if (Number.isNaN(step)) continue;
    steps[count] = step;
    hours[count++] = hour % 24;
  }
  return count;
}

function medianOfHour(hour: number, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) if (hours[i] === hour) sameHour[found++] = steps[i]!;
  return found === 0 ? 0 : median(sameHour, 0, found);
}
