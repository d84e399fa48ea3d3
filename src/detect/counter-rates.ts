import type { Sample } from './detector.ts';

/** What `CounterRates.rate` says about a sample beside its rate. */
export const RATE = {
  /** The rate can be judged and learnt. */
  known: 0,
  /** After a reset the increase since zero is a lower bound: good enough to learn, not to judge. */
  learnOnly: 1,
  /** There is no rate: first sample, gap, or a fall too small to be a reset. */
  unknown: 2,
} as const;

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
   * @returns one of RATE
   */
  update(slot: number, sample: Sample): number {
    const { value, elapsedSeconds } = sample;
    const last = this.#values[slot]!;
    this.#values[slot] = value;
    if (elapsedSeconds === 0 || sample.isGap) return RATE.unknown;
    if (value >= last) {
      sample.value = (value - last) / elapsedSeconds;
      return RATE.known;
    }
    if (value > JITTER_SHARE * last) {
      this.jitterTotal++;
      return RATE.unknown;
    }
    this.resetTotal++;
    sample.value = value / elapsedSeconds;
    return RATE.learnOnly;
  }
}
