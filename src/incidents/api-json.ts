import { fingerprint } from '../model/fingerprint.ts';
import { type Incident, type IncidentEvent, incidentTitle, type Member } from '../model/incident.ts';
import { labelsToObject } from '../model/labels.ts';

/** An incident as the API shows it, without its members. Times are RFC 3339; what is not so (yet) is null. */
export function incidentToJson(incident: Incident) {
  return {
    id: incident.id,
    title: incidentTitle(incident),
    state: incident.state,
    severity: incident.severity,
    cluster: incident.cluster,
    startsAt: time(incident.startsAt),
    openedAt: time(incident.openedAt),
    acknowledgedAt: time(incident.acknowledgedAt),
    acknowledgedBy: incident.acknowledgedBy,
    resolvedAt: time(incident.resolvedAt),
    resolvedBy: incident.resolvedBy,
    reopened: incident.reopened,
    alerts: incident.alerts,
    firing: incident.firing,
    anomalies: incident.anomalies,
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
    ...(kind === 'alert' ? alertToJson(member.firing.alert) : anomalyToJson(member.anomaly)),
  };
}

export function eventToJson({ at, kind, by, comment, count }: IncidentEvent) {
  return { at: time(at), kind, by, comment, count };
}

function alertToJson({
  fingerprint,
  annotations,
  generatorUrl,
  extra,
}: Extract<Member, { kind: 'alert' }>['firing']['alert']) {
  return { fingerprint, annotations: labelsToObject(annotations), generatorURL: generatorUrl, extra };
}

function anomalyToJson(anomaly: Extract<Member, { kind: 'anomaly' }>['anomaly']) {
  const { labels, startsAt: _, endsAt: __, ...rest } = anomaly;
  return { fingerprint: fingerprint(labels), ...rest };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
