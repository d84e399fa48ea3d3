import { Gain } from './gain.ts';

const GAIN = 1 / 3;
/** For series whose noise hides what lasts for three steps only. */
const SLOW_GAIN = 1 / 10;
/** What was smoothed gets the variance that a single deviation has: √5 times for a gain of 1/3. */
const UNIT_VARIANCE = Math.sqrt((2 - GAIN) / GAIN);
const SLOW_UNIT_VARIANCE = Math.sqrt((2 - SLOW_GAIN) / SLOW_GAIN);
/** The mean counts for at most this multiple of the latest deviation: what is back to normal is normal at once. */
const CAP = 1.5;

/** Smooths a standardised deviation over about three steps, or ten, so that a lasting small one counts as much as a short large one. */
export class SmoothedDeviation {
  /** Result of `evaluate`. */
  z = 0;
  mean = 0;
  readonly #limit: number;
  readonly #means: Float16Array;
  readonly #gain = new Gain(GAIN);
  readonly #slowGain = new Gain(SLOW_GAIN);
  #weight = GAIN;
  #unitVariance = UNIT_VARIANCE;

  /** @param limit deviations count up to this */
  constructor(means: Float16Array, limit: number) {
    this.#means = means;
    this.#limit = limit;
  }

  load(elapsedSteps: number, isSlow = false): void {
    this.#unitVariance = isSlow ? SLOW_UNIT_VARIANCE : UNIT_VARIANCE;
    this.#weight = (isSlow ? this.#slowGain : this.#gain).over(elapsedSteps, Number.POSITIVE_INFINITY);
  }

  evaluate(row: number, deviation: number): void {
    const before = this.#means[row]!;
    const clipped = Math.max(-this.#limit, Math.min(this.#limit, deviation));
    this.mean = before + this.#weight * (clipped - before);
    this.z = this.#unitVariance * Math.min(Math.abs(this.mean), CAP * Math.abs(deviation));
  }

  /** Keeps what `evaluate` found. */
  learn(row: number): void {
    this.#means[row] = this.mean;
  }

  forget(row: number): void {
    this.#means[row] = 0;
  }
}
