import type { DatabaseSync } from 'node:sqlite';

/** Of incidents. */
export const IS_OPEN = "state IN ('candidate', 'open', 'recovering')";

/**
 * Each entry brings the database from the version of its index to the next one. Entries are never edited once released.
 * Times are milliseconds since the epoch. What has an open set of fields is kept as JSON.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    invalid_alerts INTEGER NOT NULL,
    truncated_alerts INTEGER NOT NULL,
    envelope TEXT NOT NULL
  ) STRICT;
  CREATE INDEX deliveries_by_time ON deliveries (received_at);

  CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    cluster TEXT NOT NULL,
    state TEXT NOT NULL,
    lead TEXT NOT NULL,
    severity TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    last_onset_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    last_end_at INTEGER,
    resolved_at INTEGER,
    resolved_by TEXT NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT NOT NULL,
    reopened INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    firing INTEGER NOT NULL,
    anomalies INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX incidents_by_opening ON incidents (opened_at, id);
  CREATE INDEX incidents_by_end ON incidents (resolved_at);

  CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    entity TEXT,
    core INTEGER NOT NULL,
    admitted_at INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    content TEXT NOT NULL
  ) STRICT;
  CREATE INDEX members_by_incident ON members (incident_id, id);
  CREATE INDEX members_by_fingerprint ON members (fingerprint, kind, id);

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    "by" TEXT NOT NULL,
    comment TEXT NOT NULL,
    count INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_by_incident ON events (incident_id, id);
  `,
  `
  ALTER TABLE incidents ADD COLUMN last_joined_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE incidents ADD COLUMN promoted_at INTEGER;
  ALTER TABLE incidents ADD COLUMN held_until REAL;
  ALTER TABLE incidents ADD COLUMN acknowledged_as TEXT;
  ALTER TABLE incidents ADD COLUMN causes TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE incidents ADD COLUMN impacted TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE incidents ADD COLUMN possible TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE incidents ADD COLUMN merged_into TEXT;
  ALTER TABLE incidents ADD COLUMN "key" TEXT NOT NULL DEFAULT '';
  ALTER TABLE incidents ADD COLUMN recurrence_of TEXT;
  UPDATE incidents SET last_joined_at = opened_at, promoted_at = opened_at, "key" = lead;
  UPDATE incidents SET acknowledged_as = json_object('severity', severity, 'root', '', 'impacted', 1), state = 'open'
    WHERE state = 'acknowledged';
  CREATE INDEX incidents_by_key ON incidents ("key", resolved_at);

  ALTER TABLE members DROP COLUMN core;
  ALTER TABLE members ADD COLUMN firing_key TEXT NOT NULL DEFAULT '';
  ALTER TABLE members ADD COLUMN onset_earliest INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE members ADD COLUMN onset_latest INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE members ADD COLUMN role TEXT NOT NULL DEFAULT 'symptom';
  ALTER TABLE members ADD COLUMN weak INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE members ADD COLUMN alternatives TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE members ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
  UPDATE members SET firing_key = fingerprint || ' ' || starts_at, onset_earliest = starts_at, onset_latest = starts_at
    WHERE kind = 'alert';
  UPDATE members SET role = 'evidence' WHERE kind = 'anomaly';

  ALTER TABLE events ADD COLUMN detail TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    is_together INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE ledger (
    fingerprint TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    replica TEXT NOT NULL,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    alertname TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (fingerprint, starts_at, replica)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ledger_by_time ON ledger (at);
  `,
  // Incidents are numbered as they come, and their members and events go by that number: what is new is written at the end
  // of each table and index, and not all over the file. Of what goes on, ids and fingerprints are found in memory.
  `
  CREATE TABLE new_incidents (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    cluster TEXT NOT NULL,
    state TEXT NOT NULL,
    lead TEXT NOT NULL,
    severity TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    last_onset_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    last_joined_at INTEGER NOT NULL,
    promoted_at INTEGER,
    held_until REAL,
    last_end_at INTEGER,
    resolved_at INTEGER,
    resolved_by TEXT NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT NOT NULL,
    acknowledged_as TEXT,
    reopened INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    firing INTEGER NOT NULL,
    anomalies INTEGER NOT NULL,
    causes TEXT NOT NULL,
    impacted TEXT NOT NULL,
    possible TEXT NOT NULL,
    merged_into TEXT,
    "key" TEXT NOT NULL,
    recurrence_of TEXT
  ) STRICT;
  INSERT INTO new_incidents (id, cluster, state, lead, severity, starts_at, last_onset_at, opened_at, last_joined_at,
      promoted_at, held_until, last_end_at, resolved_at, resolved_by, acknowledged_at, acknowledged_by, acknowledged_as,
      reopened, alerts, firing, anomalies, causes, impacted, possible, merged_into, "key", recurrence_of)
    SELECT id, cluster, state, lead, severity, starts_at, last_onset_at, opened_at, last_joined_at,
      promoted_at, held_until, last_end_at, resolved_at, resolved_by, acknowledged_at, acknowledged_by, acknowledged_as,
      reopened, alerts, firing, anomalies, causes, impacted, possible, merged_into, "key", recurrence_of
    FROM incidents ORDER BY opened_at, id;

  CREATE TABLE new_members (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL REFERENCES incidents (number) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    firing_key TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    onset_earliest INTEGER NOT NULL,
    onset_latest INTEGER NOT NULL,
    entity TEXT,
    admitted_at INTEGER NOT NULL,
    role TEXT NOT NULL,
    reasons TEXT NOT NULL,
    weak INTEGER NOT NULL,
    alternatives TEXT NOT NULL,
    pinned INTEGER NOT NULL,
    content TEXT NOT NULL
  ) STRICT;
  INSERT INTO new_members (id, incident, kind, fingerprint, firing_key, starts_at, ends_at, onset_earliest, onset_latest,
      entity, admitted_at, role, reasons, weak, alternatives, pinned, content)
    SELECT members.id, number, kind, fingerprint, firing_key, members.starts_at, ends_at, onset_earliest, onset_latest,
      entity, admitted_at, role, reasons, weak, alternatives, pinned, content
    FROM members JOIN new_incidents ON new_incidents.id = incident_id ORDER BY members.id;

  CREATE TABLE new_events (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL REFERENCES incidents (number) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    "by" TEXT NOT NULL,
    comment TEXT NOT NULL,
    count INTEGER NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  INSERT INTO new_events (id, incident, at, kind, "by", comment, count, detail)
    SELECT events.id, number, at, kind, "by", comment, count, detail
    FROM events JOIN new_incidents ON new_incidents.id = incident_id ORDER BY events.id;

  CREATE TABLE new_ledger (
    starts_at INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    replica TEXT NOT NULL,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    alertname TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (starts_at, fingerprint, replica)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_ledger SELECT starts_at, fingerprint, replica, at, account, alertname, reason
    FROM ledger ORDER BY starts_at, fingerprint, replica;

  DROP TABLE events; DROP TABLE members; DROP TABLE incidents; DROP TABLE ledger;
  ALTER TABLE new_incidents RENAME TO incidents;
  ALTER TABLE new_members RENAME TO members;
  ALTER TABLE new_events RENAME TO events;
  ALTER TABLE new_ledger RENAME TO ledger;
  CREATE UNIQUE INDEX incidents_by_id ON incidents (id) WHERE resolved_at IS NOT NULL;
  CREATE INDEX incidents_by_opening ON incidents (opened_at, id);
  CREATE INDEX incidents_by_end ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;
  CREATE INDEX incidents_by_key ON incidents ("key", resolved_at) WHERE resolved_at IS NOT NULL;
  CREATE INDEX members_by_incident ON members (incident, id);
  CREATE INDEX members_by_fingerprint ON members (fingerprint, id) WHERE kind = 'alert' AND ends_at IS NOT NULL;
  CREATE INDEX events_by_incident ON events (incident, id);
  CREATE INDEX ledger_by_time ON ledger (at);
  `,
  `
  CREATE TABLE learnt (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE accepted (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  `,
];

/**
 * Brings a database to the schema of this version.
 * @throws Error when a newer version of Pronoia wrote it
 */
export function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > MIGRATIONS.length) {
    throw new Error(
      `the incident database has schema ${version} and this version of Pronoia knows ${MIGRATIONS.length} at most: ` +
        'start the newer version again, or point --storage.path to another folder',
    );
  }
  // A table that is made anew is dropped first, and what refers to it must not go with it.
  database.exec('PRAGMA foreign_keys = OFF');
  for (const [index, migration] of MIGRATIONS.slice(version).entries()) {
    database.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
  }
  database.exec('PRAGMA foreign_keys = ON');
}
