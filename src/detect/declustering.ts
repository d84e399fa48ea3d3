import type { Columns } from '../series/columns.ts';
import { binOf } from './rank-histogram.ts';

/** Deviations from here on are excursions. */
const EXCURSION_SIGMAS = 3.3;
const EXCURSION = binOf(EXCURSION_SIGMAS);
/** In so many steps the fast level follows halfway: until then it is the same deviation. */
const DEPENDENT_STEPS = 3;
const AGE_BITS = 3;
const AGE_MASK = 2 ** AGE_BITS - 1;

/**
 * Ranks are to say how often something happens, and not how long it lasts: ten minutes of an outage would be ten
 * outages to them, and the third one no news. So of the steps of an excursion that depend on each other only the first
 * counts, and what lies further out; the others count as ordinary (after Smith and Weissman, 1994).
 */
export class Declustering {
  /** Bin that counted last, and in the lower bits the steps since then. */
  readonly #counted: Uint8Array;

  constructor(columns: Columns) {
    this.#counted = columns.u8('excursion');
  }

  /** The bin in which a step of this bin is to be counted. To be asked once per step. */
  countedBin(row: number, bin: number): number {
    const counted = this.#counted[row]!;
    const age = Math.min(DEPENDENT_STEPS, (counted & AGE_MASK) + 1);
    const last = age === DEPENDENT_STEPS ? 0 : counted >> AGE_BITS;
    const isExcursion = bin >= EXCURSION;
    const isNew = isExcursion && bin > last;
    this.#counted[row] = isNew ? bin << AGE_BITS : (last << AGE_BITS) | age;
    return isExcursion && !isNew ? EXCURSION - 1 : bin;
  }
}
