import type { AlertMember, Incident, IncidentEvent, Member } from '../model/incident.ts';
import type { Action, Admission } from './action.ts';
import type { HandMadeLink } from './hand-made-links.ts';
import { createIncident, reduce } from './life-cycle.ts';
import type { LiveIncidents } from './live-incidents.ts';
import { tallyOf } from './tally.ts';

/**
 * The changes of one delivery, tick or person: made on the side, stored, and only then applied to the live incidents.
 */
export class Draft {
  readonly incidents = new Map<string, Incident>();
  /** Members that are new or say something else than before. */
  readonly members = new Map<number, Member>();
  /** Members of which only the place, the role and the reasons are new. */
  readonly placed = new Map<number, AlertMember>();
  readonly events: IncidentEvent[] = [];
  readonly links: HandMadeLink[] = [];
  readonly #live: LiveIncidents;
  readonly #alerts = new Map<string, AlertMember>();
  /** The firings of this draft by incident, made when it is asked for. */
  #byIncident: Map<string, AlertMember[]> | undefined;

  constructor(live: LiveIncidents) {
    this.#live = live;
  }

  get isEmpty(): boolean {
    return this.incidents.size === 0 && this.members.size === 0 && this.placed.size === 0;
  }

  incident(id: string): Incident | undefined {
    return this.incidents.get(id) ?? this.#live.get(id);
  }

  /** The firing with this key, as it will be. */
  alert(key: string): AlertMember | undefined {
    return this.#alerts.get(key) ?? this.#live.alert(key);
  }

  /** The firings of an incident, as they will be. */
  *alertsOf(id: string): Iterable<AlertMember> {
    for (const { key } of this.#live.alertsOf(id)) {
      const member = this.alert(key)!;
      if (member.incidentId === id) yield member;
    }
    this.#byIncident ??= Map.groupBy(this.#alerts.values(), ({ incidentId }) => incidentId);
    for (const member of this.#byIncident.get(id) ?? []) {
      if (this.#live.alert(member.key)?.incidentId !== id) yield member;
    }
  }

  /** Whether an alert has a firing in this incident. */
  hasAlert(id: string, fingerprint: string): boolean {
    return this.#live.lastAlert(fingerprint)?.incidentId === id;
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

  /** Says what this incident came after, when it is new. */
  link(id: string, recurrenceOf: string): void {
    this.incidents.set(id, { ...this.incident(id)!, recurrenceOf });
  }

  /** Puts a new or changed member. */
  put(member: Member): void {
    this.placed.delete(member.id);
    this.members.set(member.id, member);
    if (member.kind === 'alert') this.#note(member);
  }

  /** Puts a member that stands elsewhere now, or for other reasons. */
  place(member: AlertMember): void {
    if (this.members.has(member.id)) this.members.set(member.id, member);
    else this.placed.set(member.id, member);
    this.#note(member);
  }

  /**
   * Counts anew an incident that some of its firings have left; when nothing is left it becomes part of where they went last.
   * @param destinations how many went where
   */
  leave(id: string, destinations: ReadonlyMap<string, number>, at: number): void {
    const rest = tallyOf(this.alertsOf(id), this.incident(id)!);
    const [last, count] = [...destinations].at(-1)!;
    if (rest.alerts === 0) this.absorb(id, last, { at, by: '', comment: '', count });
    else for (const [to, left] of destinations) this.act(id, { kind: 'leave', at, count: left, to, rest });
  }

  /** Makes a tombstone of an incident whose firings are in another one now; its anomalies follow them. */
  absorb(
    id: string,
    into: string,
    { firings, ...deed }: { at: number; by: string; comment: string; count: number; firings?: readonly string[] },
  ): void {
    const anomalies = [...this.#live.anomaliesOf(id)];
    this.act(id, { kind: 'merge', into, ...deed });
    this.act(into, { kind: 'absorb', ...deed, detail: { incident: id, ...(firings && { firings }) } });
    if (anomalies.length > 0) this.act(into, { kind: 'attach_anomalies', at: deed.at, count: anomalies.length });
    for (const member of anomalies) this.put({ ...member, incidentId: into });
  }

  /** Incidents of this draft that are about something else than before. */
  withNewKeys(): Incident[] {
    return [...this.incidents.values()].filter(({ id, key, state }) => {
      return key !== this.#live.get(id)?.key && state !== 'merged';
    });
  }

  /** Makes the live incidents what was stored. */
  apply(): void {
    for (const incident of this.incidents.values()) this.#live.putIncident(incident);
    for (const member of this.members.values()) this.#live.putMember(member);
    for (const member of this.placed.values()) this.#live.putMember(member);
  }

  #note(member: AlertMember): void {
    this.#alerts.set(member.key, member);
    this.#byIncident = undefined;
  }
}
