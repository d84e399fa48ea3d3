import { anomalyKey } from '../model/anomaly.ts';
import { formatEntity } from '../model/entity.ts';
import type { AlertMember, AnomalyMember, Incident, Member } from '../model/incident.ts';

/** An incident in memory, with what is looked up of it at every delivery. */
interface LiveIncident {
  incident: Incident;
  readonly entities: Set<string>;
  readonly traits: Set<string>;
  readonly fingerprints: Set<string>;
  readonly anomalyKeys: Set<string>;
}

/**
 * The incidents that can still change, in memory: open ones, those that ended lately, and those closed by hand whose alerts
 * still fire. A copy of what is stored: it changes after a commit only, so that a failed one leaves no trace.
 */
export class LiveIncidents {
  readonly #live = new Map<string, LiveIncident>();
  readonly #alerts = new Map<string, AlertMember>();
  readonly #anomalies = new Map<string, AnomalyMember>();
  readonly #idsByTrait = new Map<string, string[]>();

  get(id: string): Incident | undefined {
    return this.#live.get(id)?.incident;
  }

  /** In the order in which they came. */
  *all(): Iterable<Incident> {
    for (const { incident } of this.#live.values()) yield incident;
  }

  *withTrait(trait: string): Iterable<Incident> {
    for (const id of this.#idsByTrait.get(trait) ?? []) yield this.#live.get(id)!.incident;
  }

  /** The newest firing of an alert. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    return this.#alerts.get(fingerprint);
  }

  /** The newest firing of every alert. */
  alerts(): Iterable<AlertMember> {
    return this.#alerts.values();
  }

  /** The member that this anomaly became. */
  anomaly(key: string): AnomalyMember | undefined {
    return this.#anomalies.get(key);
  }

  /** How many different entities its alerts are about. */
  entityCount(id: string): number {
    return this.#live.get(id)?.entities.size ?? 0;
  }

  putIncident(incident: Incident): void {
    const live = this.#live.get(incident.id);
    if (live !== undefined) live.incident = incident;
    else {
      const empty = {
        entities: new Set<string>(),
        traits: new Set<string>(),
        fingerprints: new Set<string>(),
        anomalyKeys: new Set<string>(),
      };
      this.#live.set(incident.id, { incident, ...empty });
    }
  }

  /**
   * Puts a new or changed member into its incident, which has to be there.
   * @param traits under which the incident is found because of this member
   */
  putMember(member: Member, traits: readonly string[]): void {
    const live = this.#live.get(member.incidentId)!;
    if (member.kind === 'anomaly') {
      const key = anomalyKey(member.anomaly);
      live.anomalyKeys.add(key);
      this.#anomalies.set(key, member);
      return;
    }
    const { fingerprint } = member.firing.alert;
    const last = this.#alerts.get(fingerprint);
    if (last === undefined || last.id <= member.id) this.#alerts.set(fingerprint, member);
    live.fingerprints.add(fingerprint);
    if (member.entity !== undefined) live.entities.add(formatEntity(member.entity));
    for (const trait of traits) this.#addTrait(live, trait);
  }

  /** Drops what can neither change nor come back any more: ended before `endedBefore`, and nothing fires. */
  forget(endedBefore: number): void {
    for (const live of this.#live.values()) {
      const { state, firing, resolvedAt } = live.incident;
      if (state === 'resolved' && firing === 0 && resolvedAt! < endedBefore) this.#drop(live);
    }
  }

  #addTrait(live: LiveIncident, trait: string): void {
    if (live.traits.has(trait)) return;
    live.traits.add(trait);
    const ids = this.#idsByTrait.get(trait);
    if (ids === undefined) this.#idsByTrait.set(trait, [live.incident.id]);
    else ids.push(live.incident.id);
  }

  #drop({ incident: { id }, traits, fingerprints, anomalyKeys }: LiveIncident): void {
    this.#live.delete(id);
    for (const trait of traits) {
      const left = this.#idsByTrait.get(trait)!.filter((other) => other !== id);
      if (left.length === 0) this.#idsByTrait.delete(trait);
      else this.#idsByTrait.set(trait, left);
    }
    for (const fingerprint of fingerprints) {
      if (this.#alerts.get(fingerprint)?.incidentId === id) this.#alerts.delete(fingerprint);
    }
    for (const key of anomalyKeys) this.#anomalies.delete(key);
  }
}
