import type { Columns } from '../series/columns.ts';
import { Youth } from './youth.ts';

/** No verdict before so many steps, which last a minute or more. */
const WARM_UP_STEPS = 60;

/** How much is known of every series, and whether it is its own. */
export class Maturity {
  /** Steps learnt; of a constant series, its age in steps. */
  readonly steps: Float32Array;
  readonly youth: Youth;

  constructor(columns: Columns) {
    this.steps = columns.f32('steps');
    this.youth = new Youth(columns.sparsePool('youth', columns.capacity - 1));
  }

  /** Whether enough was learnt for a verdict. */
  isWarm(slot: number): boolean {
    return this.steps[slot]! >= WARM_UP_STEPS && !this.youth.isSettling(slot);
  }

  /** Whether what is known of a series is its own, and enough for others to begin with. */
  isMature(slot: number): boolean {
    return this.steps[slot]! >= WARM_UP_STEPS && !this.youth.isYoung(slot);
  }
}
