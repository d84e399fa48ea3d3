import type { Alert } from './alert.ts';
import type { Anomaly } from './anomaly.ts';
import { type Entity, formatEntity } from './entity.ts';
import { fnv1a64 } from './fingerprint.ts';

/**
 * - candidate: alerts fire, but as far as is known they may pass by themselves; visible, nobody is paged
 * - open: alerts fire
 * - recovering: none fires any more, and the quiet has not lasted long enough to be trusted
 * - resolved: it was quiet long enough, or a person said so
 * - closed_unknown: neither firing nor recovery was confirmed for so long that nobody can tell
 * - merged: it became part of another incident, to which `mergedInto` points
 */
type IncidentState = 'candidate' | 'open' | 'recovering' | 'resolved' | 'closed_unknown' | 'merged';

/** What an incident was when a person took it on: when it becomes worse than that, they have not seen it yet. */
interface Acknowledged {
  readonly severity: string;
  /** `formatEntity` of the most probable cause, empty without one. */
  readonly root: string;
  readonly impacted: number;
}

/** An incident without its members. Times are milliseconds since the epoch. */
export interface Incident {
  /** 16 hexadecimal digits, derived from the first firing: replicas that are fed the same alerts agree on it. */
  readonly id: string;
  readonly cluster: string;
  readonly state: IncidentState;
  /** What the earliest alert says about itself, e.g. `HighLatency on service shop/checkout`. */
  readonly lead: string;
  /** The `severity` of its gravest alert, as the alert spells it; empty when no alert has one. */
  readonly severity: string;
  /** The earliest and the latest onset among its alerts. */
  readonly startsAt: number;
  readonly lastOnsetAt: number;
  /** When Pronoia heard of it, and when it last took in an alert. */
  readonly openedAt: number;
  readonly lastJoinedAt: number;
  /** When it became open, so that people may be told; undefined for a candidate and for one that passed as such. */
  readonly promotedAt: number | undefined;
  /** Until when a candidate waits, Infinity for alerts that only flap; undefined once it is promoted. */
  readonly heldUntil: number | undefined;
  /** The latest end among its alerts, undefined before the first one ended. */
  readonly lastEndAt: number | undefined;
  /** When its last alert ended, or when a person resolved it; undefined while it is not over. */
  readonly resolvedAt: number | undefined;
  /** Who resolved it; empty when its alerts ended by themselves. */
  readonly resolvedBy: string;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string;
  /** Undefined while nobody looks after it. */
  readonly acknowledgedAs: Acknowledged | undefined;
  /** How often it came back after having been resolved. */
  readonly reopened: number;
  /** Different alerts (by fingerprint), firings of them that go on, and anomalies that joined. */
  readonly alerts: number;
  readonly firing: number;
  readonly anomalies: number;
  /** Probable causes, best first; empty as long as nobody has ranked them. */
  readonly causes: readonly RankedCause[];
  /** What is affected for sure, and what may be. */
  readonly impacted: readonly Entity[];
  readonly possible: readonly Entity[];
  /** The incident that took its members. */
  readonly mergedInto: string | undefined;
  /** What it is about as one text: an earlier incident with the same key is the same trouble. */
  readonly key: string;
  /** The last incident with the same key, when that ended not long before. */
  readonly recurrenceOf: string | undefined;
}

/** Whether it is not over: alerts fire, or the quiet is too young to be trusted. */
export function isOpen({ state }: Pick<Incident, 'state'>): boolean {
  return state === 'candidate' || state === 'open' || state === 'recovering';
}

/** What one replica said last about an alert. */
export interface Sighting {
  readonly startsAt: number;
  readonly endsAt: number | undefined;
  /** When it counts as ended unless it is sent again, undefined when only an explicit resolve ends it. */
  readonly expiresAt: number | undefined;
  /** The end was assumed because nothing came any more: the same firing may still go on. */
  readonly expired: boolean;
  /** Start of the newest earlier firing that has ended: what is not newer comes late. */
  readonly endedStartsAt: number | undefined;
}

/** A firing as all replicas together reported it: it ends when the last of them says so. */
export interface Firing {
  /** Newest annotations, earliest start, common end. */
  readonly alert: Alert;
  readonly replicas: ReadonlyMap<string, Sighting>;
}

/** Why something was taken into an incident. */
export interface Reason {
  readonly kind:
    | 'first'
    | 'same_alert'
    | 'entity'
    | 'labels'
    | 'text'
    | 'time'
    /** A path of dependencies from the cause. */
    | 'graph'
    /** It runs where the cause is. */
    | 'host'
    /** Everything depends on the cause, without edges that show it. */
    | 'breadth'
    | 'change'
    /** It went together with others of the incident before. */
    | 'co_occurrence'
    /** A person said so. */
    | 'person';
  /** Strength, 0..1. */
  readonly value: number;
  readonly text: string;
}

/**
 * What a member is to its incident: it is about the cause; about what made it worse; it shows where it hurts; it tells how
 * far the damage goes (silent or unmeasured dependents); or it is an anomaly that bears witness.
 */
export type MemberRole = 'root' | 'contributing' | 'symptom' | 'impact' | 'evidence';

/** A probable cause of an incident. */
export interface RankedCause {
  readonly entity: Entity;
  /** How probable it is that this is the cause, 0..1; of all causes of an incident together at most 1. */
  readonly p: number;
  /** In words, such as `mysql-orders: no callee of it is affected, 46 dependents are`. */
  readonly text: string;
  /** What speaks for it, the strongest first. */
  readonly evidence: readonly string[];
}

interface Membership {
  /** Unique among all members, growing. */
  readonly id: number;
  readonly incidentId: string;
  readonly entity: Entity | undefined;
  readonly admittedAt: number;
  readonly reasons: readonly Reason[];
}

/** Where else a firing could be, and at which cost. */
type Alternative = { readonly incidentId: string; readonly cost: number };

export interface AlertMember extends Membership {
  readonly kind: 'alert';
  /** (fingerprint, startsAt) as it was when it first came: it stays when the start moves back. */
  readonly key: string;
  /** When its condition began, as far as was known when it came: rules fire only after their `for`. */
  readonly onset: { readonly earliest: number; readonly latest: number };
  readonly role: MemberRole;
  /** No path and no entity speak for it: nothing better was found. */
  readonly weak: boolean;
  readonly alternatives: readonly Alternative[];
  /** A person put it where it is. */
  readonly pinned: boolean;
  readonly firing: Firing;
}

export interface AnomalyMember extends Membership {
  readonly kind: 'anomaly';
  readonly role: 'evidence';
  readonly anomaly: Anomaly;
}

export type Member = AlertMember | AnomalyMember;

/** All that can stand in a timeline, with the words of docs/incidents.md. */
export const EVENT_KINDS = [
  'opened',
  'promoted',
  'joined',
  'left',
  'ended',
  'evidence',
  'cause',
  'acknowledged',
  'unacknowledged',
  'recovering',
  'relapsed',
  'resolved',
  'reopened',
  'closed_unknown',
  'absorbed',
  'merged',
  'split',
  'feedback',
  'undone',
] as const;

/** A change of an incident: one line of its timeline. */
export interface IncidentEvent {
  readonly incidentId: string;
  /** When it happened here: for alerts the time of the delivery. */
  readonly at: number;
  readonly kind: (typeof EVENT_KINDS)[number];
  /** The person, or empty for what Pronoia does by itself. */
  readonly by: string;
  readonly comment: string;
  /** How many alerts (or anomalies) it is about; 0 where that makes no sense. */
  readonly count: number;
  /** What else belongs to it, by kind; empty for most. */
  readonly detail: EventDetail;
}

/** Fields of events that say more than who and when. */
export interface EventDetail {
  /** The other incident of a merge or a split. */
  readonly incident?: string;
  /** Keys of the firings that went there: what an undo brings back. */
  readonly firings?: readonly string[];
  /** Id and kind of the event that was undone. */
  readonly undoes?: number;
  readonly undoneKind?: IncidentEvent['kind'];
  readonly about?: 'cause' | 'grouping';
  readonly verdict?: 'right' | 'wrong';
  /** `formatEntity` of what was the most probable cause then, and of what it was in truth. */
  readonly cause?: string;
  readonly entity?: string;
  /** Why an acknowledgement ended. */
  readonly because?: 'severity' | 'cause' | 'impact';
}

/** The id of the incident that this firing opens. */
export function incidentId(cluster: string, firstFiring: Pick<Alert, 'fingerprint' | 'startsAt'>): string {
  return fnv1a64([cluster, firstFiring.fingerprint, String(firstFiring.startsAt)]);
}

/** What an alert's member is called for as long as it lives. */
export function firingKey({ fingerprint, startsAt }: Pick<Alert, 'fingerprint' | 'startsAt'>): string {
  return `${fingerprint} ${startsAt}`;
}

/** The state as people are shown it: `acknowledged` is an incident that is not over and that somebody looks after. */
export function stateWord({ state, acknowledgedAs }: Pick<Incident, 'state' | 'acknowledgedAs'>): string {
  const isActive = state === 'open' || state === 'candidate';
  return isActive && acknowledgedAs !== undefined ? 'acknowledged' : state;
}

/** Kinds of things that count as services when it is said how many are affected. */
const SERVICE_KINDS: ReadonlySet<Entity['kind']> = new Set(['service', 'workload', 'ingress', 'external', 'database']);

/** The most probable cause, undefined when none is probable enough to be named. */
export function rootCause({ causes }: Pick<Incident, 'causes'>): RankedCause | undefined {
  return causes[0] !== undefined && causes[0].p >= MIN_NAMED_CAUSE ? causes[0] : undefined;
}

/** Below this a cause is one of several guesses: nothing is named after it. */
const MIN_NAMED_CAUSE = 0.3;

/** How many services are affected for sure, the cause itself not counted. */
export function servicesAffected(incident: Pick<Incident, 'causes' | 'impacted'>): number {
  const root = rootCause(incident);
  const rootKey = root && formatEntity(root.entity);
  return incident.impacted.filter((entity) => SERVICE_KINDS.has(entity.kind) && formatEntity(entity) !== rootKey)
    .length;
}

/**
 * After the cause where one is known, `Database orders, 47 services affected`, with the alert that speaks of it where that
 * was the first one, `MySQLDown on database orders, ...`; otherwise after the earliest alert, `HighLatency on service
 * shop/checkout and 2 more`.
 */
export function incidentTitle(incident: Incident): string {
  const { lead, alerts } = incident;
  const root = rootCause(incident);
  const place = root && placeOf(root.entity);
  const isAboutLead = place === undefined || lead.endsWith(` on ${place}`);
  const head = isAboutLead ? lead : place[0]!.toUpperCase() + place.slice(1);
  const count = root === undefined ? 0 : servicesAffected(incident);
  if (count > 0) return `${head}, ${count} ${count === 1 ? 'service' : 'services'} affected`;
  if (alerts < 2) return head;
  return isAboutLead ? `${head} and ${alerts - 1} more` : `${head}, ${alerts} alerts`;
}

/** `service shop/checkout`: an entity in words. */
export function placeOf(entity: Entity): string {
  return formatEntity({ ...entity, cluster: '' }).replace(':', ' ');
}
