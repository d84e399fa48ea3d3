import type { Labels } from '../model/labels.ts';
import { countNewest } from '../model/trim-oldest.ts';

/** What says nothing of what an alert is about: its name is evidence of its own kind, the others are whose it is. */
const IGNORED: ReadonlySet<string> = new Set([
  'alertname',
  'severity',
  'prometheus',
  'prometheus_replica',
  'receiver',
  'monitor',
  'team',
  'job',
  'instance',
  'container',
  'cluster',
]);
const MAX_PAIRS = 20_000;
const MAX_SAVED = 5000;

/** What is saved: how many label sets there were, and the pairs that more than one of them had. */
export interface SavedLabelWeights {
  readonly total: number;
  readonly counts: readonly (readonly [pair: string, count: number])[];
}

/**
 * How much it says that two alerts share a label: a value that all have says nothing, a rare one much (inverse document
 * frequency; Sparck Jones 1972).
 */
export class LabelWeights {
  readonly #counts: Map<string, number>;
  #total: number;

  constructor({ total, counts }: SavedLabelWeights = { total: 0, counts: [] }) {
    this.#total = total;
    this.#counts = new Map(counts);
  }

  /** Takes in the labels of trouble that is over. What all have is never forgotten: it would seem rare then. */
  note(labels: Labels): void {
    this.#total++;
    for (const pair of pairsOf(labels)) countNewest(this.#counts, pair, MAX_PAIRS);
  }

  /** What the pairs that two label sets share weigh among all that they have. @returns 0..1, and the shared ones */
  shared(a: Labels, b: Labels): { readonly share: number; readonly pairs: readonly string[] } {
    const pairs: string[] = [];
    let [both, all] = [0, 0];
    const others = new Set(pairsOf(b));
    for (const pair of pairsOf(a)) {
      const weight = this.#weight(pair);
      all += weight;
      if (!others.delete(pair)) continue;
      both += weight;
      if (weight > 0) pairs.push(pair);
    }
    for (const pair of others) all += this.#weight(pair);
    return { share: all === 0 ? 0 : both / all, pairs };
  }

  saved(): SavedLabelWeights {
    const counts = [...this.#counts].filter(([, count]) => count > 1).sort(([, a], [, b]) => b - a);
    return { total: this.#total, counts: counts.slice(0, MAX_SAVED) };
  }

  #weight(pair: string): number {
    return Math.max(0, Math.log((this.#total + 1) / ((this.#counts.get(pair) ?? 0) + 1)));
  }
}

/** The labels that may say what an alert is about, as `name=value`. A label that is missing is none of them. */
export function pairsOf(labels: Labels): string[] {
  return [...labels].flatMap(([name, value]) => (IGNORED.has(name) ? [] : [`${name}=${value}`]));
}
