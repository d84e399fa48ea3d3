import type { Fact, Provenance } from './fact.ts';
import { laterDays } from './seen-days.ts';

/** Without a sample for so long while its source goes on, what is no traffic has ended. */
const STALE_AFTER_MS = 5 * 60_000;
const HALF_LIFE_MS = 3_600_000;
/** Traffic below this confidence has ended. */
const MIN_CONFIDENCE = 0.05;
/** A source that is silent for so long is given up: its exporter is gone, and perhaps its host. */
const SILENT_SOURCE_MS = 24 * 3_600_000;
/** What people have said; it is true until they say something else. */
export const FILE_SOURCE = 'file';
/** Pods are remembered for so long after their end: alerts about them come late. */
const KEEP_ENDED_MS = 2 * 3_600_000;

/** All series of one source in one group. It has a clock of its own: when it falls silent, nothing it said ages. */
export interface Source {
  readonly name: string;
  readonly group: string;
  readonly isView: boolean;
  readonly firstAt: number;
  /** Epoch milliseconds of its latest sample. */
  lastAt: number;
}

/** A fact, said by one source through any number of series. Times are epoch milliseconds of samples. */
export interface Claim {
  readonly key: string;
  readonly fact: Fact;
  readonly source: Source;
  readonly confidence: number;
  readonly isTraffic: boolean;
  /** One of its series. */
  readonly series: string;
  readonly firstAt: number;
  /** When it was last seen: for traffic, when its counter last grew. */
  lastAt: number;
  /** When it was no longer true. Ended claims about pods are kept for two hours. */
  endedAt: number | undefined;
  /** How many series say so now … */
  holders: number;
  /** … and when the last of them got its stale marker. */
  staleAt: number | undefined;
  /** Whether it seemed to have ended when it was looked at last. */
  isSuspect: boolean;
  /** Per second, the sum of its series; 0 for what is no traffic. */
  rate: number;
  /** Days on which it was seen, the day of `lastAt` in bit 0. */
  days: number;
}

/** A claim as it is saved: without what its series, which come again, say of it. */
export type SavedClaim = Omit<Claim, 'key' | 'holders' | 'staleAt' | 'isSuspect' | 'rate'>;

const FRESH = { holders: 0, staleAt: undefined, endedAt: undefined, isSuspect: false, rate: 0 } as const;

/** Everything that sources claim, from its first sample until it has ended or faded. */
export class Claims {
  /** Told when something became true … */
  onBegin: (claim: Claim) => void = () => {};
  /** … when it ceased to be (`endedAt` says when) … */
  onEnd: (claim: Claim) => void = () => {};
  /** … and when it is forgotten altogether. */
  onForget: (claim: Claim) => void = () => {};
  refusedTotal = 0;
  readonly #limit: number;
  readonly #claims = new Map<string, Claim>();
  readonly #sources = new Map<string, Source>();

  /** @param limit largest number of claims; further ones are refused and counted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#claims.size;
  }

  all(): IterableIterator<Claim> {
    return this.#claims.values();
  }

  #source({ name, group, isView }: Pick<Source, 'name' | 'group' | 'isView'>, at: number): Source {
    const key = `${name} ${group}`;
    let source = this.#sources.get(key);
    if (source === undefined) {
      source = { name, group, isView, firstAt: at, lastAt: at };
      this.#sources.set(key, source);
    }
    return source;
  }

  /** A series begins to say so. @returns undefined when there is no room */
  hold(fact: Fact, provenance: Provenance, at: number): Claim | undefined {
    const source = this.#source({ ...provenance, name: provenance.source }, at);
    const key = keyOf(source, fact);
    let claim = this.#claims.get(key);
    if (claim === undefined) {
      if (this.#claims.size >= this.#limit) {
        this.refusedTotal++;
        return undefined;
      }
      const { confidence, isTraffic, series } = provenance;
      claim = { key, fact, source, confidence, isTraffic, series, ...FRESH, firstAt: at, lastAt: at, days: 1 };
      this.#claims.set(key, claim);
      this.onBegin(claim);
    }
    claim.holders++;
    this.see(claim, at);
    return claim;
  }

  /** It is still true. */
  see(claim: Claim, at: number): void {
    claim.staleAt = undefined;
    claim.isSuspect = false;
    if (at > claim.source.lastAt) claim.source.lastAt = at;
    if (at > claim.lastAt) {
      claim.days = laterDays(claim.days, claim.lastAt, at) | 1;
      claim.lastAt = at;
    }
    if (claim.endedAt !== undefined) {
      claim.endedAt = undefined;
      this.onBegin(claim);
    }
  }

  /** A series no longer says so. @param staleAt when its stale marker came, undefined when it was only forgotten */
  release(claim: Claim, staleAt: number | undefined): void {
    claim.holders--;
    if (claim.holders <= 0 && staleAt !== undefined) claim.staleAt = staleAt;
  }

  /** What is left of the claim's confidence, on the clock of its source. */
  confidenceOf(claim: Claim): number {
    if (!claim.isTraffic) return claim.confidence;
    return claim.confidence * 0.5 ** ((claim.source.lastAt - claim.lastAt) / HALF_LIFE_MS);
  }

  /**
   * Ends what has ended and forgets what ended long ago. Looks at all claims: once a minute is often enough. What seems to
   * have ended is given until the next time: when a source comes back, its series come one after the other.
   * @param now epoch milliseconds
   */
  sweep(now: number): void {
    const sources = new Set<Source>();
    for (const claim of this.#claims.values()) {
      const { source } = claim;
      sources.add(source);
      const isSilent = now - source.lastAt > SILENT_SOURCE_MS && source.name !== FILE_SOURCE;
      if (claim.endedAt === undefined && (isSilent || this.#hasEnded(claim))) {
        if (claim.isSuspect) this.#end(claim, claim.staleAt ?? claim.lastAt);
        claim.isSuspect = true;
      }
      if (claim.endedAt === undefined) continue;
      const isKept = claim.fact.kind === 'pod' && !isSilent && source.lastAt - claim.endedAt < KEEP_ENDED_MS;
      if (!isKept) this.#forget(claim);
    }
    for (const [key, source] of this.#sources) if (!sources.has(source)) this.#sources.delete(key);
  }

  /** Takes back all that a source has said. */
  retract(name: string, at: number): void {
    for (const claim of this.#claims.values()) {
      if (claim.source.name !== name) continue;
      if (claim.endedAt === undefined) this.#end(claim, at);
      this.#forget(claim);
    }
  }

  /** Takes back a claim that was saved. Nobody holds it: it stays until its source has gone on for a while without it. */
  restore(saved: SavedClaim): void {
    const source = this.restoreSource(saved.source);
    const key = keyOf(source, saved.fact);
    if (this.#claims.has(key) || this.#claims.size >= this.#limit) return;
    const claim: Claim = { ...saved, key, source, ...FRESH };
    this.#claims.set(key, claim);
    this.onBegin(claim);
    if (saved.endedAt != null) this.#end(claim, saved.endedAt);
  }

  restoreSource(saved: Source): Source {
    const source = this.#source(saved, saved.firstAt);
    source.lastAt = Math.max(source.lastAt, saved.lastAt);
    return source;
  }

  #hasEnded(claim: Claim): boolean {
    if (claim.isTraffic) return this.confidenceOf(claim) < MIN_CONFIDENCE;
    // A stale marker counts once its source has spoken again: an exporter that dies takes all of its series with it.
    if (claim.staleAt !== undefined && claim.source.lastAt >= claim.staleAt) return true;
    return claim.source.lastAt - claim.lastAt > STALE_AFTER_MS;
  }

  #end(claim: Claim, at: number): void {
    claim.endedAt = at;
    this.onEnd(claim);
  }

  #forget(claim: Claim): void {
    this.#claims.delete(claim.key);
    this.onForget(claim);
  }
}

function keyOf(source: Source, fact: Fact): string {
  return `${source.name} ${source.group} ${JSON.stringify(fact)}`;
}
