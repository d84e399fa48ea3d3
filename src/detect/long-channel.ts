import type { Columns } from '../series/columns.ts';
import { SmoothedDeviation } from './smoothed-deviation.ts';

/** Mean and variance over about two weeks of minutes. */
const LEAST_GAIN = 1 / 20_000;
const LIMIT = 8;

/** Is this far from where the series has been for weeks? */
export class LongChannel {
  mean = 0;
  /** Standard deviation. > 0. */
  scale = 1;
  z = 0;
  readonly #means: Float32Array;
  /** Standard deviations: squares of what they may be are beyond a float32. */
  readonly #deviations: Float32Array;
  readonly #smoothed: SmoothedDeviation;

  constructor(columns: Columns) {
    this.#means = columns.f32('long_mean');
    this.#deviations = columns.f32('long_deviation');
    this.#smoothed = new SmoothedDeviation(columns.f16('long_smoothed'), LIMIT);
  }

  start(row: number, value: number): void {
    this.#means[row] = value;
  }

  /** Goes on around another mean. @param sigma standard deviation around it */
  restart(row: number, mean: number, sigma: number): void {
    this.#means[row] = mean;
    this.#deviations[row] = sigma;
    this.#smoothed.forget(row);
  }

  /** @param isLog whether logarithms are judged: lasting changes are all that can be told from their noise */
  load(row: number, floor: number, elapsedSteps: number, isLog: boolean): void {
    this.mean = this.#means[row]!;
    this.scale = Math.max(this.#deviations[row]!, floor);
    this.#smoothed.load(elapsedSteps, isLog);
  }

  /** Where a value lies in standard deviations of weeks, of any series. @param floor least standard deviation */
  standing(row: number, value: number, floor: number): number {
    return (value - this.#means[row]!) / Math.max(this.#deviations[row]!, floor);
  }

  evaluate(row: number, value: number): void {
    this.#smoothed.evaluate(row, (value - this.mean) / this.scale);
    this.z = this.#smoothed.z;
  }

  /** Learns the value that was evaluated last. @param learned steps learnt, this one included */
  learn(row: number, value: number, learned: number): void {
    this.#smoothed.learn(row);
    const gain = Math.max(LEAST_GAIN, 1 / learned);
    const deviation = value - this.mean;
    const mean = this.mean + gain * deviation;
    this.#means[row] = mean;
    const variance = this.#deviations[row]! ** 2;
    this.#deviations[row] = Math.sqrt(variance + gain * (deviation * (value - mean) - variance));
  }

  /** Moves what is usual to another level. */
  shift(row: number, by: number): void {
    this.#means[row]! += by;
  }

  forgetRecent(row: number): void {
    this.#smoothed.forget(row);
  }
}
