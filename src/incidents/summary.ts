import { formatEntity } from '../model/entity.ts';
import { type AlertMember, type Incident, incidentTitle, rootCause } from '../model/incident.ts';

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
  /** Services and the like that are affected for sure, as far as the topology tells; at most 100. */
  readonly impacted: readonly string[];
  /** What is held to be the cause; null while nothing is probable enough. */
  readonly rootCause: string | null;
  /** Possible causes, the best first. */
  readonly causes: readonly { readonly entity: string; readonly p: number; readonly text: string }[];
  /** The incident that took its alerts over, or null. */
  readonly mergedInto: string | null;
}

/** More names help nobody, and a message has its limits. */
const MAX_NAMES = 100;

/**
 * Makes the function that summarises incidents. To look at 1,000 alerts takes about a millisecond, so an answer is kept for
 * as long as its incident is the same object: every change makes another one.
 * @param alertsOf the firings of an incident
 */
export function createSummaries(
  alertsOf: (incidentId: string) => Iterable<AlertMember>,
): (incident: Incident) => IncidentSummary {
  const known = new WeakMap<Incident, IncidentSummary>();
  return (incident) => {
    const summary = known.get(incident) ?? summarize(incident, alertsOf(incident.id));
    known.set(incident, summary);
    return summary;
  };
}

/** The namespace of all its alerts, empty when they are of several or of none. */
export function singleNamespace({ namespaces }: Pick<IncidentSummary, 'namespaces'>): string {
  return namespaces.length === 1 ? namespaces[0]! : '';
}

function summarize(incident: Incident, members: Iterable<AlertMember>): IncidentSummary {
  const kinds = new Map<string, { fingerprints: Set<string>; firing: number }>();
  const namespaces = new Set<string>();
  const entities = new Set<string>();
  for (const { firing, entity } of members) {
    const { fingerprint, labels, endsAt } = firing.alert;
    const alertname = labels.get('alertname') ?? '';
    const kind = kinds.get(alertname) ?? { fingerprints: new Set(), firing: 0 };
    kinds.set(alertname, kind);
    kind.fingerprints.add(fingerprint);
    if (endsAt === undefined) kind.firing++;
    namespaces.add(labels.get('namespace') ?? '');
    if (entity !== undefined) entities.add(formatEntity(entity));
  }
  const { id, cluster, startsAt, openedAt, resolvedAt, acknowledgedAt = 0, reopened, alerts, firing } = incident;
  const { lastJoinedAt, lastEndAt = 0, causes, impacted } = incident;
  const { state, severity, rootCause, acknowledgedBy, mergedInto } = headOf(incident);
  return {
    ...{ id, title: incidentTitle(incident), state, severity, cluster, startsAt, openedAt },
    ...{ resolvedAt: resolvedAt ?? null, acknowledgedBy, reopened, alerts, firing },
    changedAt: Math.max(openedAt, lastJoinedAt, lastEndAt, acknowledgedAt, resolvedAt ?? 0),
    kinds: [...kinds]
      .map(([alertname, { fingerprints, firing }]) => ({ alertname, alerts: fingerprints.size, firing }))
      .sort((a, b) => b.alerts - a.alerts)
      .slice(0, MAX_NAMES),
    namespaces: sorted(namespaces).slice(0, MAX_NAMES),
    entities: sorted(entities).slice(0, MAX_NAMES),
    entityCount: entities.size,
    impacted: impacted.slice(0, MAX_NAMES).map(formatEntity),
    rootCause,
    causes: causes.map(({ entity, p, text }) => ({ entity: formatEntity(entity), p, text })),
    mergedInto,
  };
}

/** What of an incident is told at once when it changes, and can be seen without a look at its alerts. */
export type IncidentHead = Pick<
  IncidentSummary,
  'state' | 'severity' | 'openedAt' | 'acknowledgedBy' | 'alerts' | 'rootCause' | 'mergedInto'
>;

export function headOf(incident: Incident): IncidentHead {
  const { state, severity, openedAt, alerts, acknowledgedAs, acknowledgedBy, mergedInto = null } = incident;
  const root = rootCause(incident);
  return {
    ...{ state, severity, openedAt, alerts, mergedInto },
    rootCause: root === undefined ? null : formatEntity(root.entity),
    // Whoever took it on before it became worse does not look after it as it is now.
    acknowledgedBy: acknowledgedAs === undefined ? '' : acknowledgedBy,
  };
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].filter((name) => name !== '').sort();
}
