import type { Columns } from '../series/columns.ts';
import { Gain } from './gain.ts';

/** Share of the mean that is added to a value before its logarithm: what is nearly nothing is not infinitely far away. */
const OFFSET_SHARE = 0.05;
/** Steps until the question is asked. */
const LEAST_STEPS = 3000;
const GAIN = 0.0002;
/** Share of steps below the mean: half of a symmetrical series, 60 % of a mildly skewed one; more than 90 % is no skew but rare jobs. */
const SKEWED_FROM = 0.58;
const SKEWED_TO = 0.9;
/** A step at zero or below counts against it so many times. */
const ZERO_PENALTY = 4;
/** Values that differ by more than this share of the standard deviation, or not at all, are counts: these have no tail to speak of. */
const COARSE_SHARE = 0.1;
/** What varies more from hour to hour than from step to step has seasons or regimes, not a tail. */
const NOISE_SHARE = 0.5;
/** Where values differ by less than this share of their mean, their logarithms say the same. */
const LEAST_VARIATION = 0.3;

/** How a series varies, in its unit: what is known before the step. */
export interface Variation {
  readonly mean: number;
  /** Standard deviations over weeks, and from one step to the next. */
  readonly overall: number;
  readonly noise: number;
  /** Smallest difference between two steps that follow each other. */
  readonly quantum: number;
}

/**
 * Latencies, sizes and queues have long upper tails: twice the value is as unusual at any height. A series that proves
 * skewed is judged by the logarithms of its steps from then on; all others by the values themselves.
 */
export class LogDomain {
  /** What is added before the logarithm; 0 while the values themselves are judged. */
  readonly #offsets: Float32Array;
  /** Mean of 1 for steps below the mean, 0 for those above, less for zeros. */
  readonly #below: Float32Array;
  readonly #gain = new Gain(GAIN);

  constructor(columns: Columns) {
    this.#offsets = columns.f32('log_offset');
    this.#below = columns.f32('below_mean');
  }

  isUsed(row: number): boolean {
    return this.#offsets[row] !== 0;
  }

  /** What is judged in place of a value. Grows with it; below zero, which has no logarithm, in a straight line. */
  of(row: number, value: number): number {
    const offset = this.#offsets[row]!;
    if (offset === 0) return value;
    return value < 0 ? Math.log(offset) + value / offset : Math.log(value + offset);
  }

  /** The value for which `judged` stands. */
  valueOf(row: number, judged: number): number {
    const offset = this.#offsets[row]!;
    if (offset === 0) return judged;
    const zero = Math.log(offset);
    return judged < zero ? (judged - zero) * offset : Math.exp(judged) - offset;
  }

  /**
   * Takes in a step of a series that is judged by its values.
   * @returns whether it has proved to be skewed, by its noise and not by its course
   */
  learn(row: number, value: number, variation: Variation, elapsedSteps: number, learned: number): boolean {
    const { mean, overall, noise, quantum } = variation;
    const vote = value <= 0 ? -ZERO_PENALTY : value < mean ? 1 : 0;
    const below = this.#below[row]! + this.#gain.over(elapsedSteps, learned) * (vote - this.#below[row]!);
    this.#below[row] = below;
    if (learned < LEAST_STEPS || quantum > COARSE_SHARE * overall || noise < NOISE_SHARE * overall) return false;
    return below > SKEWED_FROM && below < SKEWED_TO && overall > LEAST_VARIATION * mean;
  }

  /** From now on logarithms. @param mean of the values, > 0 */
  use(row: number, mean: number): void {
    this.#offsets[row] = OFFSET_SHARE * mean;
  }
}
