import { classicQuantile } from './classic-quantile.ts';
import { type MemberColumns, ROLE } from './member-columns.ts';
import { windowState } from './window.ts';

/** The quantile that is scored: as far up as few observations still carry. */
export const UPPER_QUANTILE = 0.95;
/** More series than any histogram that somebody looks at has. */
const MAX_MEMBERS = 500;
/** After so many moments in a row at which something was missing, what is missing is gone. */
const PATIENCE = 8;

/** What the increase over one window of time says. */
export interface Observed {
  /** Milliseconds since the epoch: the end of the window. */
  readonly timestamp: number;
  /** Undefined where there is no `_sum`. */
  readonly mean: number | undefined;
  /** Undefined where there are no buckets: a summary. */
  readonly upperQuantile: number | undefined;
}

/**
 * The series of one classic histogram, or of one summary: they share all labels but `le`. Its members arrive one by one,
 * spread over several requests by a sender's shards, so two moments can be gathered at once; a moment says something
 * when all members are there.
 */
export class ClassicHistogram {
  readonly #columns: MemberColumns;
  /** Those that are here: the sum, the count, then the buckets by their bounds once `#isSorted`. */
  readonly #members: number[] = [];
  #isSorted = true;
  /** When the increase begins, milliseconds since the epoch. */
  #baseAt = 0;
  /** Which of the two moments is the newer one. */
  #newer: 0 | 1 = 0;
  readonly #at: [number, number] = [0, 0];
  readonly #arrived: [number, number] = [0, 0];
  #missed = 0;

  constructor(columns: MemberColumns) {
    this.#columns = columns;
  }

  /** A series is there, or there again. @returns false when there are too many already */
  join(member: number): boolean {
    if (this.#columns.isHere[member] === 1) return true;
    if (this.#members.length === MAX_MEMBERS) return false;
    this.#columns.isHere[member] = 1;
    this.#members.push(member);
    this.#isSorted = false;
    return true;
  }

  /** A series has ended. What it had counted means nothing if it comes back. */
  leave(member: number): void {
    if (this.#columns.isHere[member] === 0) return;
    this.#columns.isHere[member] = 0;
    this.#columns.bases[member] = Number.NaN;
    this.#members.splice(this.#members.indexOf(member), 1);
    for (const moment of [0, 1] as const) {
      if (!Number.isNaN(this.#columns.moments[moment][member]!)) this.#arrived[moment]--;
      this.#columns.moments[moment][member] = Number.NaN;
    }
  }

  /**
   * Takes in a sample of a member.
   * @param timestamp milliseconds since the epoch
   * @param value a number
   * @returns what is known now that all members are there
   */
  take(member: number, timestamp: number, value: number): Observed | undefined {
    if (!this.join(member)) return undefined;
    if (timestamp > this.#at[this.#newer]) this.#advance(timestamp);
    const moment = timestamp === this.#at[this.#newer] ? this.#newer : this.#older;
    if (timestamp !== this.#at[moment] || timestamp <= this.#baseAt) return undefined;
    const values = this.#columns.moments[moment];
    if (Number.isNaN(values[member]!)) this.#arrived[moment]++;
    values[member] = value;
    if (this.#arrived[moment] < this.#members.length) return undefined;
    this.#missed = 0;
    return this.#observe(timestamp, values);
  }

  get #older(): 0 | 1 {
    return this.#newer === 0 ? 1 : 0;
  }

  #advance(timestamp: number): void {
    const oldest = this.#older;
    const isPartial = this.#at[oldest] > this.#baseAt && this.#arrived[oldest] < this.#members.length;
    if (isPartial && ++this.#missed >= PATIENCE) this.#giveUpMissing();
    this.#newer = oldest;
    this.#at[oldest] = timestamp;
    this.#arrived[oldest] = 0;
    const values = this.#columns.moments[oldest];
    for (const member of this.#members) values[member] = Number.NaN;
  }

  #giveUpMissing(): void {
    this.#missed = 0;
    const [a, b] = this.#columns.moments;
    for (const member of [...this.#members])
      if (Number.isNaN(a[member]!) && Number.isNaN(b[member]!)) this.leave(member);
  }

  #observe(at: number, values: Float64Array): Observed | undefined {
    if (!this.#isSorted) this.#sort();
    const counting = this.#counting();
    if (counting === undefined) return undefined;
    if (!this.#hasIncreased(values)) return this.#begin(at, values);
    const observations = this.#increase(counting, values);
    const state = windowState((at - this.#baseAt) / 1000, observations);
    if (state === 'open') return undefined;
    const observed = state === 'full' ? this.#describe(at, values, observations) : undefined;
    this.#begin(at, values);
    return observed;
  }

  /** Whether all were known and no count has fallen: across a restart of what is observed the increase is not known. */
  #hasIncreased(values: Float64Array): boolean {
    const { bases, roles } = this.#columns;
    return this.#members.every((member) => {
      const base = bases[member]!;
      return values[member]! >= base || (roles[member] === ROLE.sum && !Number.isNaN(base));
    });
  }

  #begin(at: number, values: Float64Array): undefined {
    this.#baseAt = at;
    for (const member of this.#members) this.#columns.bases[member] = values[member]!;
  }

  #increase(member: number, values: Float64Array): number {
    return values[member]! - this.#columns.bases[member]!;
  }

  #describe(timestamp: number, values: Float64Array, observations: number): Observed {
    const { bounds } = this.#columns;
    const sum = this.#memberOf(ROLE.sum);
    const buckets = this.#members.filter((member) => this.#columns.roles[member] === ROLE.bucket);
    const upperBounds = buckets.map((member) => bounds[member]!);
    const counts = buckets.map((member) => this.#increase(member, values));
    return {
      timestamp,
      mean: sum === undefined ? undefined : this.#increase(sum, values) / observations,
      upperQuantile: buckets.length < 2 ? undefined : classicQuantile(UPPER_QUANTILE, upperBounds, counts),
    };
  }

  /** The member that counts all observations: the infinite bucket, or `_count` where there are no buckets. */
  #counting(): number | undefined {
    const last = this.#members.at(-1);
    if (last === undefined || this.#columns.roles[last] !== ROLE.bucket) return this.#memberOf(ROLE.count);
    return this.#columns.bounds[last] === Number.POSITIVE_INFINITY ? last : undefined;
  }

  #memberOf(role: number): number | undefined {
    return this.#members.find((member) => this.#columns.roles[member] === role);
  }

  #sort(): void {
    const { roles, bounds } = this.#columns;
    const key = (member: number) => (roles[member] === ROLE.bucket ? bounds[member]! : Number.NEGATIVE_INFINITY);
    this.#members.sort((a, b) => (key(a) === key(b) ? 0 : key(a) - key(b)));
    this.#isSorted = true;
  }
}
