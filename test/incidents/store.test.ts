import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIncident, reduce } from '../../src/incidents/life-cycle.ts';
import { LogFlush } from '../../src/incidents/log-flush.ts';
import { MIGRATIONS } from '../../src/incidents/schema.ts';
import { IncidentStore } from '../../src/incidents/store.ts';
import type { AlertMember, AnomalyMember, Incident } from '../../src/model/incident.ts';
import { alertOf, anomalyOf, minute } from './alert-builders.ts';

let folder: string;
let path: string;
const opened: IncidentStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(folder, 'incidents.db');
});

afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

function open(): IncidentStore {
  const store = new IncidentStore(path);
  opened.push(store);
  return store;
}

/** An incident that opened at a minute and has ended at another. */
function incidentOf(id: string, from: number, to?: number): Incident {
  const alert = alertOf({ alertname: 'A' }, to === undefined ? { from } : { from, to });
  const first = { alert, entity: undefined, isAgain: false, heldUntil: 0 };
  const empty = createIncident(id, 'eu', first, minute(from));
  return reduce(empty, { kind: 'admit', at: minute(from), admissions: [first] }).incident;
}

function alertMember(id: number, incidentId: string): AlertMember {
  const alert = {
    ...alertOf({ ...JSON.parse('{"__proto__":"x"}'), alertname: 'ü' }, { from: 0, to: 3, summary: '"\0' }),
    extra: { novelty: [1] },
  };
  const sighting = {
    startsAt: minute(0),
    endsAt: minute(3),
    expiresAt: undefined,
    expired: false,
    endedStartsAt: minute(-9),
  };
  return {
    id,
    incidentId,
    kind: 'alert',
    role: 'symptom',
    key: 'k 1',
    onset: { earliest: minute(-1), latest: minute(0) },
    weak: true,
    alternatives: [{ incidentId: 'x', cost: 0.5 }],
    pinned: false,
    entity: { cluster: '', kind: 'service', namespace: 'shop', name: 'cart' },
    admittedAt: minute(1),
    reasons: [{ kind: 'first', value: 1, text: 'opened the incident' }],
    firing: { alert, replicas: new Map([['a', sighting]]) },
  };
}

describe('the store', () => {
  it('gives back after reopening what was put in', () => {
    const incident = incidentOf('00000000000000aa', 0);
    const alert = alertMember(1, incident.id);
    const anomaly: AnomalyMember = {
      id: 2,
      incidentId: incident.id,
      kind: 'anomaly',
      role: 'evidence',
      entity: undefined,
      admittedAt: minute(2),
      reasons: [],
      anomaly: anomalyOf({ __name__: 'up', job: 'x' }, { from: 1, to: 2 }),
    };
    const event = {
      incidentId: incident.id,
      at: minute(1),
      kind: 'opened',
      by: '',
      comment: '',
      count: 1,
      detail: {},
    } as const;
    open().commit({ incidents: [incident], members: [alert, anomaly], events: [event] });
    const store = open();
    expect(store.incident(incident.id)).toEqual(incident);
    expect(store.members(incident.id)).toEqual([alert, anomaly]);
    expect(store.lastAlert(alert.firing.alert.fingerprint)).toEqual(alert);
    expect(store.timeline(incident.id)).toEqual([{ id: 1, ...event }]);
    expect(store.takeMemberId()).toBe(3);
  });

  it('stores a change whole or not at all', () => {
    const store = open();
    const orphan = alertMember(1, 'no such incident');
    expect(() =>
      store.commit({ incidents: [incidentOf('00000000000000aa', 0)], members: [orphan], events: [] }),
    ).toThrow(/FOREIGN KEY/);
    expect(store.incidents({ state: 'all', limit: 10 })).toEqual([]);
  });

  it('pages through incidents, newest first', () => {
    const store = open();
    const ids = ['00000000000000aa', '00000000000000bb', '00000000000000cc', '00000000000000dd'];
    const incidents = ids.map((id, i) => incidentOf(id, Math.floor(i / 2), i === 0 ? 9 : undefined));
    store.commit({ incidents, members: [], events: [] });
    const page = store.incidents({ state: 'all', limit: 3 });
    expect(page.map(({ id }) => id.slice(-2))).toEqual(['dd', 'cc', 'bb']);
    expect(store.incidents({ state: 'all', limit: 3, after: page[2]! }).map(({ id }) => id)).toEqual([ids[0]]);
    expect(store.incidents({ state: 'resolved', limit: 3 }).map(({ id }) => id)).toEqual([ids[0]]);
    expect(store.incidents({ state: 'open', limit: 9 })).toHaveLength(3);
  });

  it('deletes resolved incidents only, with all that belongs to them', () => {
    const store = open();
    const old = incidentOf('00000000000000aa', 0, 5);
    const members = [alertMember(1, old.id)];
    const events = [
      { incidentId: old.id, at: minute(1), kind: 'opened', by: '', comment: '', count: 1, detail: {} } as const,
    ];
    store.commit({
      incidents: [old, incidentOf('00000000000000bb', 0), incidentOf('00000000000000cc', 0, 20)],
      members,
      events,
    });
    expect(store.prune(minute(10))).toBe(true);
    expect(store.prune(minute(10))).toBe(false);
    expect(store.incidents({ state: 'all', limit: 9 }).map(({ id }) => id.slice(-2))).toEqual(['cc', 'bb']);
    expect([store.members(old.id), store.timeline(old.id)]).toEqual([[], []]);
  });
});

describe('the log of the store', () => {
  it('is copied into the tables beside the loop', async () => {
    const store = open();
    const copy = join(folder, 'copy.db');
    // A copy of the file without its log has what was copied.
    const copied = () => {
      copyFileSync(path, copy);
      const database = new DatabaseSync(copy);
      try {
        return database.prepare("SELECT name FROM sqlite_schema WHERE name = 'incidents'").all().length === 0
          ? []
          : database.prepare('SELECT id FROM incidents').all();
      } finally {
        database.close();
      }
    };
    store.commit({ incidents: [incidentOf('00000000000000aa', 0)], members: [], events: [] });
    expect(copied()).toEqual([]);
    store.checkpoint();
    await vi.waitFor(() => expect(copied()).toEqual([{ id: '00000000000000aa' }]), { timeout: 15_000 });
  });

  it('is brought to the disk for all that wait at the same time, and again after a failure', async () => {
    const flush = new LogFlush(path);
    await expect(Promise.all([flush.flush(), flush.flush()])).rejects.toThrow(/ENOENT/);
    open();
    await expect(Promise.all([flush.flush(), flush.flush()])).resolves.toHaveLength(2);
    await flush.stop();
    await expect(open().flushed()).resolves.toBeUndefined();
  });
});

describe('a database of the version before', () => {
  it('is brought to this one, with all that was in it', () => {
    const database = new DatabaseSync(path);
    database.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1;
      INSERT INTO incidents VALUES ('00000000000000aa', 'eu', 'acknowledged', 'Slow', 'critical', 1, 2, 3, NULL, NULL, '',
        4, 'ann', 0, 1, 1, 1);
      INSERT INTO incidents VALUES ('00000000000000bb', 'eu', 'resolved', 'Slow', 'critical', 1, 2, 3, 9, 9, '', NULL, '',
        0, 1, 0, 0);
      INSERT INTO members VALUES (1, '00000000000000aa', 'alert', 'ff', 1, NULL, NULL, 1, 3, '[]',
        '{"labels":{"alertname":"Slow"},"annotations":{},"generatorUrl":"","group":"","extra":{},"replicas":[]}');
      INSERT INTO events VALUES (1, '00000000000000aa', 3, 'opened', '', '', 1);`);
    database.close();
    const store = open();
    expect(store.incidents({ state: 'open', limit: 9 })).toEqual([
      expect.objectContaining({
        id: '00000000000000aa',
        state: 'open',
        acknowledgedBy: 'ann',
        acknowledgedAs: { severity: 'critical', root: '', impacted: 1 },
        promotedAt: 3,
        lastJoinedAt: 3,
        key: 'Slow',
        causes: [],
      }),
    ]);
    expect(store.incident('00000000000000bb')).toMatchObject({ state: 'resolved', resolvedAt: 9 });
    expect(store.members('00000000000000aa')).toMatchObject([
      { key: 'ff 1', onset: { earliest: 1, latest: 1 }, role: 'symptom', pinned: false },
    ]);
    expect(store.timeline('00000000000000aa')).toMatchObject([{ id: 1, kind: 'opened', detail: {} }]);
  });
});

describe('a database whose tables still went by the ids of incidents', () => {
  it('keeps members, timelines and the ledger, and deletes with an incident what is its own', () => {
    const database = new DatabaseSync(path);
    for (const migration of MIGRATIONS.slice(0, 3)) database.exec(migration);
    database.exec('PRAGMA user_version = 3');
    const put = (table: string, row: Record<string, string | number | null>) => {
      const names = Object.keys(row).map((name) => `"${name}"`);
      const values = names.map(() => '?').join(', ');
      database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values})`).run(...Object.values(row));
    };
    const times = { starts_at: 1, last_onset_at: 1, resolved_by: '', acknowledged_by: '', reopened: 0, anomalies: 0 };
    const incident = { ...times, cluster: '', lead: 'A', severity: '', alerts: 1, key: 'A' };
    put('incidents', { ...incident, id: 'young', state: 'open', opened_at: 9, firing: 1 });
    put('incidents', { ...incident, id: 'old', state: 'resolved', opened_at: 2, firing: 0, resolved_at: 5 });
    const content =
      '{"labels":{"alertname":"A"},"annotations":{},"generatorUrl":"","group":"","extra":{},"replicas":[]}';
    const member = { kind: 'alert', starts_at: 1, admitted_at: 2, reasons: '[]', content, firing_key: 'f 1' };
    put('members', { ...member, id: 7, incident_id: 'old', fingerprint: 'ff', ends_at: 5 });
    put('members', { ...member, id: 8, incident_id: 'young', fingerprint: 'gg' });
    put('events', { id: 3, incident_id: 'old', at: 2, kind: 'opened', by: '', comment: '', count: 1 });
    const entry = { starts_at: 1, replica: '', at: 2, alertname: 'A', reason: '' };
    put('ledger', { ...entry, fingerprint: 'ff', account: 'member' });
    put('ledger', { ...entry, fingerprint: 'hh', account: 'silenced' });
    database.close();

    const store = open();
    expect(store.recentIncidents(9).map(({ id }) => id)).toEqual(['young']);
    expect(store.members('young')).toMatchObject([{ id: 8, incidentId: 'young' }]);
    expect(store.lastAlert('ff')).toMatchObject({ id: 7, incidentId: 'old' });
    expect(store.timeline('old')).toMatchObject([{ id: 3, incidentId: 'old', kind: 'opened' }]);
    expect(store.takeMemberId()).toBe(9);
    const read = (sql: string) => new DatabaseSync(path, { readOnly: true }).prepare(sql).all();
    expect(read('SELECT fingerprint, account FROM ledger ORDER BY fingerprint')).toEqual([
      { fingerprint: 'ff', account: 'member' },
      { fingerprint: 'hh', account: 'silenced' },
    ]);

    while (store.prune(6));
    expect(store.incidents({ state: 'all', limit: 9 }).map(({ id }) => id)).toEqual(['young']);
    expect(read('SELECT id FROM members')).toEqual([{ id: 8 }]);
    expect(read('SELECT id FROM events')).toEqual([]);
  });
});

describe('a file that is not ours', () => {
  it('is refused when a newer version wrote it, and says what to do', () => {
    open();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => new IncidentStore(path)).toThrow(
      /incidents\.db: .*schema 99 .* start the newer version again, or point --storage\.path/,
    );
  });

  it('is refused when it is no database', () => {
    writeFileSync(path, 'this is text, and long enough to be looked at as a header of a database file. '.repeat(20));
    expect(() => new IncidentStore(path)).toThrow(/incidents\.db: .*not a database/);
  });
});
