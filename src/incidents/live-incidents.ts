import { anomalyKey } from '../model/anomaly.ts';
import { formatEntity } from '../model/entity.ts';
import {
  type AlertMember,
  type AnomalyMember,
  type Incident,
  isOpen,
  type Member,
  servicesAffected,
} from '../model/incident.ts';

/** An incident in memory, with its members by key. */
interface LiveIncident {
  incident: Incident;
  readonly alerts: Map<string, AlertMember>;
  /** Undefined for most: thousands of empty maps would be megabytes. */
  anomalies: Map<string, AnomalyMember> | undefined;
  /** When one of its alerts was last heard of, a repetition included. */
  heardAt: number;
}

/**
 * The incidents that can still change, in memory: open ones, those that ended lately, and those closed by hand whose alerts
 * still fire. A copy of what is stored: it changes after a commit only, so that a failed one leaves no trace.
 */
export class LiveIncidents {
  readonly #live = new Map<string, LiveIncident>();
  /** All firings of live incidents, and the newest one of each alert. */
  readonly #byKey = new Map<string, AlertMember>();
  readonly #byFingerprint = new Map<string, AlertMember>();
  readonly #anomalies = new Map<string, AnomalyMember>();
  readonly #waiting = new Set<string>();

  get(id: string): Incident | undefined {
    return this.#live.get(id)?.incident;
  }

  /** In the order in which they came. */
  *all(): Iterable<Incident> {
    for (const { incident } of this.#live.values()) yield incident;
  }

  /** Those for which something will be due: candidates, and recoveries that have to last. */
  waiting(): Iterable<string> {
    return this.#waiting;
  }

  /** The newest firing of an alert. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  /** The firing with this key. */
  alert(key: string): AlertMember | undefined {
    return this.#byKey.get(key);
  }

  /** All firings, those that have ended included. */
  alerts(): Iterable<AlertMember> {
    return this.#byKey.values();
  }

  /** The member that this anomaly became. */
  anomaly(key: string): AnomalyMember | undefined {
    return this.#anomalies.get(key);
  }

  /** The firings of an incident, in the order in which they came. */
  alertsOf(id: string): Iterable<AlertMember> {
    return this.#live.get(id)?.alerts.values() ?? [];
  }

  /** The anomalies of an incident. */
  anomaliesOf(id: string): Iterable<AnomalyMember> {
    return this.#live.get(id)?.anomalies?.values() ?? [];
  }

  /** How many services are affected; before causes are known, how many different things its alerts are about. */
  affectedCount(id: string): number {
    const live = this.#live.get(id);
    if (live === undefined) return 0;
    return live.incident.causes.length > 0 ? servicesAffected(live.incident) : countEntities(live.alerts.values());
  }

  /** When one of its alerts was last heard of, a repetition included. */
  heardAt(id: string): number {
    const live = this.#live.get(id);
    return live === undefined ? Number.NEGATIVE_INFINITY : Math.max(live.heardAt, live.incident.lastJoinedAt);
  }

  putIncident(incident: Incident): void {
    if (incident.state === 'candidate' || incident.state === 'recovering') this.#waiting.add(incident.id);
    else this.#waiting.delete(incident.id);
    const live = this.#live.get(incident.id);
    if (live !== undefined) live.incident = incident;
    else {
      const heardAt = Number.NEGATIVE_INFINITY;
      this.#live.set(incident.id, { incident, alerts: new Map(), anomalies: undefined, heardAt });
    }
  }

  /** Puts a new, changed or moved member into its incident, which has to be there. */
  putMember(member: Member): void {
    if (member.kind === 'anomaly') this.#putAnomaly(member);
    else this.#putAlert(member);
  }

  hear(id: string | undefined, at: number): void {
    const live = id === undefined ? undefined : this.#live.get(id);
    if (live !== undefined) live.heardAt = Math.max(live.heardAt, at);
  }

  /** Drops what can neither change nor come back any more: ended before `endedBefore`, and nothing fires. */
  forget(endedBefore: number): void {
    for (const live of this.#live.values()) {
      const { firing, resolvedAt } = live.incident;
      if (!isOpen(live.incident) && firing === 0 && (resolvedAt ?? 0) < endedBefore) this.#drop(live);
    }
  }

  #putAnomaly(member: AnomalyMember): void {
    const key = anomalyKey(member.anomaly);
    const before = this.#anomalies.get(key);
    if (before !== undefined && before.incidentId !== member.incidentId) {
      this.#live.get(before.incidentId)?.anomalies?.delete(key);
    }
    this.#anomalies.set(key, member);
    const live = this.#live.get(member.incidentId)!;
    live.anomalies ??= new Map();
    live.anomalies.set(key, member);
  }

  #putAlert(member: AlertMember): void {
    const before = this.#byKey.get(member.key);
    if (before !== undefined && before.incidentId !== member.incidentId) {
      this.#live.get(before.incidentId)?.alerts.delete(member.key);
    }
    this.#byKey.set(member.key, member);
    this.#live.get(member.incidentId)!.alerts.set(member.key, member);
    const { fingerprint } = member.firing.alert;
    const last = this.#byFingerprint.get(fingerprint);
    if (last === undefined || last.id <= member.id) this.#byFingerprint.set(fingerprint, member);
  }

  #drop({ incident: { id }, alerts, anomalies }: LiveIncident): void {
    this.#live.delete(id);
    for (const [key, { firing }] of alerts) {
      this.#byKey.delete(key);
      const { fingerprint } = firing.alert;
      if (this.#byFingerprint.get(fingerprint)?.incidentId === id) this.#byFingerprint.delete(fingerprint);
    }
    for (const key of anomalies?.keys() ?? []) this.#anomalies.delete(key);
  }
}

/** How many different things alerts are about. */
function countEntities(members: Iterable<AlertMember>): number {
  const keys = new Set<string>();
  for (const { entity } of members) if (entity !== undefined) keys.add(formatEntity(entity));
  return keys.size;
}
