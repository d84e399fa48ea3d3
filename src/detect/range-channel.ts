import type { Columns } from '../series/columns.ts';

/** Share of the range that is forgotten per step, on both sides: in weeks it closes up on what is seen. */
const FORGET = 2e-5;
/** A tenth of the range beyond its edge counts as one standard deviation. */
const WEIGHT = 10;
const LEAST_STEPS = 20;
/** A range of no width is as if it were so wide, relative to the deviation: far outside. */
const MAX_Z = 1e6;

/** Is this outside of all that was seen? */
export class RangeChannel {
  z = 0;
  /** How far beyond the edge the value lies; 0 within. */
  outside = 0;
  isReady = false;
  /** Lowest and highest value seen. */
  low = 0;
  high = 0;
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;

  constructor(columns: Columns) {
    this.#lows = columns.f64('low');
    this.#highs = columns.f64('high');
  }

  start(row: number, value: number): void {
    this.#lows[row] = value;
    this.#highs[row] = value;
  }

  restart(row: number, low: number, high: number): void {
    this.#lows[row] = low;
    this.#highs[row] = high;
  }

  load(row: number, learned: number): void {
    this.low = this.#lows[row]!;
    this.high = this.#highs[row]!;
    this.isReady = learned >= LEAST_STEPS;
  }

  evaluate(value: number): void {
    this.outside = this.isReady ? Math.max(0, value - this.high, this.low - value) : 0;
    this.z = this.outside === 0 ? 0 : Math.min(MAX_Z, (WEIGHT * this.outside) / (this.high - this.low));
  }

  learn(row: number, value: number): void {
    const forgotten = FORGET * (this.high - this.low);
    this.#lows[row] = Math.min(this.low + forgotten, value);
    this.#highs[row] = Math.max(this.high - forgotten, value);
  }
}
