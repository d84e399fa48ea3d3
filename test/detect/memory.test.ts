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

function pool(table: Columns, name: string): Columns {
  return table.pools().find((each) => each.name === name)!.columns;
}

it('a constant series owns at most 24 bytes beyond its identity', () => {
  expect(bytesOf(columns)).toBeLessThanOrEqual(24);
});

it('a live series owns at most 448 bytes, with a season and weekends of its own', () => {
  const live = pool(columns, 'live');
  const season = pool(live, 'profile');
  const sizes = [columns, live, season, pool(season, 'weekend')].map(bytesOf);
  // One byte says whether an anomaly is open: it is kept by row, and no column.
  const all = 1 + sizes.reduce((sum, bytes) => sum + bytes, 0);
  expect(all).toBeLessThanOrEqual(449);
});

it('times of excursions and comparison with siblings cost no more than documented', () => {
  const live = pool(columns, 'live');
  expect(bytesOf(pool(live, 'habits'))).toBeLessThanOrEqual(59);
  expect(bytesOf(pool(live, 'peers'))).toBeLessThanOrEqual(26);
});
