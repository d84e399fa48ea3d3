import type { Columns } from '../series/columns.ts';

/** Steps that differ by less than this share of the noise are equal. */
const EQUAL_SHARE = 0.01;
const LEAST_RUN = 20;
/** A series that stood still for longer than this before is one that does. */
const MOST_USUAL_RUN = 30;
/** A run has to be so many times longer than any before … */
const LONGER = 4;
/** … after the series has moved for so many times as long: else nobody knows whether it always does … */
const MOVED = 2;
/** … and is reported for so long. */
const REPORTED_STEPS = 60;
/** Longer ones are all alike. */
const MAX_RUN = 255;

/** Has a series that always moves stopped to? */
export class Flatline {
  readonly #runs: Uint8Array;
  readonly #longest: Uint8Array;

  constructor(columns: Columns) {
    this.#runs = columns.u8('flat_run');
    this.#longest = columns.u8('longest_flat_run');
  }

  /** A series that was constant for so many steps. */
  start(row: number, steps: number): void {
    this.#longest[row] = Math.min(MAX_RUN, steps);
  }

  /**
   * Whether a step with this difference to the one before continues a run that is too long.
   * @param learned steps of the series so far
   */
  isTooLong(row: number, difference: number, scale: number, learned: number): boolean {
    const run = this.#runs[row]! + 1;
    if (difference > EQUAL_SHARE * scale || this.#longest[row]! > MOST_USUAL_RUN) return false;
    if (learned - run < MOVED * run) return false;
    const beyond = run - Math.max(LEAST_RUN, LONGER * this.#longest[row]!);
    return beyond > 0 && beyond <= REPORTED_STEPS;
  }

  /** The run that has lasted until now is the new normal. */
  accept(row: number): void {
    this.#longest[row] = Math.max(this.#longest[row]!, this.#runs[row]!);
  }

  learn(row: number, difference: number, scale: number): void {
    const run = this.#runs[row]!;
    if (difference <= EQUAL_SHARE * scale) {
      if (run < MAX_RUN) this.#runs[row] = run + 1;
    } else {
      if (run > this.#longest[row]!) this.#longest[row] = run;
      this.#runs[row] = 0;
    }
  }
}
