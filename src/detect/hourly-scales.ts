import type { Columns } from '../series/columns.ts';
import { roundByChance } from './chance.ts';
import { HOURS } from './hour-place.ts';

/** Codes to a doubling: steps of 4 %. */
const CODES_PER_OCTAVE = 16;
/** The code of the unit: scales from a 4,000th of it to 15 times as much can be told. */
const UNIT_CODE = 192;
const LOWEST = 1;
const HIGHEST = 255;
const SCALES = Float64Array.from({ length: HIGHEST + 1 }, (_, code) => 2 ** ((code - UNIT_CODE) / CODES_PER_OCTAVE));

/**
 * A scale for each hour of the day that follows what is seen in it. Hours are kept in a byte each, logarithmically, in a
 * unit of the series. The one that is being learnt is kept in full until it is left; it is rounded by chance then, because
 * a change of less than a step would be lost for ever.
 */
export class HourlyScales {
  readonly #codes: Uint8Array;
  readonly #current: Float32Array;

  constructor(columns: Columns, name: string) {
    this.#codes = columns.u8(`${name}_codes`, HOURS);
    this.#current = columns.f32(`${name}_current`);
  }

  /** Scale of an hour that is not being learnt. */
  get(row: number, hour: number, unit: number): number {
    return unit * SCALES[this.#codes[row * HOURS + hour]!]!;
  }

  /** Scale of the hour that is being learnt. */
  current(row: number): number {
    return this.#current[row]!;
  }

  learn(row: number, scale: number): void {
    this.#current[row] = scale;
  }

  /** From now on another hour is learnt. */
  enter(row: number, hour: number, unit: number): void {
    this.#current[row] = this.get(row, hour, unit);
  }

  /** @param hour that was learnt. @param seed of chance */
  leave(row: number, hour: number, unit: number, seed: number): void {
    const code = UNIT_CODE + CODES_PER_OCTAVE * Math.log2(this.#current[row]! / unit);
    this.#codes[row * HOURS + hour] = Math.max(LOWEST, Math.min(HIGHEST, roundByChance(code, seed)));
  }
}
