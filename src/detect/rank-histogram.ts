import type { Columns } from '../series/columns.ts';
import { COUNTS, countOne, halfOf, nearestCounter } from './rough-count.ts';

const BINS = 24;
/** Smaller deviations are all alike: none of them is rare. */
const FIRST_EDGE = 0.461;
const RATIO = 1.32;

/** At so many values all counts are halved: the only forgetting, and it costs nothing per step. */
export const HALVE_AT = 20_000;
/** With fewer values nothing is known to be rare. */
const LEAST_VALUES = 60;
/** Rarity per empty bin beyond the highest one that was ever hit: a Pareto tail of exponent 2.7. */
const TAIL_PER_BIN = 0.324;

/** The bin of a float32 by its upper bits, exponent and four bits of mantissa: two memory accesses, no logarithm. */
const floatBits = new Uint32Array(1);
const float = new Float32Array(floatBits.buffer);
const BIN_OF_BITS = Uint8Array.from({ length: 4096 }, (_, bits) => {
  floatBits[0] = (bits << 19) | (1 << 18);
  const value = float[0]!;
  if (!(value >= FIRST_EDGE)) return 0;
  return value > 1e30 ? BINS - 1 : Math.min(BINS - 1, Math.floor(Math.log(value / FIRST_EDGE) / Math.log(RATIO)) + 1);
});

/** The bin of a deviation, for `learn`. */
export function binOf(z: number): number {
  float[0] = Math.abs(z);
  return BIN_OF_BITS[floatBits[0]! >>> 19]!;
}

/**
 * How rare a deviation is for its series: a histogram of |z| on a logarithmic scale, counted in single bytes. Chance is
 * a hash of the step's number, so that the same input always gives the same scores.
 */
export class RankHistogram {
  readonly #counters: Uint8Array;
  readonly #totals: Uint16Array;
  readonly #salt: number;

  /** @param salt tells the histograms of one series apart */
  constructor(columns: Columns, name: string, salt: number) {
    this.#counters = columns.u8(`${name}_counts`, BINS);
    this.#totals = columns.u16(`${name}_counted`);
    this.#salt = Math.imul(salt, 0x632be5ab);
  }

  /** Starts with `count` values of 0: what a constant series would have left. */
  start(row: number, count: number): void {
    const known = Math.min(count, HALVE_AT);
    this.#totals[row] = known;
    this.#counters[row * BINS] = nearestCounter(known);
  }

  /** Nothing is known any more. */
  restart(row: number): void {
    this.#totals[row] = 0;
    this.#counters.fill(0, row * BINS, (row + 1) * BINS);
  }

  /**
   * Minus the decimal logarithm of the share of values that were as large, with one bin of slack: what is within 30 %
   * of something seen is not novel. 0 while too little is known.
   */
  rarity(row: number, z: number): number {
    const total = this.#totals[row]!;
    if (total < LEAST_VALUES) return 0;
    const counters = this.#counters;
    const bin = Math.max(0, binOf(z) - 1);
    const start = row * BINS;
    let count = COUNTS[counters[start + bin]!]! / 2;
    for (let i = start + bin + 1; i < start + BINS; i++) count += COUNTS[counters[i]!]!;
    const rarity = -Math.log10(Math.min(1, (count + 0.5) / (total + 1)));
    if (count >= 0.5) return rarity;
    let highest = bin;
    while (highest > 0 && counters[start + highest] === 0) highest--;
    return rarity + TAIL_PER_BIN * Math.max(0, bin - (highest + 1));
  }

  /** @param bin of the deviation. @param step number of the step, an integer, for chance */
  learn(row: number, bin: number, step: number): void {
    const at = row * BINS + bin;
    this.#counters[at] = countOne(this.#counters[at]!, step ^ this.#salt);
    if (++this.#totals[row]! >= HALVE_AT) this.#halve(row, step);
  }

  #halve(row: number, step: number): void {
    this.#totals[row]! /= 2;
    for (let i = 0; i < BINS; i++) {
      const at = row * BINS + i;
      this.#counters[at] = halfOf(this.#counters[at]!, step ^ this.#salt ^ (i << 24));
    }
  }
}
