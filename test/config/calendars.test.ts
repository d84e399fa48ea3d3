import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfigWithCalendars } from '../../src/config/calendars.ts';
import { Calendar } from '../../src/model/calendar.ts';

const NOW = Date.UTC(2026, 10, 20);
const ANY = new Map([['job', 'api']]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pronoia-calendars-'));
  cpSync('test/fixtures/calendars/holidays.ics', join(folder, 'holidays.ics'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml: string): Calendar {
  const path = join(folder, 'pronoia.yml');
  writeFileSync(path, yaml);
  const calendar = new Calendar();
  calendar.configure(loadConfigWithCalendars(path, NOW).quietTimes, NOW);
  return calendar;
}

function problemsOf(yaml: string): string {
  try {
    load(yaml);
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  return 'none';
}

const nameAt = (calendar: Calendar, at: string, labels = ANY) => calendar.isQuiet(labels, Date.parse(at));

describe('a calendar file', () => {
  const FILE = 'global: { timezone: Europe/Berlin }\ncalendars: [{ file: holidays.ics }]';

  it.each([
    // All-day events are days where people live, in any year; the end date does not belong to them.
    ['2026-12-24T22:59:59Z', undefined],
    ['2026-12-24T23:00:00Z', 'Christmas'],
    ['2026-12-26T22:59:59Z', 'Christmas'],
    ['2026-12-27T01:00:00Z', undefined],
    ['2027-12-25T12:00:00Z', 'Christmas'],
    // Every Saturday at ten in the evening in Berlin, but for one that was cancelled and one that was moved.
    ['2026-11-14T20:59:59Z', undefined],
    ['2026-11-14T21:00:00Z', 'Patch night'],
    ['2026-11-15T00:59:59Z', 'Patch night'],
    ['2026-11-15T01:00:00Z', undefined],
    ['2026-11-21T22:00:00Z', undefined],
    ['2026-11-28T22:00:00Z', undefined],
    ['2026-11-29T00:30:00Z', 'Patch night, moved'],
    // In summer that is an hour earlier.
    ['2027-07-03T20:00:00Z', 'Patch night'],
    ['2026-12-01T06:29:59Z', 'Failover test'],
    ['2026-12-01T06:30:00Z', undefined],
    ['2026-12-02T06:15:00Z', undefined],
  ])('at %s says %s', (at, name) => {
    expect(nameAt(load(FILE), at)).toBe(name);
  });

  it.each([
    ['', 'it does not begin with BEGIN:VCALENDAR'],
    ['BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR', 'it is no calendar in the form of RFC 5545'],
    ['BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR', 'no start (DTSTART)'],
    [
      'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T000000Z\nRRULE:FREQ=OFTEN\nEND:VEVENT\nEND:VCALENDAR',
      'RFC 5545',
    ],
    [
      'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Nowhere:20260101T000000\nEND:VEVENT\nEND:VCALENDAR',
      'time zone "Nowhere", which nobody knows',
    ],
    [
      'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nEND:VEVENT\nEND:VCALENDAR',
      'recur too often',
    ],
    [`BEGIN:VCALENDAR\n${'X:1\n'.repeat(300_000)}END:VCALENDAR`, 'larger than 1 MiB'],
  ])('that is of no use is refused, with its place in the configuration: %#', (text, message) => {
    writeFileSync(join(folder, 'holidays.ics'), text);
    const problem = problemsOf('calendars:\n  - file: holidays.ics\n');
    expect(problem).toMatch(/^pronoia\.yml:2:11: calendars\[0\]\.file: /);
    expect(problem).toContain(message);
  });
});

describe('a single time', () => {
  it('is in local time unless it has an offset, and is about the series that it selects', () => {
    const calendar = load(`
global: { timezone: Europe/Berlin }
calendars:
  - { name: freeze, start: 2026-12-24T18:00, end: 2026-12-27 }
  - { name: move, start: "2026-12-01T10:00:00Z", end: "2026-12-01T12:00:00+01:00", match: ['{job="db"}'] }
`);
    expect(nameAt(calendar, '2026-12-24T16:59:59Z')).toBeUndefined();
    expect(nameAt(calendar, '2026-12-24T17:00:00Z')).toBe('freeze');
    expect(nameAt(calendar, '2026-12-26T22:59:59Z')).toBe('freeze');
    expect(nameAt(calendar, '2026-12-26T23:00:00Z')).toBeUndefined();
    expect(nameAt(calendar, '2026-12-01T10:30:00Z')).toBeUndefined();
    expect(nameAt(calendar, '2026-12-01T10:30:00Z', new Map([['job', 'db']]))).toBe('move');
  });

  it.each([
    ['{ start: 2026-12-24 }', 'end'],
    ['{ start: 2026-12-24, end: 2026-12-24 }', 'calendars[0].end: it has to be later than start'],
    ['{ start: tomorrow, end: 2026-12-24 }', 'a date or time such as'],
    ['{ start: 2026-12-24, end: 2026-13-24 }', 'a date or time such as'],
    ['{ name: nothing }', 'file'],
    ['{ file: missing.ics }', 'cannot be read'],
  ])('is refused when it is wrong: %s', (entry, message) => {
    const problem = problemsOf(`calendars: [${entry}]`);
    expect(problem).toMatch(/^pronoia\.yml:1:\d+: /);
    expect(problem).toContain(message);
  });
});
