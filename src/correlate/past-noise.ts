/** Noise differs between weekdays and nights less than it does between systems: a day says what is usual. */
const HORIZON_MS = 24 * 3_600_000;
/** Onsets are no more exact than that: what began so shortly before we came is seen as if we had been there. */
const BEFORE_MS = 60_000;
const MAX_ENTRIES = 5000;

/** Trouble that is over and that nothing explained. */
type PastSign = readonly [kind: string, entityKey: string, onset: number];

/** What is saved of it. */
export interface SavedNoise {
  readonly since: number | undefined;
  readonly signs: readonly PastSign[];
}

/**
 * The noise of the last day, after it was forgotten as trouble: how often which kind began by itself, and on how many things. What
 * began before it was listened does not count, however long it lasts: others that began then and are over were not seen.
 */
export class PastNoise {
  #signs: PastSign[];
  #since: number | undefined;
  readonly #kinds = new Map<string, number>();
  readonly #things = new Map<string, number>();

  constructor({ since, signs }: SavedNoise = { since: undefined, signs: [] }) {
    this.#since = since;
    this.#signs = [...signs];
    for (const sign of signs) this.#count(sign, 1);
  }

  /** How many there are. */
  get total(): number {
    return this.#signs.length;
  }

  /** The things that showed any, by key. */
  get things(): Iterable<string> {
    return this.#things.keys();
  }

  countOf(kind: string): number {
    return this.#kinds.get(kind) ?? 0;
  }

  /** Since when all noise is known, epoch milliseconds. */
  knownSince(now: number): number {
    this.#since ??= now - BEFORE_MS;
    return Math.max(this.#since, now - HORIZON_MS);
  }

  note(kind: string, entityKey: string, onset: number): void {
    const sign = [kind, entityKey, onset] as const;
    this.#signs.push(sign);
    this.#count(sign, 1);
  }

  /** Drops what is older than a day, and the oldest where there is too much. */
  forget(now: number): void {
    if (this.#signs.length > MAX_ENTRIES) {
      this.#signs.sort((a, b) => a[2] - b[2]);
      this.#since = this.#signs.at(-MAX_ENTRIES)![2];
    }
    const since = this.knownSince(now);
    const { gone = [], left = [] } = Object.groupBy(this.#signs, (sign) => (sign[2] < since ? 'gone' : 'left'));
    for (const sign of gone) this.#count(sign, -1);
    this.#signs = left;
  }

  saved(): SavedNoise {
    return { since: this.#since, signs: this.#signs };
  }

  #count([kind, entityKey]: PastSign, by: number): void {
    for (const [counts, key] of [
      [this.#kinds, kind],
      [this.#things, entityKey],
    ] as const) {
      const count = (counts.get(key) ?? 0) + by;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    }
  }
}
