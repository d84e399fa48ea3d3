import type {
  CorrelatedFiring,
  Correlator,
  Decision,
  FiringPlacement,
  RestoredFiring,
} from '../../src/correlate/correlator.ts';
import { fnv1a64 } from '../../src/model/fingerprint.ts';

/** What a test decides: the id of the incident with this name. */
export const idOf = (name: string): string => fnv1a64([name]);

/**
 * Places firings as the test says: in the incident that the label `in` names (`later`: not at once), and from then on
 * wherever `decideNext` puts them.
 * Everything it was told is kept for the test to look at.
 */
export class ScriptedCorrelator implements Correlator {
  readonly taken: CorrelatedFiring[] = [];
  readonly restored: RestoredFiring[] = [];
  readonly #label: string;
  #next: Decision = EMPTY;
  readonly #known = new Set<string>();

  /** @param label that names the incident of a firing */
  constructor(label = 'in') {
    this.#label = label;
  }

  take(firings: readonly CorrelatedFiring[]): void {
    this.taken.push(...firings);
    for (const { key, alert, pinnedTo } of firings) {
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      const name = alert.labels.get(this.#label) ?? 'x';
      if (pinnedTo === undefined && name !== 'later') this.decideNext({ placements: [placement(key, name)] });
    }
  }

  takeOnsets(): void {}
  takeAnomaly(): void {}

  /** Adds to what the next `decide` says. */
  decideNext(more: Partial<Decision>): void {
    const { placements, anomalies, incidents, merged } = this.#next;
    this.#next = {
      placements: [...placements, ...(more.placements ?? [])],
      anomalies: [...anomalies, ...(more.anomalies ?? [])],
      incidents: [...incidents, ...(more.incidents ?? [])],
      merged: [...merged, ...(more.merged ?? [])],
    };
  }

  decide(): Decision {
    const decision = this.#next;
    this.#next = EMPTY;
    return decision;
  }

  learnt(): undefined {}

  restore(firings: readonly RestoredFiring[]): void {
    this.restored.push(...firings);
    for (const { key } of firings) this.#known.add(key);
  }
}

const EMPTY: Decision = { placements: [], anomalies: [], incidents: [], merged: [] };

export function placement(key: string, name: string, more: Partial<FiringPlacement> = {}): FiringPlacement {
  const reasons = [{ kind: 'graph', value: 1, text: `belongs to ${name}` }] as const;
  return { key, incidentId: idOf(name), role: 'symptom', reasons, weak: false, alternatives: [], ...more };
}
