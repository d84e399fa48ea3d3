import { DatabaseSync } from 'node:sqlite';
import type { Incident } from '../model/incident.ts';

/** A firing that is a member of an incident. Times are milliseconds since the epoch. */
export interface PastFiring {
  readonly id: number;
  readonly incidentId: string;
  readonly fingerprint: string;
  /** Its start as it was first heard, which names it. */
  readonly firstStartsAt: number;
  readonly startsAt: number;
  /** Infinity while it fires. */
  readonly endsAt: number;
  /** When its condition began to hold, as far as is known; its start otherwise. */
  readonly onsetAt: number;
  readonly admittedAt: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is measured of an incident. */
export interface PastIncident {
  readonly id: string;
  readonly cluster: string;
  readonly state: Incident['state'];
  readonly severity: string;
  readonly startsAt: number;
  readonly openedAt: number;
  readonly promotedAt: number | undefined;
  /** Infinity for one whose alerts only flap. */
  readonly heldUntil: number | undefined;
  readonly acknowledgedAt: number | undefined;
  readonly resolvedAt: number | undefined;
  /** When its first anomaly began, undefined without one. */
  readonly firstAnomalyAt: number | undefined;
  /** When it came back after it had been resolved. */
  readonly reopenedAt: readonly number[];
}

/** Firings that became no members, of one rule in one account. */
interface LedgerLine {
  readonly alertname: string;
  readonly account: string;
  readonly count: number;
}

/** All that is stored and has to do with noise, since `from`. */
export interface History {
  readonly from: number;
  readonly to: number;
  /** In the order in which they came; the newest ones where there are more than `MAX_FIRINGS`. */
  readonly firings: readonly PastFiring[];
  readonly isCut: boolean;
  readonly incidents: ReadonlyMap<string, PastIncident>;
  readonly ledger: readonly LedgerLine[];
  /** When a webhook of Alertmanager brought something new or an end. */
  readonly webhooksAt: readonly number[];
  /** Messages about incidents, by why they were sent. */
  readonly told: Readonly<Record<string, number>>;
}

/** More would not change what the rules look like, and take long. */
const MAX_FIRINGS = 200_000;

/**
 * Reads what the measures need, from the files that the incidents and the notifications are kept in.
 * @throws Error when one of them can't be read
 */
export function readHistory(incidentsPath: string, notificationsPath: string, from: number, to: number): History {
  const database = new DatabaseSync(incidentsPath, { readOnly: true });
  try {
    const firings = readFirings(database, from);
    return {
      from,
      to,
      firings: firings.slice(-MAX_FIRINGS),
      isCut: firings.length > MAX_FIRINGS,
      incidents: readIncidents(database),
      ledger: readLedger(database, from),
      webhooksAt: database
        .prepare("SELECT received_at FROM deliveries WHERE source = 'webhook' AND received_at >= ?")
        .all(from)
        .map((row) => row.received_at as number),
      told: readTold(notificationsPath, from),
    };
  } finally {
    database.close();
  }
}

function readFirings(database: DatabaseSync, from: number): PastFiring[] {
  const rows = database
    .prepare(
      `SELECT members.id, incidents.id AS incident_id, fingerprint, firing_key, members.starts_at, ends_at, onset_latest,
         admitted_at, content -> '$.labels' AS labels
       FROM members JOIN incidents ON number = incident
       WHERE kind = 'alert' AND admitted_at >= ? ORDER BY members.id DESC LIMIT ?`,
    )
    .all(from, MAX_FIRINGS + 1);
  return rows.toReversed().map((row) => ({
    id: row.id as number,
    incidentId: row.incident_id as string,
    fingerprint: row.fingerprint as string,
    firstStartsAt: Number((row.firing_key as string).split(' ')[1]),
    startsAt: row.starts_at as number,
    endsAt: (row.ends_at as number | null) ?? Number.POSITIVE_INFINITY,
    onsetAt: row.onset_latest as number,
    admittedAt: row.admitted_at as number,
    labels: JSON.parse(row.labels as string),
  }));
}

function readIncidents(database: DatabaseSync): Map<string, PastIncident> {
  const reopened = Map.groupBy(
    database.prepare("SELECT incident, at FROM events WHERE kind = 'reopened' ORDER BY id").all(),
    (row) => row.incident as number,
  );
  const rows = database
    .prepare(
      `SELECT *, (
         SELECT min(starts_at) FROM members
         WHERE incident = number AND kind = 'anomaly' AND content ->> '$.recurring' IS NULL
       ) AS anomaly_at
       FROM incidents`,
    )
    .all();
  const orUndefined = (value: unknown) => (typeof value === 'number' ? value : undefined);
  const incidents = rows.map((row) => ({
    id: row.id as string,
    cluster: row.cluster as string,
    state: row.state as Incident['state'],
    severity: row.severity as string,
    startsAt: row.starts_at as number,
    openedAt: row.opened_at as number,
    promotedAt: orUndefined(row.promoted_at),
    heldUntil: orUndefined(row.held_until),
    acknowledgedAt: orUndefined(row.acknowledged_at),
    resolvedAt: orUndefined(row.resolved_at),
    firstAnomalyAt: orUndefined(row.anomaly_at),
    reopenedAt: (reopened.get(row.number as number) ?? []).map(({ at }) => at as number),
  }));
  return new Map(incidents.map((incident) => [incident.id, incident]));
}

function readLedger(database: DatabaseSync, from: number): LedgerLine[] {
  return database
    .prepare(
      `SELECT alertname, account, count(*) AS count FROM ledger WHERE at >= ? AND account <> 'member'
       GROUP BY alertname, account ORDER BY alertname, account`,
    )
    .all(from) as unknown as LedgerLine[];
}

function readTold(path: string, from: number): Record<string, number> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database
      .prepare('SELECT event, count(*) AS count FROM notifications WHERE at >= ? GROUP BY event')
      .all(from);
    return Object.fromEntries(rows.map(({ event, count }) => [event as string, count as number]));
  } finally {
    database.close();
  }
}
