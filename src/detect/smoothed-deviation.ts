import { Gain } from './gain.ts';

const GAIN = 1 / 3;
/** √5 gives a mean that was smoothed with a gain of 1/3 the variance that a single deviation has. */
const UNIT_VARIANCE = Math.sqrt(5);
/** The mean counts for at most this multiple of the latest deviation: what is back to normal is normal at once. */
const CAP = 1.5;

/** Smooths a standardised deviation over about three steps, so that a lasting small one counts as much as a short large one. */
export class SmoothedDeviation {
  /** Result of `evaluate`. */
  z = 0;
  mean = 0;
  readonly #limit: number;
  readonly #means: Float32Array;
  readonly #gain = new Gain(GAIN);
  #weight = GAIN;

  /** @param limit deviations count up to this */
  constructor(means: Float32Array, limit: number) {
    this.#means = means;
    this.#limit = limit;
  }

  load(elapsedSteps: number): void {
    this.#weight = this.#gain.over(elapsedSteps, Number.POSITIVE_INFINITY);
  }

  evaluate(row: number, deviation: number): void {
    const before = this.#means[row]!;
    const clipped = Math.max(-this.#limit, Math.min(this.#limit, deviation));
    this.mean = before + this.#weight * (clipped - before);
    this.z = UNIT_VARIANCE * Math.min(Math.abs(this.mean), CAP * Math.abs(deviation));
  }

  /** Keeps what `evaluate` found. */
  learn(row: number): void {
    this.#means[row] = this.mean;
  }

  forget(row: number): void {
    this.#means[row] = 0;
  }
}
