import type { DatabaseSync } from 'node:sqlite';
import { IS_OPEN } from './schema.ts';

const ROWS_PER_SLICE = 2000;

/**
 * Deletes a part of what ended before `endedBefore`, a few milliseconds of work.
 * @returns whether there is more to delete
 */
export function prune(database: DatabaseSync, endedBefore: number): boolean {
  const remove = (sql: string, ...values: (string | number)[]) => Number(database.prepare(sql).run(...values).changes);
  const deliveries = remove(
    'DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < ? LIMIT ?)',
    endedBefore,
    ROWS_PER_SLICE,
  );
  const entries = remove(
    `DELETE FROM ledger WHERE (starts_at, fingerprint, replica) IN
       (SELECT starts_at, fingerprint, replica FROM ledger WHERE at < ? LIMIT ?)`,
    endedBefore,
    ROWS_PER_SLICE,
  );
  const row = database
    .prepare(
      `SELECT number FROM incidents WHERE NOT ${IS_OPEN} AND firing = 0 AND resolved_at < ? ORDER BY resolved_at LIMIT 1`,
    )
    .get(endedBefore);
  if (row === undefined) return deliveries + entries > 0;
  const number = row.number as number;
  const members = remove(
    'DELETE FROM members WHERE id IN (SELECT id FROM members WHERE incident = ? LIMIT ?)',
    number,
    ROWS_PER_SLICE,
  );
  if (members < ROWS_PER_SLICE) remove('DELETE FROM incidents WHERE number = ?', number);
  return true;
}
