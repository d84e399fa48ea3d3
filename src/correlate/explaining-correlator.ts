import type { Anomaly } from '../model/anomaly.ts';
import type { Labels } from '../model/labels.ts';
import type { Subject, Topology } from '../model/topology.ts';
import { trimOldest } from '../model/trim-oldest.ts';
import { ClusterCorrelation, type Outcome } from './cluster-correlation.ts';
import type {
  CorrelatedFiring,
  CorrelationWindows,
  Correlator,
  Decision,
  ObservedOnset,
  RestoredFiring,
  RestoredIncident,
} from './correlator.ts';
import { DependencyGraph } from './dependency-graph.ts';
import type { SavedExperience } from './experience.ts';
import type { PeoplesWord } from './peoples-word.ts';

const FORGET_EVERY_MS = 5 * 60_000;
/** The label that names a cluster is chosen by strangers. */
const MAX_SAVED_CLUSTERS = 200;

interface CorrelatorOptions {
  readonly topology: Topology;
  /** The labels that say which thing is meant. */
  readonly identifyingLabels: (labels: Labels) => readonly string[];
  /** As they are now. */
  readonly windows: () => CorrelationWindows;
  /** What `learnt` of an earlier one gave, undefined when there was none. */
  readonly learnt: unknown;
  /** What people have said so far, and will have said. */
  readonly word: PeoplesWord;
}

/**
 * Correlation by explanation: alerts belong together because one cause explains them, not because they are near to each
 * other. See docs/correlation.md. Clusters have nothing to do with each other.
 */
export class ExplainingCorrelator implements Correlator {
  readonly #options: CorrelatorOptions;
  readonly #graph: DependencyGraph;
  readonly #clusters = new Map<string, ClusterCorrelation>();
  /** What is saved, by cluster. */
  readonly #learnt: Map<string, SavedExperience>;
  #forgotAt = Number.NEGATIVE_INFINITY;

  constructor(options: CorrelatorOptions) {
    this.#options = options;
    this.#graph = new DependencyGraph(options.topology);
    this.#learnt = new Map((options.learnt ?? []) as [string, SavedExperience][]);
  }

  take(firings: readonly CorrelatedFiring[], _now: number): void {
    for (const firing of firings.toSorted(byOnset)) {
      this.#graph.learn(firing.subject);
      this.#of(firing.cluster).take(firing);
    }
  }

  takeOnsets(onsets: readonly ObservedOnset[], _now: number): void {
    for (const onset of onsets) {
      this.#graph.learn(onset.subject);
      this.#of(onset.cluster).scene.takeOnset(onset);
    }
  }

  takeAnomaly(anomaly: Anomaly, subject: Subject, _now: number): void {
    if (subject.entity !== undefined) this.#of(subject.entity.cluster).scene.takeAnomaly(anomaly, subject);
  }

  decide(now: number): Decision {
    const windows = this.#options.windows();
    const outcome: Outcome = { placements: [], anomalies: [], incidents: [], merged: [] };
    for (const cluster of this.#clusters.values()) cluster.decide(now, windows, outcome);
    if (now - this.#forgotAt >= FORGET_EVERY_MS) {
      for (const cluster of this.#clusters.values()) cluster.forget(now - windows.reopenWithinMs, now);
      this.#forgotAt = now;
    }
    return outcome;
  }

  restore(firings: readonly RestoredFiring[], _incidents: readonly RestoredIncident[], now: number): void {
    for (const firing of firings.toSorted(byOnset)) {
      this.#graph.learn(firing.subject);
      this.#of(firing.cluster).restore(firing, firing.incidentId, now);
    }
  }

  learnt(): unknown {
    let hasChanged = false;
    for (const [name, cluster] of this.#clusters) {
      const changes = cluster.experience.changes();
      if (changes === undefined) continue;
      this.#learnt.set(name, changes);
      hasChanged = true;
    }
    trimOldest(this.#learnt, MAX_SAVED_CLUSTERS);
    return hasChanged ? [...this.#learnt] : undefined;
  }

  #of(cluster: string): ClusterCorrelation {
    let found = this.#clusters.get(cluster);
    if (found === undefined) {
      const { identifyingLabels, word } = this.#options;
      const learnt = this.#learnt.get(cluster);
      found = new ClusterCorrelation({ cluster, graph: this.#graph, identifyingLabels, learnt, word });
      this.#clusters.set(cluster, found);
    }
    return found;
  }
}

/** What is told together is taken in the order of its beginnings, so that the order of a delivery decides nothing. */
function byOnset(a: CorrelatedFiring, b: CorrelatedFiring): number {
  return a.onset.latest - b.onset.latest || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}
