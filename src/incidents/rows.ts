import type { Alert } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { formatEntity } from '../model/entity.ts';
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
import type { PastFiring } from './firing-history.ts';

/** An event with the number by which it can be undone. */
export type StoredEvent = IncidentEvent & { readonly id: number };

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
    last_joined_at: incident.lastJoinedAt,
    promoted_at: incident.promotedAt ?? null,
    held_until: incident.heldUntil ?? null,
    acknowledged_as: incident.acknowledgedAs === undefined ? null : JSON.stringify(incident.acknowledgedAs),
    causes: JSON.stringify(incident.causes),
    impacted: JSON.stringify(incident.impacted),
    possible: JSON.stringify(incident.possible),
    merged_into: incident.mergedInto ?? null,
    key: incident.key,
    recurrence_of: incident.recurrenceOf ?? null,
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
    lastJoinedAt: row.last_joined_at as number,
    promotedAt: orUndefined(row.promoted_at),
    heldUntil: orUndefined(row.held_until),
    acknowledgedAs: row.acknowledged_as === null ? undefined : JSON.parse(row.acknowledged_as as string),
    causes: JSON.parse(row.causes as string),
    impacted: JSON.parse(row.impacted as string),
    possible: JSON.parse(row.possible as string),
    mergedInto: (row.merged_into as string | null) ?? undefined,
    key: row.key as string,
    recurrenceOf: (row.recurrence_of as string | null) ?? undefined,
  };
}

export function memberToRow(member: Member): Row {
  const { id, kind, entity, admittedAt } = member;
  const subject = kind === 'alert' ? member.firing.alert : member.anomaly;
  return {
    id,
    kind,
    fingerprint: kind === 'alert' ? member.firing.alert.fingerprint : fingerprint(member.anomaly.labels),
    starts_at: subject.startsAt,
    ends_at: subject.endsAt ?? null,
    entity: entity === undefined ? null : JSON.stringify(entity),
    admitted_at: admittedAt,
    content: kind === 'alert' ? firingToJson(member.firing) : anomalyToJson(member.anomaly),
    firing_key: kind === 'alert' ? member.key : '',
    onset_earliest: kind === 'alert' ? member.onset.earliest : 0,
    onset_latest: kind === 'alert' ? member.onset.latest : 0,
    ...placementToRow(member),
  };
}

/** The columns that change when a member stands elsewhere, or for other reasons. */
export function placementToRow(member: Member) {
  const { incidentId, reasons, role } = member;
  const isAlert = member.kind === 'alert';
  return {
    incident_id: incidentId,
    reasons: JSON.stringify(reasons),
    role,
    weak: isAlert && member.weak ? 1 : 0,
    alternatives: isAlert ? JSON.stringify(member.alternatives) : '[]',
    pinned: isAlert && member.pinned ? 1 : 0,
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
        key: row.firing_key as string,
        onset: { earliest: row.onset_earliest as number, latest: row.onset_latest as number },
        role: row.role as AlertMember['role'],
        weak: row.weak === 1,
        alternatives: JSON.parse(row.alternatives as string),
        pinned: row.pinned === 1,
        firing: rowToFiring(row),
      } satisfies AlertMember)
    : ({ ...membership, kind: 'anomaly', role: 'evidence', anomaly: rowToAnomaly(row) } satisfies AnomalyMember);
}

export function rowToPastFiring(row: Row): PastFiring {
  return {
    fingerprint: row.fingerprint as string,
    alertname: (row.alertname as string | null) ?? '',
    entity: row.entity === null ? '' : formatEntity(JSON.parse(row.entity as string)),
    startsAt: row.starts_at as number,
    endsAt: orUndefined(row.ends_at),
  };
}

export function rowToEvent(row: Row): StoredEvent {
  return {
    id: row.id as number,
    incidentId: row.incident_id as string,
    at: row.at as number,
    kind: row.kind as IncidentEvent['kind'],
    by: row.by as string,
    comment: row.comment as string,
    count: row.count as number,
    detail: JSON.parse(row.detail as string),
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
