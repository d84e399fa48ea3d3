import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CheckpointThread } from '../incidents/checkpoint-thread.ts';
import { messageOf } from '../model/errors.ts';
import type { Notification, NotificationEvent } from './notification.ts';

/** A message that one receiver has not taken yet. */
export interface Outgoing {
  readonly id: number;
  readonly notification: Notification;
}

/** What was told, for the measures. */
export interface ToldEntry {
  readonly incident: string;
  readonly event: NotificationEvent;
  readonly at: number;
}

const VERSION = 1;
const SCHEMA = `
  CREATE TABLE notifications (
    incident TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (incident, sequence)
  ) STRICT;
  CREATE INDEX notifications_by_time ON notifications (at);
  CREATE TABLE outgoing (
    id INTEGER PRIMARY KEY,
    receiver TEXT NOT NULL,
    incident TEXT NOT NULL,
    sequence INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX outgoing_by_receiver ON outgoing (receiver, id);
  CREATE INDEX outgoing_by_incident ON outgoing (incident);
`;
const DEFAULT_CAPACITY = 10_000;
const BUSY_TIMEOUT_MS = 250;
const PRUNED_PER_CALL = 200;
/** So many messages make a log of about a megabyte. */
const CHECKPOINT_EVERY = 1000;
/** Of 4 KiB each: so long the log becomes only when the thread that copies it does not come. */
const CHECKPOINT_PAGES = 16_000;

/**
 * What people were told, and what still has to reach a receiver, in one SQLite file: a message and its way to each receiver
 * are on the disk together, before the first attempt.
 */
export class Journal {
  readonly #database: DatabaseSync;
  /** Undefined in memory. */
  readonly #checkpoints: CheckpointThread | undefined;
  #sinceCheckpoint = 0;
  readonly #capacity: number;
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  readonly #enqueue: StatementSync;
  readonly #next: StatementSync;
  readonly #remove: StatementSync;
  readonly #count: StatementSync;

  /**
   * @param path a file, created when it does not exist (its folder has to), or `:memory:`
   * @param capacity how many messages may wait for one receiver; of more the oldest are given up
   * @throws Error when the file is no database, or was written by a newer version
   */
  constructor(path: string, capacity = DEFAULT_CAPACITY) {
    this.#database = open(path);
    this.#checkpoints = path === ':memory:' ? undefined : new CheckpointThread(path);
    this.#capacity = capacity;
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#insert = prepare('INSERT INTO notifications VALUES (?, ?, ?, ?, ?)');
    this.#last = prepare('SELECT content FROM notifications WHERE incident = ? ORDER BY sequence DESC LIMIT 1');
    this.#enqueue = prepare('INSERT INTO outgoing (receiver, incident, sequence) VALUES (?, ?, ?)');
    this.#next = prepare(
      `SELECT id, content FROM outgoing JOIN notifications USING (incident, sequence)
       WHERE receiver = ? ORDER BY id LIMIT 1`,
    );
    this.#remove = prepare('DELETE FROM outgoing WHERE id = ?');
    this.#count = prepare('SELECT count(*) AS count FROM outgoing WHERE receiver = ?');
  }

  /**
   * Writes messages down, and that each has to go to each of the receivers.
   * @returns how many older messages had to give way
   * @throws Error when they can't be stored: then none is
   */
  add(notifications: readonly Notification[], receivers: readonly string[]): number {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      let dropped = 0;
      for (const notification of notifications) {
        const { incident, sequence, at, event } = notification;
        this.#insert.run(incident.id, sequence, at, event, JSON.stringify(notification));
        for (const receiver of receivers) {
          dropped += this.#makeRoom(receiver);
          this.#enqueue.run(receiver, incident.id, sequence);
        }
      }
      this.#database.exec('COMMIT');
      this.#checkpoint(notifications.length);
      return dropped;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The last message about an incident. */
  last(incident: string): Notification | undefined {
    const row = this.#last.get(incident);
    return row && JSON.parse(row.content as string);
  }

  /** The last message about each incident that has not been told to be over. */
  open(): Notification[] {
    const rows = this.#database
      .prepare(
        `SELECT content FROM notifications AS n WHERE event NOT IN ('resolved', 'merged')
           AND NOT EXISTS (SELECT 1 FROM notifications WHERE incident = n.incident AND sequence > n.sequence)
         ORDER BY at, incident`,
      )
      .all();
    return rows.map(({ content }) => JSON.parse(content as string));
  }

  /** The oldest message that a receiver has to be sent. */
  next(receiver: string): Outgoing | undefined {
    const row = this.#next.get(receiver);
    return row && { id: row.id as number, notification: JSON.parse(row.content as string) };
  }

  /** A receiver has taken it, or never will. */
  remove(id: number): void {
    this.#remove.run(id);
  }

  pending(receiver: string): number {
    return this.#count.get(receiver)!.count as number;
  }

  /** What was told since a moment, in order. */
  toldSince(at: number): ToldEntry[] {
    return this.#database
      .prepare('SELECT incident, event, at FROM notifications WHERE at >= ? ORDER BY at, incident, sequence')
      .all(at) as unknown as ToldEntry[];
  }

  /** Forgets what waits for receivers that are not there any more. */
  keepReceivers(names: readonly string[]): void {
    this.#database
      .prepare('DELETE FROM outgoing WHERE receiver NOT IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(names));
  }

  /** Deletes all messages about incidents whose last one, that they are over, is from before a moment; some at a time. */
  prune(before: number): void {
    this.#database
      .prepare(
        `DELETE FROM notifications WHERE incident IN (
           SELECT incident FROM notifications AS n WHERE at < ? AND event IN ('resolved', 'merged')
             AND NOT EXISTS (SELECT 1 FROM notifications WHERE incident = n.incident AND sequence > n.sequence)
             AND NOT EXISTS (SELECT 1 FROM outgoing WHERE incident = n.incident)
           LIMIT ?)`,
      )
      .run(before, PRUNED_PER_CALL);
  }

  close(): void {
    this.#checkpoints?.stop();
    this.#database.close();
  }

  #checkpoint(added: number): void {
    this.#sinceCheckpoint += added;
    if (this.#sinceCheckpoint < CHECKPOINT_EVERY) return;
    this.#sinceCheckpoint = 0;
    this.#checkpoints?.request();
  }

  #makeRoom(receiver: string): number {
    if (this.pending(receiver) < this.#capacity) return 0;
    this.#database
      .prepare('DELETE FROM outgoing WHERE id = (SELECT min(id) FROM outgoing WHERE receiver = ?)')
      .run(receiver);
    return 1;
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > VERSION) throw new Error('a newer version of Pronoia wrote it: start that one again');
    if (version < VERSION) database.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${VERSION}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}
