import type { DatabaseSync } from 'node:sqlite';
import { IS_OPEN } from './schema.ts';

const ROWS_PER_SLICE = 2000;

/**
 * Deletes a part of what ended before `endedBefore`, a few milliseconds of work.
 * @returns whether there is more to delete
 */
type Prune = (endedBefore: number) => boolean;

export function preparePruning(database: DatabaseSync): Prune {
  const prepare = (sql: string) => database.prepare(sql);
  // Mostly there is nothing: to look is a tenth of the work of deleting it.
  const isAnythingOld = prepare(
    `SELECT EXISTS (SELECT 1 FROM (SELECT received_at FROM deliveries ORDER BY id LIMIT 1) WHERE received_at < ?1)
       OR EXISTS (SELECT 1 FROM ledger WHERE at < ?1)
       OR EXISTS (SELECT 1 FROM incidents WHERE NOT ${IS_OPEN} AND firing = 0 AND resolved_at < ?1) AS found`,
  );
  // Numbered as they came, so that the oldest are looked at and not all.
  const dropDeliveries = prepare(
    `DELETE FROM deliveries WHERE id IN
       (SELECT id FROM (SELECT id, received_at FROM deliveries ORDER BY id LIMIT ?) WHERE received_at < ?)`,
  );
  const dropEntries = prepare(
    `DELETE FROM ledger WHERE (starts_at, fingerprint, replica) IN
       (SELECT starts_at, fingerprint, replica FROM ledger WHERE at < ? LIMIT ?)`,
  );
  const findIncident = prepare(
    `SELECT number FROM incidents WHERE NOT ${IS_OPEN} AND firing = 0 AND resolved_at < ? ORDER BY resolved_at LIMIT 1`,
  );
  const dropMembers = prepare('DELETE FROM members WHERE id IN (SELECT id FROM members WHERE incident = ? LIMIT ?)');
  const dropIncident = prepare('DELETE FROM incidents WHERE number = ?');
  return (endedBefore) => {
    if (isAnythingOld.get(endedBefore)?.found === 0) return false;
    const deliveries = Number(dropDeliveries.run(ROWS_PER_SLICE, endedBefore).changes);
    const entries = Number(dropEntries.run(endedBefore, ROWS_PER_SLICE).changes);
    const number = findIncident.get(endedBefore)?.number as number | undefined;
    if (number === undefined) return deliveries + entries > 0;
    const members = Number(dropMembers.run(number, ROWS_PER_SLICE).changes);
    if (members < ROWS_PER_SLICE) dropIncident.run(number);
    return true;
  };
}
