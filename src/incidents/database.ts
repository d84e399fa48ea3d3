import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../model/errors.ts';
import { migrate } from './schema.ts';

/** What SQLite takes and gives for a column. */
export type Value = string | number | null;

/** Another program (a backup) may hold the lock for a moment; the loop must not wait for it any longer. */
const BUSY_TIMEOUT_MS = 250;
const CACHE_KIB = 32_000;
/** Of 4 KiB each: so long the log becomes only when the thread that copies it does not come. */
const CHECKPOINT_PAGES = 16_000;

/** @throws Error when the file is no database, or was written by a newer version */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // A webhook of 20,000 alerts fits into the cache, and pages that many commits change are copied back once for all of them.
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}

/**
 * Writes whole or not at all.
 * @param isFlushed whether it is on the disk in the end, for which the loop waits; otherwise it is with the system, which
 *   keeps it unless the power fails
 * @throws what `write` throws, and Error when it can't be stored
 */
type Transact = (isFlushed: boolean, write: () => void) => void;

export function prepareTransact(database: DatabaseSync): Transact {
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  let wasFlushed: boolean | undefined;
  return (isFlushed, write) => {
    if (isFlushed !== wasFlushed) database.exec(`PRAGMA synchronous = ${isFlushed ? 'FULL' : 'NORMAL'}`);
    wasFlushed = isFlushed;
    begin.run();
    try {
      write();
      commit.run();
    } catch (error) {
      // SQLite may have rolled back by itself, as it does when the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

/**
 * Inserts a row, or replaces the columns of the one with the same key, which is the first column. Values go by position,
 * which is twice as fast as by name.
 * @param fixed columns that never change: they are not written again, nor are the indexes over them
 */
export function prepareUpsert(
  database: DatabaseSync,
  table: string,
  columns: readonly string[],
  fixed: readonly string[],
): (values: readonly Value[]) => void {
  const names = columns.map((column) => `"${column}"`);
  const changing = columns.slice(1).filter((column) => !fixed.includes(column));
  const updates = changing.map((column) => `"${column}" = excluded."${column}"`);
  const statement = database.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
     ON CONFLICT (${names[0]}) DO UPDATE SET ${updates.join(', ')}`,
  );
  return (values) => {
    statement.run(...values);
  };
}
