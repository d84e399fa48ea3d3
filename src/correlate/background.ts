import type { PastNoise } from './past-noise.ts';
import type { Sign } from './sign.ts';

/** Before anything was seen, a kind is expected to have begun half a time. */
const PRIOR_COUNT = 0.5;
/** A young system has seen few things, and not for long: rates are not taken from less. */
const MIN_ENTITIES = 20;
const MIN_SPAN_MS = 10 * 60_000;
/** Onsets are no more exact than that: evaluation and scrape interval. */
const RESOLUTION_MS = 60_000;

/**
 * How often signs begin by themselves, per thing and time: what certificates, quotas, flapping pods and failed jobs do all
 * day. Learnt, not listed: a kind that comes anywhere at any time is no witness when it comes in an incident too. Signs that
 * a cause explains are no background; so it is taken from those that nothing has explained (yet).
 */
export class Background {
  readonly #entities: number;
  readonly #observedMs: number;
  readonly #counts = new Map<string, number>();
  readonly #past: PastNoise;
  #total: number;

  /**
   * @param unexplained signs without a cause
   * @param past those that are over and forgotten
   * @param entities how many things showed any of both
   */
  constructor(unexplained: Iterable<Sign>, past: PastNoise, entities: number, now: number) {
    const since = past.knownSince(now);
    this.#past = past;
    this.#total = past.total;
    for (const { kind, onset, isEvidence } of unexplained) {
      if (isEvidence || onset < since) continue;
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
      this.#total++;
    }
    this.#entities = Math.max(MIN_ENTITIES, entities);
    this.#observedMs = Math.max(MIN_SPAN_MS, now - since);
  }

  /**
   * Whether it is less probable than `max` that signs of a kind begin by themselves as early and often as these: the least,
   * over k, of the probability that k or more things out of `entities` show it before the k-th did.
   * @param kind undefined for signs of any kind
   * @param delaysMs when each of the things first showed it, after the supposed cause
   * @param explained how many of the unexplained signs are those in question: they don't speak against themselves
   * @param max below one half
   */
  isTooRare(
    kind: string | undefined,
    delaysMs: readonly number[],
    { explained, entities, max }: { explained: number; entities: number; max: number },
  ): boolean {
    const all = kind === undefined ? this.#total : (this.#counts.get(kind) ?? 0) + this.#past.countOf(kind);
    const rate = ((Math.max(0, all - explained) + PRIOR_COUNT) * entities) / (this.#entities * this.#observedMs);
    const sorted = new Float64Array(delaysMs.length);
    for (let i = 0; i < sorted.length; i++) sorted[i] = Math.abs(delaysMs[i]!);
    if (sorted.length > 1) sorted.sort();
    for (let k = 0; k < sorted.length; k++) {
      if (isTailBelow(k + 1, rate * (sorted[k]! + RESOLUTION_MS), max)) return true;
    }
    return false;
  }
}

/** Whether P(N >= n) < max for a Poisson variable of this mean. */
export function isTailBelow(n: number, mean: number, max: number): boolean {
  // No more than is expected: one half at least.
  if (n <= mean) return false;
  // Chernoff's bound saves the sum where things are clear.
  if (n - mean - n * Math.log(n / mean) < Math.log(max)) return true;
  return poissonTail(n, mean) < max;
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
