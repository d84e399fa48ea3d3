import { type Anomaly, anomalyKey } from '../model/anomaly.ts';
import { incidentId } from '../model/incident.ts';
import type { Labels } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';
import type {
  AnomalyPlacement,
  CorrelatedFiring,
  Correlator,
  Decision,
  FiringPlacement,
  RestoredFiring,
} from './correlator.ts';
import { directEvidence } from './direct-evidence.ts';
import type { CorrelatedAlert, CorrelationWindows, IncidentSpan, RecentIncidents } from './direct-placement.ts';
import { RecentAnomalies } from './recent-anomalies.ts';
import { openedOn } from './traits.ts';

const MAX_ANOMALIES = 100_000;

/** An incident as direct evidence sees it, and when its firings ended. */
interface Span {
  span: IncidentSpan;
  readonly ends: Map<string, number | undefined>;
  open: number;
}

/** Correlation by direct evidence alone: no dependencies, no causes, nothing ever moves. */
export class DirectCorrelator implements Correlator, RecentIncidents {
  readonly #windows: () => CorrelationWindows;
  readonly #identifying: (labels: Labels) => readonly string[];
  readonly #spans = new Map<string, Span>();
  readonly #idsByTrait = new Map<string, Set<string>>();
  readonly #incidentOf = new Map<string, string>();
  readonly #anomalies = new RecentAnomalies(MAX_ANOMALIES);
  readonly #attached = new Set<string>();
  #waiting = new Map<string, CorrelatedFiring>();

  constructor(windows: () => CorrelationWindows, identifying: (labels: Labels) => readonly string[]) {
    this.#windows = windows;
    this.#identifying = identifying;
  }

  *withTrait(trait: string): Iterable<IncidentSpan> {
    for (const id of this.#idsByTrait.get(trait) ?? []) yield this.#spans.get(id)!.span;
  }

  take(firings: readonly CorrelatedFiring[]): void {
    for (const firing of firings) {
      const incidentId = firing.pinnedTo ?? this.#incidentOf.get(firing.key);
      if (incidentId === undefined) this.#waiting.set(firing.key, firing);
      else this.#put(firing, incidentId, false);
    }
  }

  takeOnsets(): void {}

  takeAnomaly(anomaly: Anomaly, { entity }: Subject): void {
    if (entity !== undefined) this.#anomalies.put({ anomaly, entity });
  }

  decide(now: number): Decision {
    this.#forget(now);
    const placements = this.#place();
    return { placements, anomalies: this.#attach(now), incidents: [], merged: [] };
  }

  restore(firings: readonly RestoredFiring[]): void {
    const { opener = [], other = [] } = Object.groupBy(firings, (firing) => (isOpener(firing) ? 'opener' : 'other'));
    for (const firing of opener) this.#put(firing, firing.incidentId, true);
    for (const firing of other) {
      const { entity } = firing.subject;
      const opened = entity === undefined ? undefined : this.#idsByTrait.get(openedOn(entity));
      this.#put(firing, firing.incidentId, false, opened?.has(firing.incidentId));
    }
  }

  #place(): FiringPlacement[] {
    const byFingerprint = new Map<CorrelatedAlert, CorrelatedFiring>();
    for (const firing of this.#waiting.values()) byFingerprint.set(this.#correlated(firing), firing);
    this.#waiting = new Map();
    const placements = directEvidence.place([...byFingerprint.keys()], this, this.#windows());
    return placements.map(({ newcomer, incidentId, opens, core, reasons }) => {
      const firing = byFingerprint.get(newcomer)!;
      this.#put(firing, incidentId, opens, core);
      if (newcomer.entity !== undefined) this.#anomalies.lookAgain(newcomer.entity);
      return { key: firing.key, incidentId, role: 'symptom', reasons, weak: false, alternatives: [] };
    });
  }

  #attach(now: number): AnomalyPlacement[] {
    const placements = this.#anomalies.pending().flatMap(({ anomaly, entity }) => {
      const key = anomalyKey(anomaly);
      if (this.#attached.has(key)) return [];
      const { startsAt, endsAt } = anomaly;
      const found = directEvidence.attach({ startsAt, endsAt, entity }, this, this.#windows());
      if (found !== undefined) this.#attached.add(key);
      return found === undefined ? [] : [{ key, ...found }];
    });
    this.#anomalies.settle();
    this.#anomalies.forget(now - this.#windows().joinWindowMs);
    return placements;
  }

  #put(firing: CorrelatedFiring, incidentId: string, opens: boolean, core = false): void {
    this.#incidentOf.set(firing.key, incidentId);
    const { startsAt, endsAt } = firing.alert;
    const known = this.#spans.get(incidentId);
    const ends = known?.ends ?? new Map<string, number | undefined>();
    const wasOpen = ends.has(firing.key) && ends.get(firing.key) === undefined;
    const open = (known?.open ?? 0) - Number(wasOpen) + Number(endsAt === undefined);
    ends.set(firing.key, endsAt);
    const span = {
      id: incidentId,
      startsAt: Math.min(known?.span.startsAt ?? startsAt, startsAt),
      lastOnsetAt: Math.max(known?.span.lastOnsetAt ?? startsAt, startsAt),
      resolvedAt: open > 0 ? undefined : [...ends.values()].reduce((latest, at) => Math.max(latest!, at!)),
    };
    this.#spans.set(incidentId, { span, ends, open });
    for (const trait of directEvidence.traits(this.#correlated(firing), { opens, core: core || opens })) {
      const ids = this.#idsByTrait.get(trait);
      if (ids === undefined) this.#idsByTrait.set(trait, new Set([incidentId]));
      else ids.add(incidentId);
    }
  }

  #correlated({ alert, cluster, subject }: CorrelatedFiring): CorrelatedAlert {
    // Whoever grouped them in Alertmanager knows something that the labels alone do not say.
    const group = alert.group === '' ? [] : [`notification group ${alert.group}`];
    return { alert, cluster, entity: subject.entity, identifying: [...this.#identifying(alert.labels), ...group] };
  }

  #forget(now: number): void {
    const { joinWindowMs, reopenWithinMs } = this.#windows();
    const before = now - Math.max(joinWindowMs, reopenWithinMs);
    for (const [id, { span, ends }] of this.#spans) {
      if ((span.resolvedAt ?? Number.POSITIVE_INFINITY) >= before) continue;
      this.#spans.delete(id);
      for (const key of ends.keys()) this.#incidentOf.delete(key);
      for (const [trait, ids] of this.#idsByTrait) if (ids.delete(id) && ids.size === 0) this.#idsByTrait.delete(trait);
    }
  }
}

/** Whether the incident has its id from this firing. */
function isOpener({ key, cluster, incidentId: id }: RestoredFiring): boolean {
  const [fingerprint = '', startsAt] = key.split(' ');
  return incidentId(cluster, { fingerprint, startsAt: Number(startsAt) }) === id;
}
