import { chance, roundByChance } from './chance.ts';

/** Base of the probabilistic counters (Morris, 1978): a byte counts to half a million, 10 % accurate. */
const BASE = 1.04;
const HIGHEST = 255;

/** Number for which a counter stands. */
export const COUNTS = Float64Array.from({ length: HIGHEST + 1 }, (_, c) => (BASE ** c - 1) / (BASE - 1));
/** A counter grows when a random number below 2^32 is below this. */
const CHANCES = Float64Array.from({ length: HIGHEST + 1 }, (_, c) => 2 ** 32 * BASE ** -c);

/** The counter that stands for a number, or nearly so. */
export function nearestCounter(count: number): number {
  return Math.round(exactCounter(count));
}

/** Counts one more. @param seed of chance: the same one always gives the same result */
export function countOne(counter: number, seed: number): number {
  return counter < HIGHEST && chance(seed) < CHANCES[counter]! ? counter + 1 : counter;
}

/** A counter for half of what this one stands for. @param seed of chance */
export function halfOf(counter: number, seed: number): number {
  const half = COUNTS[counter]! / 2;
  const lower = Math.floor(exactCounter(half));
  const remainder = (half - COUNTS[lower]!) / (COUNTS[lower + 1]! - COUNTS[lower]!);
  return roundByChance(lower + remainder, seed);
}

function exactCounter(count: number): number {
  return Math.log1p((BASE - 1) * count) / Math.log(BASE);
}
