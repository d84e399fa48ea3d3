import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AlertDelivery } from '../model/alert.ts';
import type { AlertMember, Incident, IncidentEvent, Member } from '../model/incident.ts';
import { CheckpointThread } from './checkpoint-thread.ts';
import { openDatabase, prepareTransact, prepareUpsert, type Value } from './database.ts';
import type { PastFiring } from './firing-history.ts';
import type { HandMadeLink } from './hand-made-links.ts';
import { LogFlush } from './log-flush.ts';
import { preparePruning } from './pruning.ts';
import type { LedgerEntry } from './receive-delivery.ts';
import {
  INCIDENT_COLUMNS,
  incidentValues,
  MEMBER_COLUMNS,
  memberValues,
  placementValues,
  type Row,
  rowToEvent,
  rowToIncident,
  rowToMember,
  rowToPastFiring,
  type StoredEvent,
} from './rows.ts';
import { IS_OPEN } from './schema.ts';

/** What one delivery, one tick or one person changed: stored whole or not at all. */
interface IncidentChanges {
  readonly delivery?: AlertDelivery;
  readonly incidents: Iterable<Incident>;
  readonly members: Iterable<Member>;
  /** Members that are stored already, of which only the place, the role and the reasons are new. */
  readonly placed?: Iterable<AlertMember>;
  /** Whether it survives a power cut when `commit` returns, and not only once `flushed` resolves. */
  readonly isFlushed?: boolean;
  /** What a person's merge or split says for later. */
  readonly links?: readonly HandMadeLink[];
  readonly events: readonly IncidentEvent[];
  /**
   * What became of the firings of the delivery. Each has one account: the first that it gets, unless it was muted at first
   * and reported after all.
   */
  readonly ledger?: readonly LedgerEntry[];
}

/** The body of a webhook that is accepted and not taken in. */
interface KeptDelivery {
  readonly id: number;
  readonly receivedAt: number;
  readonly body: Uint8Array;
}

/** A page of incidents, newest first. */
export interface IncidentQuery {
  readonly state: 'open' | 'resolved' | 'all';
  readonly limit: number;
  /** The last incident of the page before. */
  readonly after?: { readonly openedAt: number; readonly id: string };
}

/**
 * Incidents, their members and their timelines in one SQLite file. A change survives the end of the process when `commit`
 * returns, and a power cut when `flushed` resolves.
 */
export class IncidentStore {
  readonly #database: DatabaseSync;
  /** Undefined in memory. */
  readonly #log: { readonly checkpoints: CheckpointThread; readonly flush: LogFlush } | undefined;
  readonly #transact: ReturnType<typeof prepareTransact>;
  readonly #prune: ReturnType<typeof preparePruning>;
  readonly #insertDelivery: StatementSync;
  readonly #putIncident: (values: readonly Value[]) => void;
  readonly #putMember: (values: readonly Value[]) => void;
  readonly #placeMember: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #insertLink: StatementSync;
  readonly #insertEntry: StatementSync;
  readonly #findNumber: StatementSync;
  readonly #findIncident: StatementSync;
  readonly #findEarlier: StatementSync;
  readonly #lastAlert: StatementSync;
  /** By which members and events refer to incidents, of those that go on; that of others is found on the disk. */
  readonly #numbers: Map<string, number>;
  #nextNumber: number;
  #hasChanged = false;
  #nextMemberId: number;

  /**
   * @param path a file, created when it does not exist (its folder has to), or `:memory:`
   * @throws Error when the file is no database, or was written by a newer version
   */
  constructor(path: string) {
    this.#database = openDatabase(path);
    this.#log =
      path === ':memory:' ? undefined : { checkpoints: new CheckpointThread(path), flush: new LogFlush(path) };
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#transact = prepareTransact(this.#database);
    this.#prune = preparePruning(this.#database);
    this.#insertDelivery = prepare(
      `INSERT INTO deliveries (received_at, source, alerts, invalid_alerts, truncated_alerts, envelope)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#putIncident = prepareUpsert(this.#database, 'incidents', INCIDENT_COLUMNS, ['id', 'cluster', 'opened_at']);
    this.#putMember = prepareUpsert(this.#database, 'members', MEMBER_COLUMNS, ['kind', 'fingerprint', 'firing_key']);
    this.#placeMember = prepare(
      'UPDATE members SET incident = ?, role = ?, reasons = ?, weak = ?, alternatives = ?, pinned = ? WHERE id = ?',
    );
    this.#insertEvent = prepare(
      'INSERT INTO events (incident, at, kind, "by", comment, count, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertLink = prepare('INSERT INTO links (at, a, b, is_together) VALUES (?, ?, ?, ?)');
    this.#findNumber = prepare('SELECT number FROM incidents WHERE id = ? AND resolved_at IS NOT NULL');
    this.#findIncident = prepare('SELECT * FROM incidents WHERE number = ?');
    this.#findEarlier = prepare(
      `SELECT id FROM incidents WHERE "key" = ? AND resolved_at >= ? AND resolved_at <= ? AND state <> 'merged'
       ORDER BY resolved_at DESC LIMIT 1`,
    );
    this.#lastAlert = prepare(
      `SELECT members.*, incidents.id AS incident_id FROM members JOIN incidents ON number = incident
       WHERE fingerprint = ? AND kind = 'alert' AND ends_at IS NOT NULL ORDER BY members.id DESC LIMIT 1`,
    );
    this.#insertEntry = prepare(
      `INSERT INTO ledger (starts_at, fingerprint, replica, at, account, alertname, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET account = excluded.account, at = excluded.at, reason = excluded.reason
         WHERE account IN ('silenced', 'inhibited', 'maintenance') AND excluded.account IN ('member', 'duplicate')`,
    );
    const open = prepare('SELECT id, number FROM incidents WHERE resolved_at IS NULL').all();
    this.#numbers = new Map(open.map(({ id, number }) => [id as string, number as number]));
    this.#nextNumber = this.#next('SELECT max(number) AS last FROM incidents');
    this.#nextMemberId = this.#next('SELECT max(id) AS last FROM members');
  }

  /** Ids of members grow; one that was taken and not stored is not given again. */
  takeMemberId(): number {
    return this.#nextMemberId++;
  }

  /** Stores a change in one transaction. @throws Error when it can't (disk full, locked): then nothing is stored */
  commit(changes: IncidentChanges): void {
    const { delivery, incidents, members, placed = [], links = [], events, ledger = [], isFlushed = false } = changes;
    const changed = [...incidents];
    const numbers = new Map(changed.map(({ id }) => [id, this.#numberOf(id) || this.#nextNumber++]));
    const numberOf = (id: string) => numbers.get(id) ?? this.#numberOf(id);
    this.#transact(isFlushed, () => {
      if (delivery !== undefined) {
        this.#addDelivery(delivery);
        this.#addToLedger(ledger, delivery.receivedAt);
      }
      for (const incident of changed) this.#putIncident(incidentValues(incident, numberOf(incident.id)));
      // In the order of their ids: so new ones are written at the end of the table, and not all over its last pages.
      for (const member of [...members].sort((a, b) => a.id - b.id)) {
        this.#putMember(memberValues(member, numberOf(member.incidentId)));
      }
      for (const member of placed) {
        this.#placeMember.run(...placementValues(member, numberOf(member.incidentId)), member.id);
      }
      for (const { incidentId, at, kind, by, comment, count, detail } of events) {
        this.#insertEvent.run(numberOf(incidentId), at, kind, by, comment, count, JSON.stringify(detail));
      }
      for (const { at, a, b, isTogether } of links) this.#insertLink.run(at, a, b, Number(isTogether));
    });
    this.#hasChanged = true;
    for (const { id, resolvedAt } of changed) {
      if (resolvedAt === undefined) this.#numbers.set(id, numberOf(id));
      else this.#numbers.delete(id);
    }
  }

  /** Notes what became of firings, see `IncidentChanges.ledger`. @throws Error when that can't be stored */
  addToLedger(entries: readonly LedgerEntry[], at: number): void {
    this.#transact(false, () => this.#addToLedger(entries, at));
    this.#hasChanged = true;
  }

  /** Keeps the body of a webhook that is accepted and not taken in. @returns a number by which it can be dropped */
  keepDelivery(receivedAt: number, body: Uint8Array): number {
    let id = 0;
    this.#transact(false, () => {
      const kept = this.#database.prepare('INSERT INTO accepted (received_at, body) VALUES (?, ?)');
      id = Number(kept.run(receivedAt, body).lastInsertRowid);
    });
    this.#hasChanged = true;
    return id;
  }

  /** The kept bodies in the order in which they came. */
  keptDeliveries(): KeptDelivery[] {
    const rows = this.#database.prepare('SELECT id, received_at, body FROM accepted ORDER BY id').all();
    return rows.map(({ id, received_at, body }) => ({
      id: id as number,
      receivedAt: received_at as number,
      body: body as Uint8Array,
    }));
  }

  dropDelivery(id: number): void {
    this.#transact(false, () => this.#database.prepare('DELETE FROM accepted WHERE id = ?').run(id));
    this.#hasChanged = true;
  }

  /** Resolves when all that was committed so far survives a power cut. Rejects when the disk fails. */
  async flushed(): Promise<void> {
    await this.#log?.flush.flush();
  }

  /** Begins to copy what was committed from the log into the tables; to be called now and then. */
  checkpoint(): void {
    if (this.#hasChanged) this.#log?.checkpoints.request();
    this.#hasChanged = false;
  }

  /** The newest firing of an alert among those that have ended, undefined when there is none within the retention. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    const row = this.#lastAlert.get(fingerprint) as Row | undefined;
    return row && (rowToMember(row, row.incident_id as string) as AlertMember);
  }

  incident(id: string): Incident | undefined {
    const row = this.#findIncident.get(this.#numberOf(id)) as Row | undefined;
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
      .prepare('SELECT * FROM members WHERE incident = ? ORDER BY id LIMIT ?')
      .all(this.#numberOf(incidentId), limit);
    return (rows as Row[]).map((row) => rowToMember(row, incidentId));
  }

  timeline(incidentId: string): StoredEvent[] {
    const rows = this.#database
      .prepare('SELECT * FROM events WHERE incident = ? ORDER BY id')
      .all(this.#numberOf(incidentId)) as Row[];
    return rows.map((row) => rowToEvent(row, incidentId));
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

  /** What was saved under this name, undefined when nothing was. */
  learnt(name: string): unknown {
    const row = this.#database.prepare('SELECT content FROM learnt WHERE name = ?').get(name);
    return row && JSON.parse(row.content as string);
  }

  /** Saves, as JSON, what would have to be learnt anew otherwise. @throws Error when it can't be stored */
  saveLearnt(name: string, content: unknown): void {
    this.#transact(false, () => {
      this.#database
        .prepare('INSERT INTO learnt VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content')
        .run(name, JSON.stringify(content));
    });
    this.#hasChanged = true;
  }

  /** Whether something can be stored at all. @throws Error when another program holds the database */
  probe(): void {
    this.#database.exec('BEGIN IMMEDIATE; ROLLBACK');
  }

  /** Deletes a part of what ended before `endedBefore`. @returns whether there is more to delete */
  prune(endedBefore: number): boolean {
    return this.#prune(endedBefore);
  }

  close(): void {
    this.#log?.checkpoints.stop();
    void this.#log?.flush.stop();
    this.#database.close();
  }

  #addToLedger(entries: readonly LedgerEntry[], at: number): void {
    for (const { alert, account, reason } of entries) {
      const { fingerprint, startsAt, replica, labels } = alert;
      this.#insertEntry.run(startsAt, fingerprint, replica, at, account, labels.get('alertname') ?? '', reason);
    }
  }

  #addDelivery({ receivedAt, source, alerts, invalidAlerts, truncatedAlerts, envelope }: AlertDelivery): void {
    const counts = [alerts.length, invalidAlerts, truncatedAlerts];
    this.#insertDelivery.run(receivedAt, source, ...counts, JSON.stringify(envelope));
  }

  /** @returns 0, which is no number, when there is no such incident */
  #numberOf(id: string): number {
    return this.#numbers.get(id) ?? (this.#findNumber.get(id)?.number as number | undefined) ?? 0;
  }

  #next(sql: string): number {
    return ((this.#database.prepare(sql).get()?.last as number | null) ?? 0) + 1;
  }
}
