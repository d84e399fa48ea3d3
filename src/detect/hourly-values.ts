import { type Columns, LARGEST_F16 } from '../series/columns.ts';
import { HOURS, type HourPlace } from './hour-place.ts';

/**
 * A value for each hour of the day that follows what is seen in it. Hours are kept in eleven bits each, in a unit of the
 * series. The hour that is being learnt is kept in full beside them, because small changes would be lost in rounding.
 */
export class HourlyValues {
  readonly #rounded: Float16Array;
  readonly #current: Float32Array;

  constructor(columns: Columns, name: string) {
    this.#rounded = columns.f16(name, HOURS);
    this.#current = columns.f32(`${name}_current`);
  }

  get(row: number, hour: number, unit: number): number {
    return unit * this.#rounded[row * HOURS + hour]!;
  }

  /** Between the middles of two hours. */
  interpolate(row: number, { next, share, unit }: HourPlace): number {
    const before = this.get(row, (next + HOURS - 1) % HOURS, unit);
    return before + share * (this.get(row, next, unit) - before);
  }

  /** Value of the hour that is being learnt. */
  current(row: number): number {
    return this.#current[row]!;
  }

  /** From now on another hour is learnt. */
  enter(row: number, hour: number, unit: number): void {
    this.#current[row] = this.get(row, hour, unit);
  }

  /** @param hour that is being learnt */
  learn(row: number, hour: number, value: number, unit: number): void {
    this.#current[row] = value;
    this.#round(row * HOURS + hour, value / unit);
  }

  /** Begins with another row's hours, which may be of another table. */
  copy(row: number, from: HourlyValues, source: number): void {
    this.#rounded.set(from.#rounded.subarray(source * HOURS, (source + 1) * HOURS), row * HOURS);
  }

  mean(row: number, unit: number): number {
    let sum = 0;
    for (let i = row * HOURS; i < (row + 1) * HOURS; i++) sum += this.#rounded[i]!;
    return (unit * sum) / HOURS;
  }

  shift(row: number, by: number, unit: number): void {
    this.#current[row]! += by;
    for (let i = row * HOURS; i < (row + 1) * HOURS; i++) this.#round(i, this.#rounded[i]! + by / unit);
  }

  #round(at: number, value: number): void {
    this.#rounded[at] = Math.max(-LARGEST_F16, Math.min(LARGEST_F16, value));
  }
}
