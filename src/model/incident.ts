import type { Alert } from './alert.ts';
import type { Anomaly } from './anomaly.ts';
import type { Entity } from './entity.ts';
import { fnv1a64 } from './fingerprint.ts';

/** `acknowledged` is an open incident that somebody looks after; reopening makes it `open` again. */
type IncidentState = 'open' | 'acknowledged' | 'resolved';

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
  /** When Pronoia heard of it. */
  readonly openedAt: number;
  /** The latest end among its alerts, undefined before the first one ended. */
  readonly lastEndAt: number | undefined;
  /** When its last alert ended, or when a person resolved it; undefined while it is open. */
  readonly resolvedAt: number | undefined;
  /** Who resolved it; empty when its alerts ended by themselves. */
  readonly resolvedBy: string;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string;
  /** How often it came back after having been resolved. */
  readonly reopened: number;
  /** Different alerts (by fingerprint), those of them that fire, and anomalies that joined. */
  readonly alerts: number;
  readonly firing: number;
  readonly anomalies: number;
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

/** An alert shows where it hurts: a symptom, until causes are ranked. */
export interface AlertMember extends Membership {
  readonly kind: 'alert';
  readonly role: 'symptom';
  /** Whether it is about what the incident was opened for: only such members admit others by their labels. */
  readonly core: boolean;
  readonly firing: Firing;
}

export interface AnomalyMember extends Membership {
  readonly kind: 'anomaly';
  readonly role: 'evidence';
  readonly anomaly: Anomaly;
}

export type Member = AlertMember | AnomalyMember;

/** A change of an incident: one line of its timeline. */
export interface IncidentEvent {
  readonly incidentId: string;
  /** When it happened here: for alerts the time of the delivery. */
  readonly at: number;
  readonly kind: 'opened' | 'joined' | 'ended' | 'evidence' | 'acknowledged' | 'resolved' | 'reopened';
  /** The person, or empty for what Pronoia does by itself. */
  readonly by: string;
  readonly comment: string;
  /** How many alerts (or anomalies) it is about; 0 where that makes no sense. */
  readonly count: number;
}

/** The id of the incident that this firing opens. */
export function incidentId(cluster: string, firstFiring: Pick<Alert, 'fingerprint' | 'startsAt'>): string {
  return fnv1a64([cluster, firstFiring.fingerprint, String(firstFiring.startsAt)]);
}

/** `HighLatency on service shop/checkout and 2 more`. */
export function incidentTitle(incident: Incident): string {
  return incident.alerts > 1 ? `${incident.lead} and ${incident.alerts - 1} more` : incident.lead;
}
