import { type Columns, LARGEST_F16 } from '../series/columns.ts';

/** Hours of a day. */
export const HOURS = 24;
/** An hour follows in about 12 visits. */
const VISIT_GAIN = 0.08;

/** Where in the day a step lies, and in which unit the hours of its series are kept. */
export interface HourPlace {
  /** The hour that it belongs to. */
  bucket: number;
  /** The hour whose middle comes next, and how near that is: 0..1. */
  next: number;
  share: number;
  unit: number;
}

/** Weight of a step in an hour of its own: of the first steps ever, the same. @param steps seen in this hour so far */
export function visitGain(steps: number, stepsPerVisit: number): number {
  return Math.max(VISIT_GAIN / stepsPerVisit, 1 / (steps + 1));
}

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
    this.#rounded[row * HOURS + hour] = Math.max(-LARGEST_F16, Math.min(LARGEST_F16, value / unit));
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
    for (let i = row * HOURS; i < (row + 1) * HOURS; i++) this.#rounded[i]! += by / unit;
  }
}
