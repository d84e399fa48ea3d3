import type { Columns } from '../series/columns.ts';
import { HOURS, type HourPlace } from './hour-place.ts';

const BYTES = HOURS / 2;
/** An hour follows in about 12 visits … */
const VISIT_GAIN = 0.08;
/** … so that more than these need not be told apart. */
export const MOST_VISITS = 15;

/** How often each hour of the day was visited and left again, in four bits. */
export class HourVisits {
  readonly #counts: Uint8Array;

  constructor(columns: Columns, name: string) {
    this.#counts = columns.u8(name, BYTES);
  }

  /** Visits of an hour, 0..15, without the one that has not ended. */
  get(row: number, hour: number): number {
    return (this.#counts[row * BYTES + (hour >> 1)]! >> ((hour & 1) * 4)) & MOST_VISITS;
  }

  add(row: number, hour: number): void {
    if (this.get(row, hour) < MOST_VISITS) this.#counts[row * BYTES + (hour >> 1)]! += 1 << ((hour & 1) * 4);
  }

  /** Visits of the hour that a step lies in, the present one as far as it has come: 0..15. */
  until(row: number, { bucket, stepsPerVisit, steps }: HourPlace): number {
    return Math.min(MOST_VISITS, this.get(row, bucket) + steps / stepsPerVisit);
  }

  /** Weight of the next step in its hour: of the first steps ever, the same. */
  gain(row: number, { bucket, stepsPerVisit, steps }: HourPlace): number {
    return Math.max(VISIT_GAIN / stepsPerVisit, 1 / (this.get(row, bucket) * stepsPerVisit + steps + 1));
  }
}
