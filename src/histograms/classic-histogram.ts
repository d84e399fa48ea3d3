import { classicQuantile } from './classic-quantile.ts';
import { windowState } from './window.ts';

/** The quantile that is scored: as far up as few observations still carry. */
const UPPER_QUANTILE = 0.95;
/** More members than any histogram that somebody looks at has. */
const MAX_MEMBERS = 500;
/** After so many moments in a row at which something was missing, what is missing is gone. */
const PATIENCE = 8;

/** What a member counts. Buckets have an upper bound, `sum` and `count` are those of `_sum` and `_count`. */
export type Member = 'sum' | 'count' | number;

/** What the increase over one window of time says. */
export interface Observed {
  /** Milliseconds since the epoch: the end of the window. */
  readonly timestamp: number;
  /** Undefined where there is no `_sum`. */
  readonly mean: number | undefined;
  /** Undefined where there are no buckets: a summary. */
  readonly upperQuantile: number | undefined;
}

/** The values of all members at one time, NaN for those that have not arrived. */
interface Moment {
  at: number;
  arrived: number;
  readonly values: number[];
}

/**
 * The series of one classic histogram, or of one summary: they share all labels but `le`. Its members arrive one by one,
 * spread over several requests by a sender's shards, so two moments can be gathered at once; a moment says something
 * when all members are there.
 */
export class ClassicHistogram {
  readonly #members: Member[] = [];
  /** Which places have a series now. */
  readonly #isHere: boolean[] = [];
  #here = 0;
  /** What the increases are measured from; NaN where it is not known. */
  readonly #base: number[] = [];
  #baseAt = 0;
  #newer: Moment = { at: 0, arrived: 0, values: [] };
  #older: Moment = { at: 0, arrived: 0, values: [] };
  #missed = 0;
  /** Places of the buckets by their bounds. */
  #ordered: readonly number[] | undefined;

  get isEmpty(): boolean {
    return this.#here === 0;
  }

  /** @returns the place of a member, or -1 when there are too many */
  join(member: Member): number {
    let place = this.#members.indexOf(member);
    if (place < 0) {
      if (this.#members.length === MAX_MEMBERS) return -1;
      place = this.#members.push(member) - 1;
      this.#ordered = undefined;
      for (const values of [this.#base, this.#newer.values, this.#older.values]) values.push(Number.NaN);
      this.#isHere.push(false);
    }
    this.#welcome(place);
    return place;
  }

  /** The series of a place has ended. */
  leave(place: number): void {
    if (!this.#isHere[place]) return;
    this.#isHere[place] = false;
    this.#here--;
    this.#base[place] = Number.NaN;
    this.#ordered = undefined;
  }

  /**
   * Takes in a sample of a member.
   * @param timestamp milliseconds since the epoch
   * @returns what is known now that all members are there
   */
  take(place: number, timestamp: number, value: number): Observed | undefined {
    if (timestamp > this.#newer.at) this.#advance(timestamp);
    const moment = timestamp === this.#newer.at ? this.#newer : this.#older;
    if (timestamp !== moment.at || timestamp <= this.#baseAt) return undefined;
    this.#welcome(place);
    if (Number.isNaN(moment.values[place]!)) moment.arrived++;
    moment.values[place] = value;
    if (moment.arrived < this.#here) return undefined;
    this.#missed = 0;
    return this.#observe(moment);
  }

  #welcome(place: number): void {
    if (this.#isHere[place]) return;
    this.#isHere[place] = true;
    this.#here++;
    this.#ordered = undefined;
  }

  #advance(timestamp: number): void {
    const oldest = this.#older;
    if (oldest.at > this.#baseAt && oldest.arrived < this.#here && ++this.#missed >= PATIENCE) this.#giveUpMissing();
    this.#older = this.#newer;
    this.#newer = oldest;
    oldest.at = timestamp;
    oldest.arrived = 0;
    oldest.values.fill(Number.NaN);
  }

  #giveUpMissing(): void {
    this.#missed = 0;
    for (let place = 0; place < this.#members.length; place++) {
      if (Number.isNaN(this.#older.values[place]!) && Number.isNaN(this.#newer.values[place]!)) this.leave(place);
    }
  }

  #observe({ at, values }: Moment): Observed | undefined {
    const countPlace = this.#countPlace();
    if (countPlace < 0) return undefined;
    const observations = values[countPlace]! - this.#base[countPlace]!;
    if (!this.#hasIncreased(values)) return this.#begin(at, values);
    const state = windowState((at - this.#baseAt) / 1000, observations);
    if (state === 'open') return undefined;
    const observed = state === 'full' ? this.#describe(at, values, observations) : undefined;
    this.#begin(at, values);
    return observed;
  }

  /** Whether no count has fallen, and all were known: after a restart of what is observed the increase is not known. */
  #hasIncreased(values: readonly number[]): boolean {
    return this.#members.every(
      (member, place) =>
        !this.#isHere[place] ||
        values[place]! >= this.#base[place]! ||
        (member === 'sum' && !Number.isNaN(this.#base[place]!)),
    );
  }

  #begin(at: number, values: readonly number[]): undefined {
    this.#baseAt = at;
    for (let place = 0; place < values.length; place++) this.#base[place] = values[place]!;
  }

  #describe(timestamp: number, values: readonly number[], observations: number): Observed {
    const sumPlace = this.#members.indexOf('sum');
    const hasSum = sumPlace >= 0 && this.#isHere[sumPlace]!;
    const mean = hasSum ? (values[sumPlace]! - this.#base[sumPlace]!) / observations : undefined;
    const places = this.#bucketPlaces();
    const bounds = places.map((place) => this.#members[place] as number);
    const counts = places.map((place) => values[place]! - this.#base[place]!);
    const upperQuantile = places.length >= 2 ? classicQuantile(UPPER_QUANTILE, bounds, counts) : undefined;
    return { timestamp, mean, upperQuantile };
  }

  /** Where the number of all observations is: in the infinite bucket, or where there are no buckets in `_count`. */
  #countPlace(): number {
    const places = this.#bucketPlaces();
    const last = places.at(-1);
    if (last !== undefined) return this.#members[last] === Number.POSITIVE_INFINITY ? last : -1;
    const place = this.#members.indexOf('count');
    return place >= 0 && this.#isHere[place] ? place : -1;
  }

  #bucketPlaces(): readonly number[] {
    if (this.#ordered !== undefined) return this.#ordered;
    const bound = (place: number) => this.#members[place] as number;
    const buckets = this.#members.flatMap((member, place) =>
      typeof member === 'number' && this.#isHere[place] ? [place] : [],
    );
    this.#ordered = buckets.sort((a, b) => (bound(a) < bound(b) ? -1 : 1));
    return this.#ordered;
  }
}
