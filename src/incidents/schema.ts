import type { DatabaseSync } from 'node:sqlite';

/**
 * Each entry brings the database from the version of its index to the next one. Entries are never edited once released.
 * Times are milliseconds since the epoch. What has an open set of fields is kept as JSON.
 */
const MIGRATIONS: readonly string[] = [
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
  for (const [index, migration] of MIGRATIONS.slice(version).entries()) {
    database.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
  }
}
