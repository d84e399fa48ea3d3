import { beforeEach, expect, it } from 'vitest';
import { Scorer } from '../../src/detect/scorer.ts';
import { Columns } from '../../src/series/columns.ts';
import { Policies } from '../../src/series/policies.ts';

const DENSE_ROW_BYTES = 4;
let columns: Columns;

beforeEach(() => {
  columns = new Columns(10);
  // Adds the columns of detection to the table, and nothing else is in it.
  new Scorer(columns, new Policies(), 'UTC', () => {});
});

/** Bytes of one slot in a table: its fields, and where its rows in the pools are. */
function bytesOf(table: Columns): number {
  const fields = table.all().map(({ values, width }) => values.BYTES_PER_ELEMENT * width);
  const places = table.pools().map(({ rows }) => (rows.length === 0 ? 0 : DENSE_ROW_BYTES));
  return [...fields, ...places].reduce((sum, bytes) => sum + bytes, 0);
}

/** The same with a row in each of its pools, and in theirs. */
function withPools(table: Columns): number {
  const pools = table.pools().filter(({ rows }) => rows.length > 0);
  return pools.reduce((sum, { columns }) => sum + withPools(columns), bytesOf(table));
}

function pool(table: Columns, name: string): Columns {
  return table.pools().find((each) => each.name === name)!.columns;
}

it('a constant series owns at most 24 bytes beyond its identity', () => {
  expect(bytesOf(columns)).toBeLessThanOrEqual(24);
});

it('a live series owns at most 512 bytes with everything together', () => {
  // One byte says whether an anomaly is open: it is kept by row, and no column. What a new replica owns for its first
  // hour is in a sparse pool, and beside it.
  expect(1 + withPools(columns)).toBeLessThanOrEqual(512);
});

it('each tier costs no more than documented', () => {
  const live = pool(columns, 'live');
  const profile = pool(live, 'profile');
  const tiers = [live, profile, pool(profile, 'weekend'), pool(live, 'habits'), pool(live, 'peers')];
  expect(tiers.map(bytesOf)).toEqual([184, 151, 64, 59, 26]);
});
