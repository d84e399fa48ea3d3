import type { Claim, Source } from './claims.ts';
import type { LinkFact } from './fact.ts';
import type { Links } from './links.ts';
import { countDays, laterDays } from './seen-days.ts';

/** Traffic on so many of the last fourteen days comes back: a nightly batch … */
const MIN_DAYS = 3;
/** … and is kept so far until it does. */
const CONFIDENCE = 0.5;
/** Edges whose traffic has ended that are remembered; beyond that the one that ended first is forgotten. */
const MAX_EDGES = 50_000;

/** An edge whose traffic has ended: between things that stay, so that the pods of every night are one. */
interface Past {
  /** Placed among the links while it counts. */
  readonly claim: Claim;
  isPlaced: boolean;
}

export interface SavedPast {
  readonly source: Source;
  readonly fact: LinkFact;
  readonly lastAt: number;
  readonly days: number;
}

/** Edges that sleep: their traffic has ended, and was there on several of the last days. */
export class Dormant {
  readonly #links: Links;
  readonly #edges = new Map<string, Past>();

  constructor(links: Links) {
    this.#links = links;
  }

  /** The traffic of a claim has ended. Call it before the claim leaves its link. */
  end(claim: Claim): void {
    const link = this.#links.of(claim);
    if (link === undefined) return;
    const { source, lastAt, days } = claim;
    this.remember({ source, fact: { kind: 'link', edge: link.edge, from: link.from, to: link.to }, lastAt, days });
  }

  /** Forgets edges that have slept too long. */
  sweep(): void {
    for (const [key, past] of this.#edges) {
      const days = laterDays(past.claim.days, past.claim.lastAt, past.claim.source.lastAt);
      if (days === 0) this.#edges.delete(key);
      if (countDays(days) < MIN_DAYS) this.#place(past, false);
    }
  }

  *save(): Generator<SavedPast> {
    for (const { claim } of this.#edges.values()) {
      const { source, fact, lastAt, days } = claim;
      yield { source, fact: fact as LinkFact, lastAt, days };
    }
  }

  /** Takes in that there was traffic, which has ended. */
  remember({ source, fact, lastAt, days }: SavedPast): void {
    const key = `${source.name} ${source.group} ${JSON.stringify(fact)}`;
    const known = this.#edges.get(key)?.claim;
    const past = this.#edges.get(key) ?? { claim: claimOf(key, source, fact, lastAt), isPlaced: false };
    const latest = Math.max(lastAt, known?.lastAt ?? lastAt);
    const before = known === undefined ? 0 : laterDays(known.days, known.lastAt, latest);
    past.claim.days = laterDays(days, lastAt, latest) | before;
    past.claim.lastAt = latest;
    this.#edges.delete(key);
    this.#edges.set(key, past);
    if (countDays(past.claim.days) >= MIN_DAYS) this.#place(past, true);
    if (this.#edges.size > MAX_EDGES) this.#drop(this.#edges.keys().next().value!);
  }

  #drop(key: string): void {
    this.#place(this.#edges.get(key)!, false);
    this.#edges.delete(key);
  }

  #place(past: Past, isPlaced: boolean): void {
    if (past.isPlaced === isPlaced) return;
    past.isPlaced = isPlaced;
    if (isPlaced) this.#links.begin(past.claim, past.claim.fact as LinkFact);
    else this.#links.end(past.claim);
  }
}

/** It is no traffic any more, so it does not fade. */
function claimOf(key: string, source: Source, fact: LinkFact, at: number): Claim {
  const none = { series: '', endedAt: undefined, holders: 0, staleAt: undefined, isSuspect: false, rate: 0, days: 0 };
  return { key, fact, source, confidence: CONFIDENCE, isTraffic: false, firstAt: at, lastAt: at, ...none };
}
