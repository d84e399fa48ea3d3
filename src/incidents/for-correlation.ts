import type { CorrelatedFiring, Correlator } from '../correlate/correlator.ts';
import type { Alert } from '../model/alert.ts';
import { type AlertMember, type Firing, firingKey } from '../model/incident.ts';
import type { Labels } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';
import { resolveCluster } from '../topology/label-aliases.ts';
import type { Arrival } from './apply-decision.ts';
import { absentThing } from './heartbeat-alert.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { IncidentMemory } from './incident-memory.ts';
import type { RuleOnsets } from './rule-onsets.ts';

/** What is asked about firings before correlation is told of them. */
interface Surroundings {
  /** What an alert or a series is about. */
  readonly subjectOf: (labels: Labels, at: number) => Subject;
  readonly options: () => { readonly clusterLabel: string };
  readonly onsets: RuleOnsets;
  readonly heartbeats: Heartbeats;
  readonly memory: IncidentMemory;
}

/** What ends because nobody sends it any more ends at about the same time for all of one Prometheus. */
const SAME_END_MS = 5 * 60_000;

/** A firing that nobody knew: for correlation, and for its incident. */
type KnownArrival = Arrival & { readonly correlated: CorrelatedFiring };

/** Says what firings are for correlation: what they are about, in which cluster, and since when. */
export class ForCorrelation {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  arrival(firing: Firing, at: number): KnownArrival {
    const { options, onsets, memory } = this.#surroundings;
    const { alert } = firing;
    const cluster = resolveCluster(alert.labels, options());
    const subject = this.#subjectOf(alert, cluster);
    const key = firingKey(alert);
    const onset = this.#onsetBeforeOutage(alert, cluster) ?? onsets.onsetOf(alert);
    const heldUntil = alert.endsAt === undefined ? memory.history.heldUntil(alert, subject.entity, at) : 0;
    const correlated = { key, alert, cluster, onset, subject };
    return { key, firing, cluster, entity: subject.entity, onset, heldUntil, correlated };
  }

  /** @param isForgotten whether correlation may have forgotten it: then it is told where it is */
  member(member: AlertMember, isForgotten = false): CorrelatedFiring {
    const { alert } = member.firing;
    const cluster = resolveCluster(alert.labels, this.#surroundings.options());
    const subject = { ...this.#subjectOf(alert, cluster), entity: member.entity };
    const firing = { key: member.key, alert, cluster, onset: member.onset, subject };
    if (member.pinned) return { ...firing, pinnedTo: member.incidentId };
    return isForgotten ? { ...firing, returnedTo: member.incidentId } : firing;
  }

  /** Tells a correlator that knows nothing where everything is. */
  restore(correlator: Correlator, now: number): void {
    const { live } = this.#surroundings.memory;
    const firings = [...live.alerts()].map((member) => ({ ...this.member(member), incidentId: member.incidentId }));
    const incidents = [...live.all()]
      .filter(({ state }) => state !== 'merged')
      .map(({ id, cluster, causes }) => ({ incidentId: id, cluster, causes }));
    correlator.restore(firings, incidents, now);
  }

  /** An alert that was there before alerting was gone for a while, and fires now, has not just begun. */
  #onsetBeforeOutage({ fingerprint, startsAt }: Alert, cluster: string): AlertMember['onset'] | undefined {
    const { heartbeats, memory } = this.#surroundings;
    const outage = heartbeats.outageAt(cluster, startsAt);
    const before = outage && memory.lastAlert(fingerprint);
    if (before === undefined) return undefined;
    const { endsAt } = before.firing.alert;
    const wentWithAll = endsAt === undefined || Math.abs(endsAt - outage!.endedAt) <= SAME_END_MS;
    return wentWithAll ? before.onset : undefined;
  }

  #subjectOf({ labels, startsAt }: Alert, cluster: string): Subject {
    const subject = this.#surroundings.subjectOf(labels, startsAt);
    const entity = absentThing(labels, cluster);
    return entity === undefined ? subject : { ...subject, entity };
  }
}
