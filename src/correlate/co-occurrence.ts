import { countNewest, trimOldest } from '../model/trim-oldest.ts';
import { isTailBelow } from './background.ts';

/** What begins so near to each other begins together. */
const TOGETHER_MS = 5 * 60_000;
/** What begins again within that time has not ended: twice Alertmanager's usual waits, and a rule's `for`. */
const SAME_EPISODE_MS = 20 * 60_000;
/** So often two kinds have to have begun together, however rarely they begin. */
const MIN_TOGETHER = 5;
/** Of so many pairs as a system has, none should be believed by chance. */
const MAX_CHANCE = 0.001;
/** A lift of ten says all that can be said. */
const FULL_LIFT = 10;
/** Rates are not taken from less. */
const MIN_SPAN_MS = 24 * 3_600_000;
/** What was learnt counts for half after so long: rules change. */
const HALF_LIFE_MS = 30 * 24 * 3_600_000;
const MAX_KINDS = 1000;
const MAX_COMPANIONS = 50;
const MAX_RECENT = 2000;

/** A kind of trouble, as long as it comes again and again. */
type Episode = readonly [kind: string, onset: number];

/** What is saved of it. */
export interface SavedCoOccurrence {
  /** The first and the last onset, epoch milliseconds; null before the first, because JSON knows no infinity. */
  readonly firstOnset: number | null;
  readonly lastOnset: number | null;
  readonly kinds: readonly (readonly [
    kind: string,
    count: number,
    others: readonly (readonly [kind: string, together: number])[],
  ])[];
  readonly recent: readonly Episode[];
}

interface Kind {
  count: number;
  readonly together: Map<string, number>;
}

/** How often two kinds of alerts began together, and whether that is more than chance. */
export interface Company {
  /** 0..1: the share of the times that the rarer one began, by the logarithm of the lift (Brin et al. 1997), full from ten on. */
  readonly strength: number;
  readonly together: number;
  /** How often the rarer of the two began at all. */
  readonly of: number;
}

/**
 * Which kinds of alerts begin together, learnt from what is over. Against chance stands how often the one would have begun
 * within minutes of the other by itself: a Poisson tail over the rates of both.
 */
export class CoOccurrence {
  readonly #kinds = new Map<string, Kind>();
  /** The latest episodes, in the order of their onsets. */
  readonly #recent: Episode[];
  #firstOnset: number;
  #lastOnset: number;

  constructor({ firstOnset, lastOnset, kinds, recent }: SavedCoOccurrence = EMPTY) {
    this.#firstOnset = firstOnset ?? Number.POSITIVE_INFINITY;
    this.#lastOnset = lastOnset ?? Number.NEGATIVE_INFINITY;
    this.#recent = [...recent];
    for (const [kind, count, others] of kinds) this.#kinds.set(kind, { count, together: new Map(others) });
  }

  /** Takes in that a kind of trouble had begun then; what is over is told in any order. */
  note(kind: string, onset: number): void {
    const at = this.#placeOf(onset);
    const near = [...this.#near(at, onset, SAME_EPISODE_MS)];
    if (near.some(([other]) => other === kind)) return;
    const own = this.#kind(kind);
    own.count++;
    const companions = near.filter(([, began]) => Math.abs(began - onset) <= TOGETHER_MS).map(([other]) => other);
    // In a storm of a hundred kinds nothing is learnt of every pair: the nearest ones are enough.
    for (const other of new Set(companions.slice(0, MAX_COMPANIONS))) {
      countNewest(own.together, other, MAX_COMPANIONS);
      countNewest(this.#kind(other).together, kind, MAX_COMPANIONS);
    }
    this.#recent.splice(at, 0, [kind, onset]);
    if (this.#recent.length > MAX_RECENT) this.#recent.splice(0, MAX_RECENT / 20);
    this.#observe(onset);
  }

  /** The kinds that begin together with this one more often than chance allows. */
  companionsOf(kind: string): ReadonlyMap<string, Company> {
    const known = this.#kinds.get(kind);
    const companions = new Map<string, Company>();
    for (const [other, together] of known?.together ?? []) {
      const company = together < MIN_TOGETHER ? undefined : this.#company(known!, this.#kinds.get(other), together);
      if (company !== undefined) companions.set(other, company);
    }
    return companions;
  }

  saved(): SavedCoOccurrence {
    const kinds = [...this.#kinds].map(([kind, { count, together }]) => [kind, count, [...together]] as const);
    const isEmpty = kinds.length === 0;
    return {
      firstOnset: isEmpty ? null : this.#firstOnset,
      lastOnset: isEmpty ? null : this.#lastOnset,
      kinds,
      recent: this.#recent,
    };
  }

  #company(a: Kind, b: Kind | undefined, together: number): Company | undefined {
    if (b === undefined) return undefined;
    const [rare, often] = a.count <= b.count ? [a, b] : [b, a];
    const observedMs = Math.max(MIN_SPAN_MS, this.#lastOnset - this.#firstOnset);
    const chance = 1 - Math.exp((-often.count * 2 * TOGETHER_MS) / observedMs);
    const expected = rare.count * chance;
    if (!isTailBelow(together, expected, MAX_CHANCE)) return undefined;
    const lift = Math.min(1, Math.log(together / expected) / Math.log(FULL_LIFT));
    const strength = lift * Math.min(1, together / rare.count);
    return { strength, together: Math.round(together), of: Math.round(rare.count) };
  }

  /** What is older than twice the half-life is made to weigh half, and the time in which it was seen with it. */
  #observe(onset: number): void {
    this.#firstOnset = Math.min(this.#firstOnset, onset);
    this.#lastOnset = Math.max(this.#lastOnset, onset);
    const observedMs = this.#lastOnset - this.#firstOnset;
    if (observedMs < 2 * HALF_LIFE_MS) return;
    this.#firstOnset += observedMs / 2;
    for (const kind of this.#kinds.values()) {
      kind.count /= 2;
      for (const [other, together] of kind.together) kind.together.set(other, together / 2);
    }
  }

  #kind(name: string): Kind {
    const kind = this.#kinds.get(name) ?? { count: 0, together: new Map<string, number>() };
    // The one that was seen last is forgotten last.
    this.#kinds.delete(name);
    this.#kinds.set(name, kind);
    trimOldest(this.#kinds, MAX_KINDS);
    return kind;
  }

  /** Where in `recent` this onset belongs. */
  #placeOf(onset: number): number {
    const later = this.#recent.findLastIndex(([, began]) => began <= onset);
    return later + 1;
  }

  *#near(at: number, onset: number, withinMs: number): Iterable<Episode> {
    for (let i = at - 1; i >= 0 && this.#recent[i]![1] >= onset - withinMs; i--) yield this.#recent[i]!;
    for (let i = at; i < this.#recent.length && this.#recent[i]![1] <= onset + withinMs; i++) yield this.#recent[i]!;
  }
}

const EMPTY: SavedCoOccurrence = { firstOnset: null, lastOnset: null, kinds: [], recent: [] };
