import type { Pool } from '../series/columns.ts';
import type { Siblings } from '../series/workloads.ts';
import type { Step } from './detector.ts';
import { RankHistogram } from './rank-histogram.ts';

/** A replica needs so many siblings to be compared with: fewer do not say what is usual. */
const LEAST_SIBLINGS = 4;
/** Of more members every so-manieth is looked at, so that a comparison stays below a millisecond. */
const MOST_MEMBERS = 1000;
/** What the siblings do is worked out anew twice in a step. */
const FRESH_SHARE = 0.5;
/** A member without a sample for more than so many steps does not count. */
const LIVE_STEPS = 3;
/** Siblings are taken to differ by this at least, in standard deviations of the member's weeks. */
const LEAST_SPREAD = 0.1;
/** Median absolute to standard deviation, for Gaussian noise. */
const MAD_TO_SIGMA = 1.4826;

/** What a workload's members do, in standard deviations from what each of them does in weeks. */
interface Common {
  readonly at: number;
  readonly median: number;
  /** Robust standard deviation around it; 0 where there are too few members. */
  readonly spread: number;
}

/** What of other series has to be known: whether a slot counts, and where its latest step lies among those of weeks. */
export interface Standings {
  /** Timestamp of the latest sample, milliseconds; 0 where the slot is no member to be compared with. */
  lastAt(slot: number): number;
  /** Deviation of the latest step from the mean of weeks, in standard deviations. */
  standing(slot: number): number;
}

/**
 * Does a replica do what its siblings do not? Each is compared with its own weeks first, so that a leader may differ from
 * followers for ever; what all then have in common, the hour of the day or a busy minute, is taken away. A deviation
 * counts in its second step: siblings are scraped at other moments and see the same thing up to a step later.
 */
export class PeersChannel {
  /** Whether there are siblings to be compared with: else what is said below means nothing. */
  isReady = false;
  z = 0;
  readonly ranks: RankHistogram;
  /** Row of the series that is being judged, 0 when it was never compared. */
  row = 0;
  readonly #pool: Pool;
  readonly #siblings: Siblings;
  readonly #standings: Standings;
  readonly #common = new Map<number, Common>();
  readonly #values: Float64Array;
  #median = 0;
  #spread = 1;
  /** Deviation of the step before, in spreads. */
  #before = 0;

  constructor(pool: Pool, siblings: Siblings, standings: Standings) {
    this.#pool = pool;
    this.#siblings = siblings;
    this.#standings = standings;
    this.#values = new Float64Array(MOST_MEMBERS);
    this.ranks = new RankHistogram(pool.columns, 'peers', 5);
  }

  load(slot: number, liveRow: number, step: Step): void {
    this.isReady = false;
    const workload = this.#siblings.numbers[slot]!;
    if (workload === 0) return;
    this.row = this.#pool.rows[liveRow]!;
    const members = this.#siblings.members(workload);
    if (members.length <= LEAST_SIBLINGS) return;
    let common = this.#common.get(workload);
    if (common === undefined || Math.abs(step.timestamp - common.at) > FRESH_SHARE * step.lengthSeconds * 1000) {
      common = this.#compare(members, step);
      this.#common.set(workload, common);
    }
    if (common.spread === 0) return;
    this.isReady = true;
    this.#median = common.median;
    this.#spread = common.spread;
    this.#before = (this.#standings.standing(slot) - common.median) / common.spread;
  }

  /** @param standing of the value to be judged. @param leastSpread of what counts as different, in the same unit */
  evaluate(standing: number, leastSpread: number): void {
    if (!this.isReady) return;
    const spread = Math.max(this.#spread, leastSpread);
    const now = (standing - this.#median) / spread;
    const before = (this.#before * this.#spread) / spread;
    this.z = now * before <= 0 ? 0 : Math.sign(now) * Math.min(Math.abs(now), Math.abs(before));
  }

  /** Where the siblings lead one to expect the value, in standard deviations from the mean of weeks. */
  get expected(): number {
    return this.#median;
  }

  learn(liveRow: number, bin: number, step: number): void {
    if (this.row === 0) this.row = this.#pool.acquire(liveRow);
    if (this.row !== 0) this.ranks.learn(this.row, bin, step);
  }

  #compare(members: readonly number[], { timestamp, lengthSeconds }: Step): Common {
    const stride = Math.ceil(members.length / MOST_MEMBERS);
    let count = 0;
    for (let i = 0; i < members.length; i += stride) {
      const at = this.#standings.lastAt(members[i]!);
      if (Math.abs(timestamp - at) > LIVE_STEPS * lengthSeconds * 1000) continue;
      this.#values[count++] = this.#standings.standing(members[i]!);
    }
    if (count <= LEAST_SIBLINGS) return { at: timestamp, median: 0, spread: 0 };
    const values = this.#values.subarray(0, count);
    const median = medianOf(values);
    for (let i = 0; i < count; i++) values[i] = Math.abs(values[i]! - median);
    return { at: timestamp, median, spread: Math.max(LEAST_SPREAD, MAD_TO_SIGMA * medianOf(values)) };
  }
}

/** Sorts the values. */
function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
}
