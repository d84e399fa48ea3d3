import type { Columns } from '../series/columns.ts';

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
  /** Rate of the latest call, per second, >= 0; meaningless when it was unknown. */
  rate = 0;
  /** Falls that were taken for corrections, not for resets. */
  jitterTotal = 0;
  resetTotal = 0;
  /** The last value of each counter. */
  readonly #values: Float64Array;

  constructor(columns: Columns) {
    this.#values = columns.f64('counter_value');
  }

  /**
   * @param value of the counter
   * @param elapsedSeconds since its last sample, > 0; 0 when this is the first
   * @param isGap the series was silent for so long that its rate over that time says nothing about now
   * @returns one of RATE
   */
  update(slot: number, value: number, elapsedSeconds: number, isGap: boolean): number {
    const last = this.#values[slot]!;
    this.#values[slot] = value;
    if (elapsedSeconds === 0 || isGap) return RATE.unknown;
    if (value >= last) {
      this.rate = (value - last) / elapsedSeconds;
      return RATE.known;
    }
    if (value > JITTER_SHARE * last) {
      this.jitterTotal++;
      return RATE.unknown;
    }
    this.resetTotal++;
    this.rate = value / elapsedSeconds;
    return RATE.learnOnly;
  }
}
