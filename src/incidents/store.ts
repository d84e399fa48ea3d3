import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AlertDelivery } from '../model/alert.ts';
import { messageOf } from '../model/errors.ts';
import type { AlertMember, Incident, IncidentEvent, Member } from '../model/incident.ts';
import type { PastFiring } from './firing-history.ts';
import type { HandMadeLink } from './hand-made-links.ts';
import type { LedgerEntry } from './receive-delivery.ts';
import {
  incidentToRow,
  memberToRow,
  placementToRow,
  type Row,
  rowToEvent,
  rowToIncident,
  rowToMember,
  rowToPastFiring,
  type StoredEvent,
} from './rows.ts';
import { migrate } from './schema.ts';

/** What one delivery, one tick or one person changed: stored whole or not at all. */
interface IncidentChanges {
  readonly delivery?: AlertDelivery;
  readonly incidents: Iterable<Incident>;
  readonly members: Iterable<Member>;
  /** Members that are stored already, of which only the place, the role and the reasons are new. */
  readonly placed?: Iterable<AlertMember>;
  /** What a person's merge or split says for later. */
  readonly links?: readonly HandMadeLink[];
  readonly events: readonly IncidentEvent[];
  /**
   * What became of the firings of the delivery. Each has one account: the first that it gets, unless it was muted at first
   * and reported after all.
   */
  readonly ledger?: readonly LedgerEntry[];
}

/** A page of incidents, newest first. */
export interface IncidentQuery {
  readonly state: 'open' | 'resolved' | 'all';
  readonly limit: number;
  /** The last incident of the page before. */
  readonly after?: { readonly openedAt: number; readonly id: string };
}

const IS_OPEN = "state IN ('candidate', 'open', 'recovering')";
/** Another program (a backup) may hold the lock for a moment; the loop must not wait for it any longer. */
const BUSY_TIMEOUT_MS = 250;
const PRUNED_ROWS_PER_SLICE = 2000;
const CACHE_KIB = 32_000;
/** Of 4 KiB each. */
const CHECKPOINT_PAGES = 4000;

/**
 * Incidents, their members and their timelines in one SQLite file. A change is on the disk when `commit` returns.
 */
export class IncidentStore {
  readonly #database: DatabaseSync;
  readonly #insertDelivery: StatementSync;
  readonly #putIncident: (row: Row) => void;
  readonly #putMember: (row: Row) => void;
  readonly #placeMember: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #insertLink: StatementSync;
  readonly #insertEntry: StatementSync;
  readonly #findIncident: StatementSync;
  readonly #findEarlier: StatementSync;
  readonly #lastAlert: StatementSync;
  #nextMemberId: number;

  /**
   * @param path a file, created when it does not exist (its folder has to), or `:memory:`
   * @throws Error when the file is no database, or was written by a newer version
   */
  constructor(path: string) {
    this.#database = open(path);
    this.#insertDelivery = this.#prepareInsert('deliveries', [
      'received_at',
      'source',
      'alerts',
      'invalid_alerts',
      'truncated_alerts',
      'envelope',
    ]);
    this.#putIncident = preparePut(this.#database, 'incidents');
    this.#putMember = preparePut(this.#database, 'members');
    this.#insertEvent = this.#prepareInsert('events', [
      'incident_id',
      'at',
      'kind',
      'by',
      'comment',
      'count',
      'detail',
    ]);
    this.#insertLink = this.#prepareInsert('links', ['at', 'a', 'b', 'is_together']);
    this.#placeMember = this.#database.prepare(
      `UPDATE members SET incident_id = :incident_id, role = :role, reasons = :reasons, weak = :weak,
       alternatives = :alternatives, pinned = :pinned WHERE id = :id`,
    );
    this.#findIncident = this.#database.prepare('SELECT * FROM incidents WHERE id = ?');
    this.#findEarlier = this.#database.prepare(
      `SELECT id FROM incidents WHERE "key" = ? AND resolved_at >= ? AND resolved_at <= ? AND state <> 'merged'
       ORDER BY resolved_at DESC LIMIT 1`,
    );
    this.#lastAlert = this.#database.prepare(
      "SELECT * FROM members WHERE fingerprint = ? AND kind = 'alert' ORDER BY id DESC LIMIT 1",
    );
    this.#insertEntry = this.#database.prepare(
      `INSERT INTO ledger (fingerprint, starts_at, replica, at, account, alertname, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET account = excluded.account, at = excluded.at, reason = excluded.reason
         WHERE account IN ('silenced', 'inhibited', 'maintenance') AND excluded.account IN ('member', 'duplicate')`,
    );
    this.#nextMemberId = this.#count('SELECT coalesce(max(id), 0) + 1 AS count FROM members');
  }

  /** Ids of members grow; one that was taken and not stored is not given again. */
  takeMemberId(): number {
    return this.#nextMemberId++;
  }

  /** Stores a change in one transaction. @throws Error when it can't (disk full, locked): then nothing is stored */
  commit({ delivery, incidents, members, placed = [], links = [], events, ledger = [] }: IncidentChanges): void {
    this.#transaction(() => {
      if (delivery !== undefined) {
        this.#addDelivery(delivery);
        this.#addToLedger(ledger, delivery.receivedAt);
      }
      for (const incident of incidents) this.#putIncident(incidentToRow(incident));
      for (const member of members) this.#putMember(memberToRow(member));
      for (const member of placed) this.#placeMember.run({ id: member.id, ...placementToRow(member) });
      for (const { incidentId, detail, ...event } of events) {
        this.#insertEvent.run({ incident_id: incidentId, ...event, detail: JSON.stringify(detail) });
      }
      for (const { at, a, b, isTogether } of links) this.#insertLink.run({ at, a, b, is_together: Number(isTogether) });
    });
  }

  /** Notes what became of firings, see `IncidentChanges.ledger`. @throws Error when that can't be stored */
  addToLedger(entries: readonly LedgerEntry[], at: number): void {
    this.#transaction(() => this.#addToLedger(entries, at));
  }

  /** The newest firing of an alert, undefined when it never fired within the retention. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    const row = this.#lastAlert.get(fingerprint) as Row | undefined;
    return row && (rowToMember(row) as AlertMember);
  }

  incident(id: string): Incident | undefined {
    const row = this.#findIncident.get(id) as Row | undefined;
    return row && rowToIncident(row);
  }

  incidents({ state, limit, after }: IncidentQuery): Incident[] {
    const conditions = { open: IS_OPEN, resolved: `NOT ${IS_OPEN}`, all: 'true' };
    const rows = this.#database
      .prepare(
        `SELECT * FROM incidents WHERE ${conditions[state]} AND (opened_at, id) < (?, ?)
         ORDER BY opened_at DESC, id DESC LIMIT ?`,
      )
      .all(after?.openedAt ?? Number.MAX_SAFE_INTEGER, after?.id ?? '', limit) as Row[];
    return rows.map(rowToIncident);
  }

  /** Incidents that are open, have an alert that fires, or ended at `endedSince` or later: what a start needs to know. */
  recentIncidents(endedSince: number): Incident[] {
    const rows = this.#database
      .prepare(`SELECT * FROM incidents WHERE ${IS_OPEN} OR firing > 0 OR resolved_at >= ? ORDER BY opened_at, id`)
      .all(endedSince) as Row[];
    return rows.map(rowToIncident);
  }

  /** The members in the order in which they were admitted, at most `limit`. */
  members(incidentId: string, limit = -1): Member[] {
    const rows = this.#database
      .prepare('SELECT * FROM members WHERE incident_id = ? ORDER BY id LIMIT ?')
      .all(incidentId, limit);
    return (rows as Row[]).map(rowToMember);
  }

  timeline(incidentId: string): StoredEvent[] {
    const rows = this.#database
      .prepare('SELECT * FROM events WHERE incident_id = ? ORDER BY id')
      .all(incidentId) as Row[];
    return rows.map(rowToEvent);
  }

  /** The last incident with this key that ended from `since` to `until`. */
  findEarlier(key: string, since: number, until: number): string | undefined {
    return (this.#findEarlier.get(key, since, until) as Row | undefined)?.id as string | undefined;
  }

  /** What people's merges and splits said, oldest first. */
  links(): HandMadeLink[] {
    const rows = this.#database.prepare('SELECT at, a, b, is_together FROM links ORDER BY id').all() as Row[];
    return rows.map(({ at, a, b, is_together }) => ({
      at: at as number,
      a: a as string,
      b: b as string,
      isTogether: is_together === 1,
    }));
  }

  /** The newest firings, oldest first, as the history wants them. */
  pastFirings(limit: number): PastFiring[] {
    const rows = this.#database
      .prepare(
        `SELECT fingerprint, starts_at, ends_at, entity, content ->> '$.labels.alertname' AS alertname
         FROM members WHERE kind = 'alert' ORDER BY id DESC LIMIT ?`,
      )
      .all(limit) as Row[];
    return rows.toReversed().map(rowToPastFiring);
  }

  /** Whether something can be stored at all. @throws Error when another program holds the database */
  probe(): void {
    this.#database.exec('BEGIN IMMEDIATE; ROLLBACK');
  }

  /**
   * Deletes a part of what ended before `endedBefore`, a few milliseconds of work.
   * @returns whether there is more to delete
   */
  prune(endedBefore: number): boolean {
    const remove = (sql: string, ...values: (string | number)[]) =>
      Number(this.#database.prepare(sql).run(...values).changes);
    const deliveries = remove(
      'DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < ? LIMIT ?)',
      endedBefore,
      PRUNED_ROWS_PER_SLICE,
    );
    const entries = remove(
      `DELETE FROM ledger WHERE (fingerprint, starts_at, replica) IN
         (SELECT fingerprint, starts_at, replica FROM ledger WHERE at < ? LIMIT ?)`,
      endedBefore,
      PRUNED_ROWS_PER_SLICE,
    );
    const row = this.#database
      .prepare(
        `SELECT id FROM incidents WHERE NOT ${IS_OPEN} AND firing = 0 AND resolved_at < ? ORDER BY resolved_at LIMIT 1`,
      )
      .get(endedBefore);
    if (row === undefined) return deliveries + entries > 0;
    const id = row.id as string;
    const members = remove(
      'DELETE FROM members WHERE id IN (SELECT id FROM members WHERE incident_id = ? LIMIT ?)',
      id,
      PRUNED_ROWS_PER_SLICE,
    );
    if (members < PRUNED_ROWS_PER_SLICE) remove('DELETE FROM incidents WHERE id = ?', id);
    return true;
  }

  close(): void {
    this.#database.close();
  }

  #transaction(write: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      // SQLite may have rolled back by itself, as it does when the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #addToLedger(entries: readonly LedgerEntry[], at: number): void {
    for (const { alert, account, reason } of entries) {
      const { fingerprint, startsAt, replica, labels } = alert;
      this.#insertEntry.run(fingerprint, startsAt, replica, at, account, labels.get('alertname') ?? '', reason);
    }
  }

  #addDelivery({ receivedAt, source, alerts, invalidAlerts, truncatedAlerts, envelope }: AlertDelivery): void {
    this.#insertDelivery.run({
      received_at: receivedAt,
      source,
      alerts: alerts.length,
      invalid_alerts: invalidAlerts,
      truncated_alerts: truncatedAlerts,
      envelope: JSON.stringify(envelope),
    });
  }

  #prepareInsert(table: string, columns: readonly string[]): StatementSync {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const values = columns.map((column) => `:${column}`).join(', ');
    return this.#database.prepare(`INSERT INTO ${table} (${names}) VALUES (${values})`);
  }

  #count(sql: string): number {
    return this.#database.prepare(sql).get()?.count as number;
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    // A webhook of 20,000 alerts fits into the cache, and pages that many commits change are copied back once for all of them.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}

/** Inserts a row, or replaces all columns of the one with the same id. Values go by position, which is twice as fast. */
function preparePut(database: DatabaseSync, table: 'incidents' | 'members'): (row: Row) => void {
  const columns = (database.prepare(`PRAGMA table_info(${table})`).all() as Row[]).map(({ name }) => name as string);
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  const statement = database.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`,
  );
  return (row) => {
    statement.run(...columns.map((column) => row[column]!));
  };
}
