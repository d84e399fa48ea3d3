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
import type { Value } from './database.ts';
import type { PastFiring } from './firing-history.ts';

/** An event with the number by which it can be undone. */
export type StoredEvent = IncidentEvent & { readonly id: number };

/** A row as SQLite gives it: column to value. */
export type Row = Record<string, Value>;

/** In the order of `incidentValues`. */
export const INCIDENT_COLUMNS = [
  'number',
  'id',
  'cluster',
  'state',
  'lead',
  'severity',
  'starts_at',
  'last_onset_at',
  'opened_at',
  'last_joined_at',
  'promoted_at',
  'held_until',
  'last_end_at',
  'resolved_at',
  'resolved_by',
  'acknowledged_at',
  'acknowledged_by',
  'acknowledged_as',
  'reopened',
  'alerts',
  'firing',
  'anomalies',
  'causes',
  'impacted',
  'possible',
  'merged_into',
  'key',
  'recurrence_of',
];

/** @param number by which members and events refer to it */
export function incidentValues(incident: Incident, number: number): Value[] {
  return [
    number,
    incident.id,
    incident.cluster,
    incident.state,
    incident.lead,
    incident.severity,
    incident.startsAt,
    incident.lastOnsetAt,
    incident.openedAt,
    incident.lastJoinedAt,
    incident.promotedAt ?? null,
    incident.heldUntil ?? null,
    incident.lastEndAt ?? null,
    incident.resolvedAt ?? null,
    incident.resolvedBy,
    incident.acknowledgedAt ?? null,
    incident.acknowledgedBy,
    incident.acknowledgedAs === undefined ? null : JSON.stringify(incident.acknowledgedAs),
    incident.reopened,
    incident.alerts,
    incident.firing,
    incident.anomalies,
    listToJson(incident.causes),
    listToJson(incident.impacted),
    listToJson(incident.possible),
    incident.mergedInto ?? null,
    incident.key,
    incident.recurrenceOf ?? null,
  ];
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

/** In the order of `memberValues`. */
export const MEMBER_COLUMNS = [
  'id',
  'kind',
  'fingerprint',
  'firing_key',
  'starts_at',
  'ends_at',
  'onset_earliest',
  'onset_latest',
  'entity',
  'admitted_at',
  'content',
  'incident',
  'role',
  'reasons',
  'weak',
  'alternatives',
  'pinned',
];

/** @param incident the number of its incident */
export function memberValues(member: Member, incident: number): Value[] {
  const { id, entity, admittedAt } = member;
  const about = entity === undefined ? null : JSON.stringify(entity);
  if (member.kind === 'anomaly') {
    const { labels, startsAt, endsAt = null } = member.anomaly;
    const content = anomalyToJson(member.anomaly);
    const own = [id, 'anomaly', fingerprint(labels), '', startsAt, endsAt, 0, 0, about, admittedAt, content];
    return own.concat(placementValues(member, incident));
  }
  const { key, onset, firing } = member;
  const { fingerprint: alert, startsAt, endsAt = null } = firing.alert;
  const content = firingToJson(firing);
  const own = [id, 'alert', alert, key, startsAt, endsAt, onset.earliest, onset.latest, about, admittedAt, content];
  return own.concat(placementValues(member, incident));
}

/** The columns from `incident` on: what changes when a member stands elsewhere, or for other reasons. */
export function placementValues(member: Member, incident: number): Value[] {
  const { reasons, role } = member;
  if (member.kind === 'anomaly') return [incident, role, listToJson(reasons), 0, '[]', 0];
  const { weak, alternatives, pinned } = member;
  return [incident, role, listToJson(reasons), Number(weak), listToJson(alternatives), Number(pinned)];
}

export function rowToMember(row: Row, incidentId: string): Member {
  const membership = {
    id: row.id as number,
    incidentId,
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

export function rowToEvent(row: Row, incidentId: string): StoredEvent {
  return {
    id: row.id as number,
    incidentId,
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
    replicas: Array.from(replicas, sightingToJson),
  });
}

function sightingToJson([replica, { startsAt, endsAt, expiresAt, expired, endedStartsAt }]: [string, Sighting]) {
  return { replica, startsAt, endsAt, expiresAt, expired, endedStartsAt };
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

/** What a large incident affects is hundreds of things: it is written with every change of it, and seldom changes itself. */
const LONG = 16;
const longAsJson = new WeakMap<readonly unknown[], string>();

/** Lists never change: others take their place. Most are empty. */
function listToJson(list: readonly unknown[]): string {
  if (list.length === 0) return '[]';
  if (list.length < LONG) return JSON.stringify(list);
  const known = longAsJson.get(list) ?? JSON.stringify(list);
  longAsJson.set(list, known);
  return known;
}

function toLabels(object: Record<string, string>): Labels {
  return createLabels(Object.entries(object));
}

function orUndefined(value: string | number | null | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
