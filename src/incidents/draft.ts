import type { AlertMember, AnomalyMember, Incident, IncidentEvent, Member } from '../model/incident.ts';
import { type Action, type Admission, createIncident, reduce } from './life-cycle.ts';
import type { LiveIncidents } from './live-incidents.ts';

/**
 * The changes of one delivery, tick or person: made on the side, stored, and only then applied to the live incidents.
 */
export class Draft {
  readonly incidents = new Map<string, Incident>();
  readonly members = new Map<number, Member>();
  readonly events: IncidentEvent[] = [];
  readonly #live: LiveIncidents;
  readonly #traits = new Map<number, readonly string[]>();

  constructor(live: LiveIncidents) {
    this.#live = live;
  }

  get isEmpty(): boolean {
    return this.incidents.size === 0 && this.members.size === 0;
  }

  incident(id: string): Incident | undefined {
    return this.incidents.get(id) ?? this.#live.get(id);
  }

  /** Opens an incident unless it is there already. */
  open(id: string, cluster: string, first: Admission, at: number): void {
    if (this.incident(id) === undefined) this.incidents.set(id, createIncident(id, cluster, first, at));
  }

  /** Lets something happen to an incident that is there. */
  act(id: string, action: Action): void {
    const { incident, events } = reduce(this.incident(id)!, action);
    this.incidents.set(id, incident);
    this.events.push(...events);
  }

  /** Puts a new or changed member; `traits` as the correlator wants it to be found. */
  put(member: AlertMember | AnomalyMember, traits: readonly string[]): void {
    this.members.set(member.id, member);
    this.#traits.set(member.id, traits);
  }

  /** Makes the live incidents what was stored. */
  apply(): void {
    for (const incident of this.incidents.values()) this.#live.putIncident(incident);
    for (const member of this.members.values()) this.#live.putMember(member, this.#traits.get(member.id)!);
  }
}
