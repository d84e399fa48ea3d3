import { type Entity, formatEntity } from '../model/entity.ts';
import { type Incident, incidentTitle } from '../model/incident.ts';
import type { AlertGroup, IncidentStore } from './store.ts';

/** All alerts of one name in an incident. */
interface AlertKind {
  readonly alertname: string;
  readonly alerts: number;
  readonly firing: number;
}

/**
 * What one says of an incident to people who have not looked at it: the incident and what its alerts are about, in plain
 * JSON. Times are milliseconds since the epoch.
 */
export interface IncidentSummary {
  readonly id: string;
  readonly title: string;
  readonly state: Incident['state'];
  readonly severity: string;
  readonly cluster: string;
  readonly startsAt: number;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** When it last changed here: opened, joined, ended. */
  readonly changedAt: number;
  readonly acknowledgedBy: string;
  readonly reopened: number;
  readonly alerts: number;
  readonly firing: number;
  /** By name, those with the most alerts first; at most 100. */
  readonly kinds: readonly AlertKind[];
  /** Sorted; at most 100. */
  readonly namespaces: readonly string[];
  /** What the alerts are about, as `kind:namespace/name`, sorted; at most 100 of `entityCount`. */
  readonly entities: readonly string[];
  readonly entityCount: number;
  /** Probable causes, the best first. */
  readonly causes: readonly { readonly entity: string; readonly p: number; readonly text: string }[];
  /** The incident that took its alerts over, or null. */
  readonly mergedInto: string | null;
}

/** More names help nobody, and a message has its limits. */
const MAX_NAMES = 100;

/**
 * Makes the function that summarises incidents. To look at 1,000 alerts takes 2 ms, so an answer is kept for as long as its
 * incident is the same object: every change makes another one.
 */
export function createSummaries(store: Pick<IncidentStore, 'alertGroups'>): (incident: Incident) => IncidentSummary {
  const known = new WeakMap<Incident, IncidentSummary>();
  return (incident) => {
    const summary = known.get(incident) ?? summarize(incident, store.alertGroups(incident.id));
    known.set(incident, summary);
    return summary;
  };
}

/** The namespace of all its alerts, empty when they are of several or of none. */
export function singleNamespace({ namespaces }: Pick<IncidentSummary, 'namespaces'>): string {
  return namespaces.length === 1 ? namespaces[0]! : '';
}

function summarize(incident: Incident, groups: readonly AlertGroup[]): IncidentSummary {
  const kinds = [...Map.groupBy(groups, ({ alertname }) => alertname)].map(([alertname, same]) => ({
    alertname,
    alerts: same.reduce((sum, { alerts }) => sum + alerts, 0),
    firing: same.reduce((sum, { firing }) => sum + firing, 0),
  }));
  const entities = names(
    groups.map(({ entity }) => (entity === null ? '' : formatEntity(JSON.parse(entity) as Entity))),
  );
  const { id, state, severity, cluster, startsAt, openedAt, resolvedAt, acknowledgedBy, reopened, alerts, firing } =
    incident;
  const { lastJoinedAt, lastEndAt = 0, acknowledgedAt = 0, causes, mergedInto } = incident;
  return {
    ...{ id, title: incidentTitle(incident), state, severity, cluster, startsAt, openedAt },
    ...{ resolvedAt: resolvedAt ?? null, acknowledgedBy, reopened, alerts, firing },
    changedAt: Math.max(openedAt, lastJoinedAt, lastEndAt, acknowledgedAt, resolvedAt ?? 0),
    kinds: kinds.sort((a, b) => b.alerts - a.alerts).slice(0, MAX_NAMES),
    namespaces: names(groups.map(({ namespace }) => namespace)).slice(0, MAX_NAMES),
    entities: entities.slice(0, MAX_NAMES),
    entityCount: entities.length,
    causes: causes.map(({ entity, p, text }) => ({ entity: formatEntity(entity), p, text })),
    mergedInto: mergedInto ?? null,
  };
}

function names(all: readonly string[]): string[] {
  return [...new Set(all)].filter((name) => name !== '').sort();
}
