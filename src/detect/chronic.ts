const DAYS = 14;
/** What began longer ago says nothing. */
const MEMORY_MS = DAYS * 86_400_000;
/** So many before it, in `MEMORY_MS`, make an anomaly that is like them a recurring one … */
const LIKE_BEFORE = 5;
/** … which it is when it goes in the same direction, and as far but for this share. */
const LIKENESS = 0.4;
/** In its first steps an anomaly may still grow to what those before it became. */
const GROWING_STEPS = 3;
const HOUR_MS = 3_600_000;
/** A series that was anomalous for more than half of so many hours is chronic: whatever comes next is no news. */
const CHRONIC_HOURS = 6;
/** Of a series the latest so many are remembered, and so many of all series. */
const MOST_OF_SERIES = 16;
const MOST_OF_ALL = 200_000;

/** An anomaly that has ended, milliseconds since the epoch; how far it went from what was expected, negative below. */
export type PastAnomaly = readonly [from: number, to: number, distance: number];

/**
 * Knows which series have the same trouble again and again: of each the latest anomalies. What recurs scores as ever (to damp
 * the score hides real incidents) but is marked, so that nobody is called for it.
 */
export class Chronic {
  /** The oldest first; the series whose latest anomaly ended first comes first. */
  readonly #past = new Map<number, PastAnomaly[]>();
  #size = 0;

  /** Takes in an anomaly of a slot that has ended. */
  remember(slot: number, anomaly: PastAnomaly): void {
    const past = this.#past.get(slot) ?? [];
    past.push(anomaly);
    this.#size++;
    if (past.length > MOST_OF_SERIES) {
      past.shift();
      this.#size--;
    }
    this.#past.delete(slot);
    this.#past.set(slot, past);
    const [, now] = anomaly;
    for (const [oldest, others] of this.#past) {
      if (this.#size <= MOST_OF_ALL && others.at(-1)![0] >= now - MEMORY_MS) break;
      this.forget(oldest);
    }
  }

  /**
   * Why an anomaly of a slot is no news, in words; undefined when it is.
   * @param from when it began. @param distance how far it has gone, negative below what was expected
   * @param steps since it began
   */
  reason(slot: number, from: number, distance: number, steps: number): string | undefined {
    const past = this.#past.get(slot);
    if (past === undefined) return undefined;
    const isLike = ([began, , other]: PastAnomaly) => {
      const ratio = distance / other;
      return began >= from - MEMORY_MS && ratio <= 1 + LIKENESS && ratio >= (steps <= GROWING_STEPS ? 0 : 1 - LIKENESS);
    };
    const like = past.filter(isLike).length;
    if (like >= LIKE_BEFORE) {
      return `${like === MOST_OF_SERIES ? 'at least ' : ''}the ${like + 1}th like it in ${DAYS} days`;
    }
    const since = from - CHRONIC_HOURS * HOUR_MS;
    const hours = past.reduce((sum, [began, ended]) => sum + Math.max(0, ended - Math.max(began, since)), 0) / HOUR_MS;
    if (hours <= CHRONIC_HOURS / 2) return undefined;
    return `the series was anomalous for ${hours.toFixed(1)} of the ${CHRONIC_HOURS} hours before`;
  }

  /** What is remembered of a slot, the oldest first. */
  of(slot: number): readonly PastAnomaly[] | undefined {
    return this.#past.get(slot);
  }

  /** The slot goes to another series. */
  forget(slot: number): void {
    this.#size -= this.#past.get(slot)?.length ?? 0;
    this.#past.delete(slot);
  }
}
