import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QuietTimes } from '../../src/model/calendar.ts';
import { parseSelector } from '../../src/model/matcher.ts';
import { readHistory } from '../../src/noise/history.ts';
import { Journal } from '../../src/notify/journal.ts';
import { alertOf, minute } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';

const WINDOW = { name: 'move of the database', startsAt: minute(10), endsAt: minute(40) };
const quiet = (...match: string[]): QuietTimes => ({ match: match.map(parseSelector), spans: () => [WINDOW] });
const slow = { alertname: 'Slow', job: 'db', instance: 'a', severity: 'critical' };
const full = { alertname: 'Full', job: 'db', instance: 'b' };
const other = { alertname: 'Other', job: 'web', instance: 'c' };

let bench: PipelineBench;
beforeEach(() => {
  bench = new PipelineBench('disk');
  bench.calendar.configure([quiet('{job="db"}')], minute(0));
});
afterEach(() => bench.remove());

const open = () =>
  bench.store
    .incidents({ state: 'open', limit: 9 })
    .map(({ lead, alerts }) => `${lead.split(' ')[0]} ${alerts}`)
    .sort();
/** Firings by account, as the ledger has them. */
function ledger(): Record<string, number> {
  const journalPath = `${bench.path}.notifications`;
  new Journal(journalPath).close();
  const { ledger: lines, firings } = readHistory(bench.path, journalPath, 0, minute(1000));
  const sums: Record<string, number> = { members: firings.length };
  for (const { account, count } of lines) sums[account] = (sums[account] ?? 0) + count;
  return sums;
}

describe('an alert that begins during maintenance', () => {
  it('is accounted as such, is in no incident, and is an incident when it fires still at the end', () => {
    bench.deliver(12, [alertOf(slow, { from: 11 }), alertOf(other, { from: 11 })]);
    bench.deliver(17, [alertOf(slow, { from: 11 })]);
    bench.deliver(20, [alertOf(full, { from: 19 })]);
    bench.deliver(30, [alertOf(full, { from: 19, to: 29 })]);
    expect(open()).toEqual(['Other 1']);
    expect(ledger()).toEqual({ maintenance: 2, members: 1 });
    expect(bench.pipeline.counters.alerts).toMatchObject({ started: 1, maintenance: 2 });
    bench.clock.advanceTo(minute(40));
    bench.clock.advance(1000);
    expect(open()).toEqual(['Other 1', 'Slow 1']);
    expect(ledger()).toEqual({ maintenance: 1, members: 2 });
    const [incident] = bench.store.incidents({ state: 'open', limit: 9 });
    expect(incident).toMatchObject({ startsAt: minute(11), openedAt: minute(40) });
    bench.deliver(50, [alertOf(slow, { from: 11 })]);
    expect(bench.pipeline.counters.alerts.repeated).toBe(1);
  });

  it('is none when its whole life was in it and is told afterwards', () => {
    bench.deliver(45, [alertOf(slow, { from: 20, to: 30 })]);
    expect(bench.store.incidents({ state: 'all', limit: 9 })).toEqual([]);
    expect(ledger()).toEqual({ maintenance: 1, members: 0 });
  });

  it('is over when it was not sent again in time', () => {
    bench.deliver(12, [alertOf(slow, { from: 11, until: 16 })]);
    bench.clock.advanceTo(minute(45));
    expect(bench.store.incidents({ state: 'all', limit: 9 })).toEqual([]);
  });

  it('waits for its end over a restart, and for another end when the calendar changes', () => {
    bench.deliver(12, [alertOf(slow, { from: 11 })]);
    bench.clock.advanceTo(minute(14));
    bench.killAndStart();
    bench.clock.advanceTo(minute(20));
    expect(open()).toEqual([]);
    bench.calendar.configure([], minute(20));
    bench.clock.advance(2000);
    expect(open()).toEqual(['Slow 1']);
  });

  it('is not lost when it cannot be stored at the end', () => {
    bench.deliver(12, [alertOf(slow, { from: 11 })]);
    bench.clock.advanceTo(minute(39.9));
    const locked = new DatabaseSync(bench.path);
    locked.exec('BEGIN IMMEDIATE');
    bench.clock.advanceTo(minute(40.02));
    locked.close();
    bench.clock.advanceTo(minute(41));
    expect(open()).toEqual(['Slow 1']);
  });
});

describe('maintenance does not touch', () => {
  it('what was in an incident before: it goes on, and ends', () => {
    bench.deliver(2, [alertOf(slow, { from: 1 })]);
    bench.deliver(15, [alertOf(slow, { from: 1 })]);
    expect(open()).toEqual(['Slow 1']);
    bench.deliver(20, [alertOf(slow, { from: 1, to: 19 })]);
    bench.clock.advanceTo(minute(25));
    expect(open()).toEqual([]);
    expect(ledger()).toEqual({ members: 1 });
  });

  it('any alert when it does not say which: a calendar of holidays hides no outage', () => {
    bench.calendar.configure([quiet()], minute(0));
    bench.deliver(12, [alertOf(slow, { from: 11 })]);
    expect(open()).toEqual(['Slow 1']);
  });

  it('heartbeats', () => {
    bench.calendar.configure([quiet('{alertname=~".+"}')], minute(0));
    for (const at of [12, 17, 22]) bench.deliver(at, [alertOf({ alertname: 'Watchdog' }, { from: 0 })]);
    expect(bench.pipeline.counters.alerts).toMatchObject({ heartbeat: 3, maintenance: 0 });
  });
});
