import type { Sample } from './detector.ts';

/** A fall to more than this share of the last value is a correction of the exporter, not a restart from zero. */
const JITTER_SHARE = 0.9;

/** Turns the values of counters into increases per second. */
export class CounterRates {
  /** Falls that were taken for corrections, not for resets. */
  jitterTotal = 0;
  resetTotal = 0;
  readonly #values: Float64Array;

  /** @param values where each counter's last value is kept */
  constructor(values: Float64Array) {
    this.#values = values;
  }

  /**
   * Puts the rate in the place of the counter's value in `sample`, where there is one.
   * @returns whether there is: not at the first sample, after a gap or a reset, of which only a lower bound is known, and at
   *   a fall too small to be one
   */
  update(slot: number, sample: Sample): boolean {
    const { value, elapsedSeconds } = sample;
    const last = this.#values[slot]!;
    this.#values[slot] = value;
    if (elapsedSeconds === 0 || sample.isGap) return false;
    if (value >= last) {
      sample.value = (value - last) / elapsedSeconds;
      return true;
    }
    if (value > JITTER_SHARE * last) this.jitterTotal++;
    else this.resetTotal++;
    return false;
  }
}
