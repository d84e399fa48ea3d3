/** Before anything was seen, a kind is expected that often on a thing per day: one alert in ten days for each rule and thing. */
const PRIOR_COUNT = 0.5;
/** A young system has seen few things: rates are not taken from fewer. */
const MIN_ENTITIES = 20;
const MIN_SPAN_MS = 10 * 60_000;

/**
 * How often each kind of sign begins by itself, per thing and time: what certificates, quotas, flapping pods and failed jobs
 * do all day. Learnt, not listed: a kind that comes anywhere at any time is no witness when it comes in an incident too.
 */
export class Background {
  readonly #counts = new Map<string, number>();
  readonly #entities = new Set<string>();
  #total = 0;
  #since = Number.POSITIVE_INFINITY;

  count(kind: string, entityKey: string, onset: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.#total++;
    this.#entities.add(entityKey);
    this.#since = Math.min(this.#since, onset);
  }

  /**
   * The probability that at least `found` signs of this kind begin on `entities` things within `spanMs` by themselves.
   * @param explained how many of the counted ones are those in question: they don't speak against themselves
   */
  chance(kind: string, found: number, explained: number, entities: number, spanMs: number, now: number): number {
    return this.#tail((this.#counts.get(kind) ?? 0) - explained, found, entities, spanMs, now);
  }

  /** The same for signs of any kind. */
  chanceOfAny(found: number, explained: number, entities: number, spanMs: number, now: number): number {
    return this.#tail(this.#total - explained, found, entities, spanMs, now);
  }

  #tail(others: number, found: number, entities: number, spanMs: number, now: number): number {
    const observedMs = Math.max(MIN_SPAN_MS, now - this.#since);
    const rate = (Math.max(0, others) + PRIOR_COUNT) / (Math.max(MIN_ENTITIES, this.#entities.size) * observedMs);
    return poissonTail(found, rate * entities * spanMs);
  }
}

/** P(N >= n) for a Poisson variable of this mean. */
function poissonTail(n: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < n; k++) {
    below += term;
    term *= mean / (k + 1);
  }
  return Math.max(0, 1 - below);
}
