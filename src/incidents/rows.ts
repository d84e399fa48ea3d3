import type { Alert } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type {
  AlertMember,
  AnomalyMember,
  Firing,
  Incident,
  IncidentEvent,
  Member,
  Sighting,
} from '../model/incident.ts';
import { createLabels, type Labels, labelsToObject } from '../model/labels.ts';

/** A row as SQLite takes and gives it: column to value. */
export type Row = Record<string, string | number | null>;

export function incidentToRow(incident: Incident): Row {
  return {
    id: incident.id,
    cluster: incident.cluster,
    state: incident.state,
    lead: incident.lead,
    severity: incident.severity,
    starts_at: incident.startsAt,
    last_onset_at: incident.lastOnsetAt,
    opened_at: incident.openedAt,
    last_end_at: incident.lastEndAt ?? null,
    resolved_at: incident.resolvedAt ?? null,
    resolved_by: incident.resolvedBy,
    acknowledged_at: incident.acknowledgedAt ?? null,
    acknowledged_by: incident.acknowledgedBy,
    reopened: incident.reopened,
    alerts: incident.alerts,
    firing: incident.firing,
    anomalies: incident.anomalies,
  };
}

export function rowToIncident(row: Row): Incident {
  return {
    id: row.id as string,
    cluster: row.cluster as string,
    state: row.state as Incident['state'],
    lead: row.lead as string,
    severity: row.severity as string,
    startsAt: row.starts_at as number,
    lastOnsetAt: row.last_onset_at as number,
    openedAt: row.opened_at as number,
    lastEndAt: orUndefined(row.last_end_at),
    resolvedAt: orUndefined(row.resolved_at),
    resolvedBy: row.resolved_by as string,
    acknowledgedAt: orUndefined(row.acknowledged_at),
    acknowledgedBy: row.acknowledged_by as string,
    reopened: row.reopened as number,
    alerts: row.alerts as number,
    firing: row.firing as number,
    anomalies: row.anomalies as number,
  };
}

export function memberToRow(member: Member): Row {
  const { id, incidentId, kind, entity, admittedAt, reasons } = member;
  const subject = kind === 'alert' ? member.firing.alert : member.anomaly;
  return {
    id,
    incident_id: incidentId,
    kind,
    fingerprint: kind === 'alert' ? member.firing.alert.fingerprint : fingerprint(member.anomaly.labels),
    starts_at: subject.startsAt,
    ends_at: subject.endsAt ?? null,
    entity: entity === undefined ? null : JSON.stringify(entity),
    core: kind === 'alert' && member.core ? 1 : 0,
    admitted_at: admittedAt,
    reasons: JSON.stringify(reasons),
    content: kind === 'alert' ? firingToJson(member.firing) : anomalyToJson(member.anomaly),
  };
}

export function rowToMember(row: Row): Member {
  const membership = {
    id: row.id as number,
    incidentId: row.incident_id as string,
    entity: row.entity === null ? undefined : JSON.parse(row.entity as string),
    admittedAt: row.admitted_at as number,
    reasons: JSON.parse(row.reasons as string),
  };
  return row.kind === 'alert'
    ? ({
        ...membership,
        kind: 'alert',
        role: 'symptom',
        core: row.core === 1,
        firing: rowToFiring(row),
      } satisfies AlertMember)
    : ({ ...membership, kind: 'anomaly', role: 'evidence', anomaly: rowToAnomaly(row) } satisfies AnomalyMember);
}

export function rowToEvent(row: Row): IncidentEvent {
  return {
    incidentId: row.incident_id as string,
    at: row.at as number,
    kind: row.kind as IncidentEvent['kind'],
    by: row.by as string,
    comment: row.comment as string,
    count: row.count as number,
  };
}

function firingToJson({ alert, replicas }: Firing): string {
  const { labels, annotations, generatorUrl, group, extra } = alert;
  return JSON.stringify({
    labels: labelsToObject(labels),
    annotations: labelsToObject(annotations),
    generatorUrl,
    group,
    extra,
    replicas: [...replicas].map(([replica, sighting]) => ({ replica, ...sighting })),
  });
}

function rowToFiring(row: Row): Firing {
  const { labels, annotations, generatorUrl, group, extra, replicas } = JSON.parse(row.content as string);
  const alert: Alert = {
    fingerprint: row.fingerprint as string,
    labels: toLabels(labels),
    replica: '',
    annotations: toLabels(annotations),
    startsAt: row.starts_at as number,
    endsAt: orUndefined(row.ends_at),
    expiresAt: undefined,
    generatorUrl,
    group,
    extra,
  };
  const sightings = (replicas as ({ replica: string } & Sighting)[]).map(
    ({ replica, startsAt, endsAt, expiresAt, expired, endedStartsAt }) =>
      [replica, { startsAt, endsAt, expiresAt, expired, endedStartsAt }] as const,
  );
  return { alert, replicas: new Map(sightings) };
}

function anomalyToJson(anomaly: Anomaly): string {
  const { startsAt: _, endsAt: __, labels, ...rest } = anomaly;
  return JSON.stringify({ ...rest, labels: labelsToObject(labels) });
}

function rowToAnomaly(row: Row): Anomaly {
  const { labels, endReason, ...rest } = JSON.parse(row.content as string);
  return {
    ...rest,
    endReason,
    labels: toLabels(labels),
    startsAt: row.starts_at as number,
    endsAt: orUndefined(row.ends_at),
  };
}

function toLabels(object: Record<string, string>): Labels {
  return createLabels(Object.entries(object));
}

function orUndefined(value: string | number | null | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
