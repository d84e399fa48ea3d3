import type { Labels } from './labels.ts';
import { type Selector, selects } from './matcher.ts';

const DAY_MS = 86_400_000;
/** Times that recur are spelled out this far back and ahead of now. History that is loaded may be as old as this. */
const PAST_MS = 62 * DAY_MS;
export const AHEAD_MS = 400 * DAY_MS;

/** A time during which nothing is learnt, and what an entry selects pages nobody. */
export interface Span {
  readonly name: string;
  /** Milliseconds since the epoch; the end does not belong to it. */
  readonly startsAt: number;
  readonly endsAt: number;
}

/** One entry of `calendars:`. */
export interface QuietTimes {
  /** Series or alerts with labels that any of them selects; without one, all. */
  readonly match: readonly Selector[];
  /** The spans that touch a stretch of time. */
  spans(from: number, to: number): Iterable<Span>;
}

/** What holds at a moment: the names of the spans that have begun, with the place of their entry. */
export interface Quiet {
  readonly entry: number;
  readonly name: string;
}

const NOTHING: readonly Quiet[] = [];

/** The calendars of holidays and maintenance. Both lanes ask it: it knows labels and times, and nothing of series. */
export class Calendar {
  /** Grows when the entries are replaced: what was kept of `matches` has lost its meaning. */
  version = 0;
  #entries: readonly QuietTimes[] = [];
  /** Moments at which something begins or ends, in order, and what holds from each of them on. */
  #bounds: number[] = [];
  #quiet: (readonly Quiet[])[] = [];
  /** The stretch that was asked for last: nearly always that of the next question. */
  #from = 0;
  #until = 0;
  #latest = NOTHING;

  /** @param now milliseconds since the epoch */
  configure(entries: readonly QuietTimes[], now: number): void {
    this.#entries = entries;
    this.version++;
    this.spellOut(now);
  }

  /** Spells out what recurs, from now on: to be called once in a while. */
  spellOut(now: number): void {
    const changes: { at: number; quiet: Quiet; isStart: boolean }[] = [];
    for (const [entry, { spans }] of this.#entries.entries()) {
      for (const { name, startsAt, endsAt } of spans(now - PAST_MS, now + AHEAD_MS)) {
        const quiet = { entry, name };
        changes.push({ at: startsAt, quiet, isStart: true }, { at: endsAt, quiet, isStart: false });
      }
    }
    changes.sort((a, b) => a.at - b.at);
    this.#bounds = [];
    this.#quiet = [];
    const current = new Set<Quiet>();
    for (const [i, { at, quiet, isStart }] of changes.entries()) {
      if (isStart) current.add(quiet);
      else current.delete(quiet);
      if (changes[i + 1]?.at === at) continue;
      this.#bounds.push(at);
      this.#quiet.push([...current]);
    }
    this.#until = this.#from;
  }

  /** What holds at a moment, whomever it concerns. */
  at(timestamp: number): readonly Quiet[] {
    if (timestamp >= this.#from && timestamp < this.#until) return this.#latest;
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bounds[middle]! <= timestamp) low = middle + 1;
      else high = middle;
    }
    this.#from = this.#bounds[low - 1] ?? Number.NEGATIVE_INFINITY;
    this.#until = this.#bounds[low] ?? Number.POSITIVE_INFINITY;
    this.#latest = this.#quiet[low - 1] ?? NOTHING;
    return this.#latest;
  }

  /** Whether an entry is about a label set. */
  matches(entry: number, labels: Labels): boolean {
    const match = this.#entries[entry]?.match ?? [];
    return match.length === 0 || match.some((selector) => selects(selector, labels));
  }

  /**
   * The name of the maintenance that keeps an alert with these labels from being an incident; undefined when there is none.
   * Only entries that select what they are about: a calendar of holidays is no reason to miss an outage.
   */
  maintenanceOf(labels: Labels, timestamp: number): string | undefined {
    return this.at(timestamp).find(({ entry }) => {
      return this.#entries[entry]!.match.length > 0 && this.matches(entry, labels);
    })?.name;
  }

  /** The name of the holiday or maintenance that makes what has these labels quiet; undefined when there is none. */
  isQuiet(labels: Labels, timestamp: number): string | undefined {
    return this.at(timestamp).find(({ entry }) => this.matches(entry, labels))?.name;
  }
}
