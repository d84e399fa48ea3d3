import type { Columns } from '../series/columns.ts';

/** Share of the range that is forgotten per step, on both sides: in weeks it closes up on what is seen. */
const FORGET = 2e-5;
/** A tenth of the range beyond its edge counts as one standard deviation. */
const WEIGHT = 10;
const LEAST_STEPS = 20;
/** A range is as if it were so many floors wide, at least: of zeros and ones, two is not far outside. */
const LEAST_WIDTH = 3;
/** Relative distance of two float32 that follow each other, and the least one. */
const ULP = 2 ** -23;
const LEAST = 2 ** -149;

/** Is this outside of all that was seen? */
export class RangeChannel {
  z = 0;
  /** How far beyond the edge the value lies; 0 within. */
  outside = 0;
  isReady = false;
  /** Lowest and highest value seen. */
  low = 0;
  high = 0;
  /** Width of the range, as it counts. > 0. */
  #width = 1;
  /** Rounded outwards: no value that was seen lies beyond. */
  readonly #lows: Float32Array;
  readonly #highs: Float32Array;

  constructor(columns: Columns) {
    this.#lows = columns.f32('low');
    this.#highs = columns.f32('high');
  }

  start(row: number, value: number): void {
    this.#lows[row] = below(value);
    this.#highs[row] = -below(-value);
  }

  restart(row: number, low: number, high: number): void {
    this.#lows[row] = below(low);
    this.#highs[row] = -below(-high);
  }

  load(row: number, floor: number, learned: number): void {
    this.low = this.#lows[row]!;
    this.high = this.#highs[row]!;
    this.#width = Math.max(this.high - this.low, LEAST_WIDTH * floor);
    this.isReady = learned >= LEAST_STEPS;
  }

  evaluate(value: number): void {
    this.outside = this.isReady ? Math.max(0, value - this.high, this.low - value) : 0;
    this.z = (WEIGHT * this.outside) / this.#width;
  }

  learn(row: number, value: number): void {
    const forgotten = FORGET * (this.high - this.low);
    this.#lows[row] = below(Math.min(this.low + forgotten, value));
    this.#highs[row] = -below(-Math.max(this.high - forgotten, value));
  }
}

/** A float32 at the value or just below it. */
function below(value: number): number {
  const rounded = Math.fround(value);
  return rounded <= value ? rounded : Math.fround(rounded - ULP * Math.abs(rounded) - LEAST);
}
