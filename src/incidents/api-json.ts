import { formatEntity } from '../model/entity.ts';
import { fingerprint } from '../model/fingerprint.ts';
import {
  type Incident,
  type IncidentEvent,
  incidentTitle,
  isOpen,
  type Member,
  rootCause,
  servicesAffected,
  stateWord,
} from '../model/incident.ts';
import { labelsToObject } from '../model/labels.ts';
import type { StoredEvent } from './rows.ts';

/** What the flags of an incident depend on, besides itself. */
export interface Moment {
  readonly now: number;
  readonly freezeAfterMs: number;
}

/** So long after it has taken in an alert an incident grows. */
const GROWING_MS = 15 * 60_000;

/** An incident as the API shows it, without its members. Times are RFC 3339; what is not so (yet) is null. */
export function incidentToJson(incident: Incident, { now, freezeAfterMs }: Moment) {
  const { state, causes, impacted, possible } = incident;
  const root = rootCause(incident);
  return {
    id: incident.id,
    title: incidentTitle(incident),
    state: stateWord(incident),
    growing: state === 'open' && now - incident.lastJoinedAt < GROWING_MS,
    frozen: isOpen(incident) && now - incident.openedAt >= freezeAfterMs,
    acknowledged: incident.acknowledgedAs !== undefined,
    severity: incident.severity,
    cluster: incident.cluster,
    startsAt: time(incident.startsAt),
    openedAt: time(incident.openedAt),
    promotedAt: time(incident.promotedAt),
    acknowledgedAt: time(incident.acknowledgedAt),
    acknowledgedBy: incident.acknowledgedBy,
    endedAt: isOpen(incident) && incident.firing > 0 ? null : time(incident.lastEndAt),
    resolvedAt: time(incident.resolvedAt),
    resolvedBy: incident.resolvedBy,
    reopened: incident.reopened,
    mergedInto: incident.mergedInto ?? null,
    recurrenceOf: incident.recurrenceOf ?? null,
    alerts: incident.alerts,
    firing: incident.firing,
    anomalies: incident.anomalies,
    servicesAffected: servicesAffected(incident),
    rootCause: root === undefined ? null : formatEntity(root.entity),
    causes: causes.map(({ entity, ...rest }) => ({ entity: formatEntity(entity), ...rest })),
    impact: { confirmed: impacted.map(formatEntity), possible: possible.map(formatEntity) },
  };
}

export function memberToJson(member: Member) {
  const { kind, role, entity, admittedAt, reasons } = member;
  const subject = kind === 'alert' ? member.firing.alert : member.anomaly;
  return {
    kind,
    role,
    startsAt: time(subject.startsAt),
    endsAt: time(subject.endsAt),
    labels: labelsToObject(subject.labels),
    entity: entity ?? null,
    admittedAt: time(admittedAt),
    reasons,
    ...(kind === 'alert' ? alertToJson(member) : anomalyToJson(member.anomaly)),
  };
}

/** A line of the timeline; which firings moved is told by their number only. */
export function eventToJson({ id, at, kind, by, comment, count, detail }: StoredEvent) {
  const { firings: _, ...shown } = detail;
  return { id, at: time(at), kind, by, comment, count, detail: shown };
}

export function feedbackToJson({ at, by, comment, detail }: IncidentEvent) {
  const { about = 'cause', verdict = 'right', cause = null, entity = null } = detail;
  return { at: time(at), by, comment, about, verdict, cause, entity };
}

function alertToJson({ onset, weak, alternatives, pinned, firing: { alert } }: Extract<Member, { kind: 'alert' }>) {
  return {
    onsetAt: time(onset.earliest),
    weak,
    pinned,
    alternatives: alternatives.map(({ incidentId, cost }) => ({ incident: incidentId, cost })),
    fingerprint: alert.fingerprint,
    annotations: labelsToObject(alert.annotations),
    generatorURL: alert.generatorUrl,
    extra: alert.extra,
  };
}

function anomalyToJson(anomaly: Extract<Member, { kind: 'anomaly' }>['anomaly']) {
  const { labels, startsAt: _, endsAt: __, ...rest } = anomaly;
  return { fingerprint: fingerprint(labels), ...rest };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
