import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseWebhook } from '../src/ingest/webhook.ts';
import { type Alert, OWN_ALERT_LABEL } from '../src/model/alert.ts';
import { RequestError } from '../src/model/errors.ts';
import { incidentTitle, stateWord } from '../src/model/incident.ts';
import { createLabels } from '../src/model/labels.ts';
import { alertOf, anomalyOf, deliveryOf, MINUTE, minute } from './incidents/alert-builders.ts';
import { build, storm } from './incidents/any-storm.ts';
import { OPTIONS, PipelineBench } from './incidents/pipeline-bench.ts';
import { ScriptedCorrelator } from './incidents/scripted-correlator.ts';

let bench: PipelineBench;
afterEach(() => bench.remove());

const group = (times: { from: number; to?: number; replica?: string }) =>
  ['a', 'b', 'c'].map((instance) =>
    alertOf({ alertname: 'HighLatency', job: 'api', severity: 'critical', instance }, times),
  );
const cart = { alertname: 'Slow', namespace: 'shop', service: 'cart' };
const incidents = () => bench.store.incidents({ state: 'all', limit: 100 });
const only = () => {
  expect(incidents()).toHaveLength(1);
  return incidents()[0]!;
};

describe('a group of three alerts that is sent, repeated and resolved', () => {
  for (const killed of [false, true]) {
    it(`is one incident with three members and the right times${killed ? ', also after kill -9 in between' : ''}`, () => {
      bench = new PipelineBench('disk');
      bench.deliver(1, group({ from: 0 }));
      const { id } = only();
      expect(only()).toMatchObject({
        state: 'open',
        startsAt: minute(0),
        openedAt: minute(1),
        alerts: 3,
        firing: 3,
        severity: 'critical',
      });
      expect(incidentTitle(only())).toMatch(/^HighLatency on instance [abc] and 2 more$/);
      if (killed) bench.killAndStart();
      bench.deliver(6, group({ from: 0 }));
      expect(bench.pipeline.counters.alerts).toMatchObject({ repeated: 3 });
      if (killed) bench.killAndStart();
      bench.deliver(11, group({ from: 0, to: 10 }));
      expect(only()).toMatchObject({ state: 'recovering', firing: 0, lastEndAt: minute(10), resolvedAt: undefined });
      if (killed) bench.killAndStart();
      bench.clock.advanceTo(minute(13));
      expect(only()).toMatchObject({
        id,
        state: 'resolved',
        resolvedAt: minute(10),
        firing: 0,
        alerts: 3,
        reopened: 0,
      });
      expect(bench.store.members(id)).toHaveLength(3);
      expect(bench.store.timeline(id).map(({ kind, at, count }) => [kind, at, count])).toEqual([
        ['opened', minute(1), 3],
        ['ended', minute(11), 3],
        ['recovering', minute(11), 0],
        ['resolved', minute(13), 0],
      ]);
    });
  }

  it('stores nothing for a mere repetition', () => {
    bench = new PipelineBench('disk');
    bench.deliver(1, group({ from: 0 }));
    bench.deliver(2, group({ from: 0 }));
    bench.deliver(3, group({ from: 0, to: 3 }), { truncatedAlerts: 2, envelope: { receiver: 'x', novelty: [1] } });
    const database = new DatabaseSync(bench.path);
    const deliveries = database.prepare('SELECT received_at, truncated_alerts, envelope FROM deliveries').all();
    database.close();
    expect(deliveries.map((row) => ({ ...row }))).toEqual([
      { received_at: minute(1), truncated_alerts: 0, envelope: '{"receiver":"pronoia"}' },
      { received_at: minute(3), truncated_alerts: 2, envelope: '{"receiver":"x","novelty":[1]}' },
    ]);
    expect(bench.pipeline.counters).toMatchObject({
      deliveries: { webhook: 3, api: 0 },
      truncatedDeliveries: 1,
      truncatedAlerts: 2,
    });
  });
});

describe('alerts of one name that share no label', () => {
  const alerts = (group: string) =>
    ['i1', 'i2', 'i3'].map((instance) => ({ ...alertOf({ alertname: 'A', instance }, { from: 0 }), group }));

  it('are one incident when Alertmanager put them into one group, also over a restart', () => {
    bench = new PipelineBench('disk');
    const [first, ...others] = alerts('{}:{alertname="A"}');
    bench.deliver(1, [first!]);
    bench.killAndStart();
    bench.deliver(2, others);
    expect(only()).toMatchObject({ alerts: 3 });
    expect(bench.store.members(only().id)[1]!.reasons.map(({ text }) => text)).toEqual([
      'same alert name A',
      'same notification group {}:{alertname="A"}',
      'began 0 s after its last alert',
    ]);
  });

  it('stay apart when nobody grouped them', () => {
    bench = new PipelineBench();
    bench.deliver(1, alerts(''));
    expect(incidents()).toHaveLength(3);
  });
});

/** Whatever correlation makes of them: here each job is an incident. */
describe('the same alerts, however they come', () => {
  const byJob = () => new ScriptedCorrelator('job');
  function partitionOf(...deliveries: Alert[][]): Record<string, string[]> {
    const each = new PipelineBench('memory', byJob, minute(100));
    for (const [index, alerts] of deliveries.entries()) each.deliver(100 + index, alerts);
    each.clock.advanceTo(minute(102));
    const partition = each.partition();
    each.remove();
    return partition;
  }

  it('make the same incidents when shuffled, repeated, doubled by a second replica and sent again', () => {
    bench = new PipelineBench();
    fc.assert(
      fc.property(
        storm.chain((sketches) =>
          fc.tuple(fc.constant(sketches), fc.shuffledSubarray(sketches, { minLength: sketches.length })),
        ),
        ([sketches, shuffled]) => {
          const plain = partitionOf(sketches.map((each) => build(each)));
          const twice = [...shuffled, ...shuffled.toReversed()].map((each) => build(each));
          expect(partitionOf(twice)).toEqual(plain);
          expect(partitionOf(twice, twice)).toEqual(plain);
          const replicas = shuffled.flatMap((each) => [build(each, 'b'), build(each, 'a')]);
          expect(partitionOf(replicas, replicas)).toEqual(plain);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('make the same incidents when the sidecar is killed between any two deliveries', () => {
    fc.assert(
      fc.property(fc.array(storm, { minLength: 2, maxLength: 4 }), (storms) => {
        const steady = new PipelineBench('memory', byJob, minute(100));
        bench = new PipelineBench('disk', byJob, minute(100));
        for (const [index, sketches] of storms.entries()) {
          const alerts = sketches.map((each) => build(each));
          for (const each of [steady, bench]) each.deliver(100 + index, alerts);
          bench.killAndStart();
        }
        for (const each of [steady, bench]) each.clock.advance(1000);
        expect(bench.partition()).toEqual(steady.partition());
        expect(incidents()).toEqual(steady.store.incidents({ state: 'all', limit: 100 }));
        steady.remove();
        bench.remove();
      }),
      { numRuns: 15 },
    );
    bench = new PipelineBench();
  });
});

describe('alerts that are no members', () => {
  it('are counted and nothing else', () => {
    bench = new PipelineBench();
    bench.deliver(
      1,
      [
        alertOf({ alertname: 'Watchdog', severity: 'none' }, { from: 0 }),
        alertOf({ alertname: 'InfoInhibitor', namespace: 'n' }, { from: 0 }),
        alertOf({ alertname: 'Slow', [OWN_ALERT_LABEL]: 'i' }, { from: 0 }),
      ],
      { invalidAlerts: 4 },
    );
    expect(incidents()).toEqual([]);
    expect(bench.pipeline.counters.alerts).toMatchObject({ heartbeat: 2, own: 1, invalid: 4, started: 0 });
  });

  it('a firing that comes after its end is late', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.deliver(3, [alertOf(cart, { from: 0, to: 2 })]);
    bench.deliver(5, [alertOf(cart, { from: 0 })]);
    expect(only()).toMatchObject({ state: 'resolved', resolvedAt: minute(2) });
    expect(bench.pipeline.counters.alerts.late).toBe(1);
  });

  it('also when its incident was forgotten long ago', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0, to: 1 })]);
    bench.clock.advanceTo(minute(300));
    expect([...bench.pipeline.live.all()]).toEqual([]);
    bench.deliver(300, [alertOf(cart, { from: 0 })]);
    expect(only().state).toBe('resolved');
    expect(bench.pipeline.counters.alerts.late).toBe(1);
  });
});

describe('an incident comes back', () => {
  it('when an alert of it fires again within 30 minutes, as a second firing of the same alert', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.deliver(3, [alertOf(cart, { from: 0, to: 2 })]);
    bench.deliver(20, [alertOf(cart, { from: 19 })]);
    expect(only()).toMatchObject({ state: 'open', reopened: 1, alerts: 1, firing: 1 });
    expect(bench.store.members(only().id)).toHaveLength(2);
    expect(bench.events.map(({ kind }) => kind)).toEqual([
      'opened',
      'ended',
      'recovering',
      'resolved',
      'joined',
      'reopened',
    ]);
  });

  it('not later: that is another incident', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0, to: 2 })]);
    bench.deliver(40, [alertOf(cart, { from: 39 })]);
    expect(incidents().map(({ state }) => state)).toEqual(['open', 'resolved']);
  });

  it('with all that it was when correlation comes back to it after it was forgotten', () => {
    bench = new PipelineBench('memory', () => new ScriptedCorrelator('job'), minute(100));
    bench.deliver(100, [alertOf({ alertname: 'A', job: 'x', instance: '1' }, { from: 0, to: 1 })]);
    bench.deliver(101, [alertOf({ alertname: 'A', job: 'x', instance: '2' }, { from: 0 })]);
    expect(only()).toMatchObject({ alerts: 2, firing: 1, reopened: 1, openedAt: minute(100) });
  });

  it('without a gap when the end between two firings was lost', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.deliver(5, [alertOf(cart, { from: 4 })]);
    expect(only()).toMatchObject({ state: 'open', reopened: 0, firing: 1, alerts: 1, startsAt: minute(0) });
    bench.deliver(11, [alertOf(cart, { from: 4, to: 8 })]);
    expect(only()).toMatchObject({ state: 'resolved', resolvedAt: minute(8) });
  });
});

describe('alerts of Prometheus itself, which expire', () => {
  const slow = (until: number) => alertOf(cart, { from: 0, until });

  it('end when they were not sent again, within a second', () => {
    bench = new PipelineBench();
    bench.deliver(1, [slow(5)], { source: 'api' });
    bench.deliver(2, [slow(6)], { source: 'api' });
    bench.clock.advanceTo(minute(6) - 1);
    expect(only().state).toBe('open');
    bench.clock.advanceTo(minute(6) + 1000);
    expect(only()).toMatchObject({ state: 'recovering', firing: 0, lastEndAt: minute(6) });
    bench.clock.advanceTo(minute(9));
    expect(only()).toMatchObject({ state: 'resolved', resolvedAt: minute(6) });
  });

  it('go on, in the same incident, if they are sent after all', () => {
    bench = new PipelineBench();
    bench.deliver(1, [slow(5)], { source: 'api' });
    bench.deliver(200, [slow(205)], { source: 'api' });
    expect(only()).toMatchObject({ state: 'open', reopened: 1, firing: 1, alerts: 1 });
    expect(bench.store.members(only().id)).toHaveLength(1);
  });

  it('get five minutes after a start, because nobody heard them while the sidecar was down', () => {
    bench = new PipelineBench('disk');
    bench.deliver(1, [slow(5)], { source: 'api' });
    bench.clock.jumpTo(minute(30));
    bench.killAndStart();
    bench.clock.advanceTo(minute(34));
    expect(only().state).toBe('open');
    bench.clock.advanceTo(minute(38));
    expect(only().state).toBe('resolved');
  });
});

describe('what people do', () => {
  const ann = { by: 'ann', comment: 'on it' };

  it('acknowledging keeps the incident open', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    expect(bench.pipeline.people.acknowledge(only().id, ann)).toMatchObject({ state: 'open', acknowledgedBy: 'ann' });
    expect(stateWord(only())).toBe('acknowledged');
    expect(() => bench.pipeline.people.acknowledge(only().id, ann)).toThrow(
      'the incident is acknowledged already, by ann',
    );
    expect(bench.store.timeline(only().id).at(-1)).toMatchObject({
      kind: 'acknowledged',
      by: 'ann',
      comment: 'on it',
      at: minute(1),
    });
  });

  it('an incident closed by hand stays closed while its alerts repeat and end, and opens for a new firing', () => {
    bench = new PipelineBench('disk');
    bench.deliver(1, group({ from: 0 }));
    bench.pipeline.people.resolve(only().id, ann);
    bench.killAndStart();
    bench.deliver(2, group({ from: 0 }));
    bench.clock.advanceTo(minute(60));
    bench.deliver(60, [...group({ from: 0 }).slice(1), ...group({ from: 0, to: 59 }).slice(0, 1)]);
    expect(only()).toMatchObject({ state: 'resolved', resolvedAt: minute(1), resolvedBy: 'ann', firing: 2 });
    expect(() => bench.pipeline.people.resolve(only().id, ann)).toThrow('resolved already, by ann');
    bench.deliver(61, group({ from: 30 }).slice(0, 1));
    expect(only()).toMatchObject({ state: 'open', firing: 3 });
  });

  it('is refused for an incident that does not exist', () => {
    bench = new PipelineBench();
    expect(() => bench.pipeline.people.acknowledge('0123456789abcdef', ann)).toThrow(
      expect.objectContaining({ status: 404 }),
    );
  });
});

describe('an anomaly', () => {
  const series = { __name__: 'latency_seconds', namespace: 'shop', service: 'cart' };
  const members = () => bench.store.members(only().id).map(({ kind, role }) => [kind, role]);

  it('opens no incident', () => {
    bench = new PipelineBench();
    bench.pipeline.receiveAnomaly(anomalyOf(series, { from: 0 }));
    bench.clock.advance(5000);
    expect(incidents()).toEqual([]);
  });

  it('joins the open incident of its entity as evidence, and its end is recorded', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.pipeline.receiveAnomaly(anomalyOf(series, { from: 2 }));
    bench.pipeline.receiveAnomaly(anomalyOf({ ...series, service: 'other' }, { from: 2 }));
    bench.pipeline.receiveAnomaly(anomalyOf({ __name__: 'nothing_known' }, { from: 2 }));
    bench.clock.advance(1000);
    expect(members()).toEqual([
      ['alert', 'symptom'],
      ['anomaly', 'evidence'],
    ]);
    bench.pipeline.receiveAnomaly(anomalyOf(series, { from: 2, to: 4 }));
    bench.clock.advance(1000);
    expect(bench.store.members(only().id)[1]).toMatchObject({ anomaly: { endsAt: minute(4), endReason: 'recovered' } });
    expect(only()).toMatchObject({ anomalies: 1, alerts: 1, startsAt: minute(0) });
  });

  it('that recurs joins with its mark, and nobody is told more than without it', () => {
    const recurring = { ...anomalyOf(series, { from: 2 }), recurring: 'the 6th like it in 14 days' };
    bench = new PipelineBench();
    bench.pipeline.receiveAnomaly(recurring);
    bench.clock.advanceTo(minute(3));
    expect(incidents()).toEqual([]);
    bench.deliver(3, [alertOf(cart, { from: 3 })]);
    const before = only();
    bench.clock.advance(1000);
    expect(only()).toEqual({ ...before, anomalies: 1 });
    expect(bench.store.members(only().id)[1]).toMatchObject({ kind: 'anomaly', anomaly: recurring });
    expect(bench.events.map(({ kind }) => kind)).toEqual(['opened', 'evidence']);
  });

  it('that was there before joins when the incident opens', () => {
    bench = new PipelineBench();
    bench.pipeline.receiveAnomaly(anomalyOf(series, { from: 0 }));
    bench.pipeline.receiveAnomaly(anomalyOf({ ...series, x: 'ended' }, { from: 0, to: 2 }));
    bench.clock.advanceTo(minute(10));
    bench.deliver(10, [alertOf(cart, { from: 9 })]);
    bench.clock.advance(1000);
    expect(only().anomalies).toBe(2);
    expect(bench.events.map(({ kind }) => kind)).toEqual(['opened', 'evidence', 'evidence']);
  });

  it('does not hold the incident open', () => {
    bench = new PipelineBench();
    bench.pipeline.receiveAnomaly(anomalyOf(series, { from: 0 }));
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.clock.advance(1000);
    bench.deliver(3, [alertOf(cart, { from: 0, to: 2 })]);
    expect(only()).toMatchObject({ state: 'recovering', anomalies: 1 });
  });

  it('is one of at most 200 in an incident', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    for (let i = 0; i < 300; i++) bench.pipeline.receiveAnomaly(anomalyOf({ ...series, i: String(i) }, { from: 1 }));
    bench.clock.advance(5000);
    expect(only().anomalies).toBe(200);
    expect(bench.pipeline.counters.surplusAnomalies).toBe(100);
  });
});

describe('since when the condition of a rule holds', () => {
  const labels = createLabels(Object.entries(cart));
  const member = () => bench.store.members(only().id)[0];
  const state = (activeAt: number, endedAt?: number) => ({
    labels,
    activeAt: minute(activeAt),
    endedAt: endedAt === undefined ? undefined : minute(endedAt),
  });

  it('is the onset of the alert, and tells how long others of the rule have waited', () => {
    bench = new PipelineBench();
    bench.pipeline.receiveOnset(state(-14));
    bench.deliver(2, [alertOf(cart, { from: 1 })]);
    expect(member()).toMatchObject({ onset: { earliest: minute(-14), latest: minute(-14) } });
    bench.deliver(3, [alertOf({ ...cart, service: 'bank' }, { from: 2 })]);
    const other = bench.store.incidents({ state: 'open', limit: 1 })[0]!;
    expect(bench.store.members(other.id)[0]).toMatchObject({ onset: { earliest: minute(-13) } });
  });

  it('ends the alert when it holds no more, until somebody says otherwise', () => {
    bench = new PipelineBench();
    bench.pipeline.receiveOnset(state(0));
    bench.deliver(2, [alertOf(cart, { from: 1 })]);
    bench.clock.advanceTo(minute(5));
    bench.pipeline.receiveOnset(state(0, 5));
    bench.clock.advance(1000);
    expect(only()).toMatchObject({ state: 'recovering', firing: 0, lastEndAt: minute(5) });
    bench.deliver(6, [alertOf(cart, { from: 1 })]);
    expect(only()).toMatchObject({ state: 'open', firing: 1, reopened: 0 });
  });

  it('says that an alert of which nobody speaks fires on', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0 })]);
    bench.deliver(1, [alertOf({ ...cart, service: 'bank' }, { from: 0 })]);
    bench.pipeline.receiveOnset(state(0));
    bench.clock.advanceTo(minute(9 * 60));
    const states = incidents().map(({ state, lead }) => [lead, state]);
    expect(Object.fromEntries(states)).toEqual({
      'Slow on service shop/cart': 'open',
      'Slow on service shop/bank': 'closed_unknown',
    });
    bench.deliver(9 * 60 + 1, [alertOf({ ...cart, service: 'bank' }, { from: 0 })]);
    expect(incidents().map(({ state }) => state)).toEqual(['open', 'open']);
  });
});

describe('a page waits', () => {
  const fire = (from: number, to?: number) => {
    bench.deliver(from, [alertOf(cart, { from })]);
    if (to !== undefined) bench.deliver(to, [alertOf(cart, { from, to })]);
  };
  /** Ends within a minute, once every two hours: nothing that flaps. */
  const passTwelveTimes = () => {
    for (let i = 0; i < 12; i++) fire(i * 120, i * 120 + 1);
  };
  const newest = () => bench.store.incidents({ state: 'all', limit: 1 })[0]!;

  it('for an alert that has always ended by itself, not for longer than three minutes, also after a restart', () => {
    bench = new PipelineBench('disk');
    passTwelveTimes();
    bench.killAndStart();
    fire(2000);
    expect(newest()).toMatchObject({ state: 'candidate', heldUntil: minute(2003), firing: 1 });
    bench.clock.advanceTo(minute(2003));
    expect(newest()).toMatchObject({ state: 'open', promotedAt: minute(2003) });
    expect(bench.events.at(-1)).toMatchObject({ kind: 'promoted' });
  });

  it('and is never sent when the alert ends by itself again', () => {
    bench = new PipelineBench();
    passTwelveTimes();
    fire(2000, 2001);
    expect(newest()).toMatchObject({ state: 'resolved', promotedAt: undefined });
  });

  it('not for a critical alert, and not for one that is seen for the first time', () => {
    bench = new PipelineBench();
    passTwelveTimes();
    bench.deliver(2000, [alertOf({ ...cart, pod: 'other' }, { from: 2000 })]);
    expect(newest().state).toBe('open');
  });

  it('for as long as an alert only flaps', () => {
    bench = new PipelineBench();
    const states: string[] = [];
    for (let i = 0; i < 6; i++) {
      fire(i * 12);
      states.push(only().state);
      bench.deliver(i * 12 + 6, [alertOf(cart, { from: i * 12, to: i * 12 + 6 })]);
    }
    expect(states).toEqual(['open', 'open', 'open', 'candidate', 'candidate', 'candidate']);
    expect(only()).toMatchObject({ state: 'resolved', firing: 0, reopened: 5 });
  });
});

describe('an incident about the same as one that ended lately', () => {
  it('is its recurrence for five days', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0, to: 1 })]);
    const first = only().id;
    bench.deliver(300, [alertOf(cart, { from: 299, to: 300 })]);
    expect(incidents()[0]).toMatchObject({ recurrenceOf: first });
    const days = 6 * 24 * 60;
    bench.deliver(days, [alertOf(cart, { from: days - 1 })]);
    expect(incidents()[0]!.recurrenceOf).toBeUndefined();
  });
});

describe('when nothing can be stored', () => {
  it('a delivery fails as a whole and leaves no trace; the next one works', () => {
    bench = new PipelineBench('disk');
    bench.deliver(1, group({ from: 0 }));
    const before = [...bench.pipeline.live.all()];
    const other = new DatabaseSync(bench.path);
    other.exec('BEGIN IMMEDIATE');
    const send = () => bench.deliver(2, [alertOf(cart, { from: 1 }), ...group({ from: 0, to: 1 })]);
    expect(send).toThrow(RequestError);
    expect(send).toThrow(/incidents cannot be stored: .*locked/);
    expect([...bench.pipeline.live.all()]).toEqual(before);
    expect(bench.pipeline.counters).toMatchObject({ storeFailures: 2, alerts: { started: 3, changed: 0 } });
    other.exec('ROLLBACK');
    other.close();
    send();
    expect(
      incidents()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['open', 'recovering']);
    expect(bench.log.match(/cannot be stored/g)).toHaveLength(1);
    expect(bench.log).toContain('incidents can be stored again');
  });

  it('an expiry waits for the next tick', () => {
    bench = new PipelineBench('disk');
    bench.deliver(1, [alertOf(cart, { from: 0, until: 5 })]);
    bench.clock.advanceTo(minute(5) - 1);
    const other = new DatabaseSync(bench.path);
    other.exec('BEGIN IMMEDIATE');
    bench.clock.advance(1000);
    expect(only().state).toBe('open');
    other.exec('ROLLBACK');
    other.close();
    bench.clock.advance(1000);
    expect(only()).toMatchObject({ state: 'recovering', lastEndAt: minute(5) });
  });
});

describe('time and size', () => {
  // Time of the processor, not of the wall: other tests run at the same time. It is 1.3 s where nothing else does.
  it('a webhook with 20,000 alerts is taken in within two seconds of a core, twice that on a busy one', {
    retry: 2,
  }, () => {
    bench = new PipelineBench('disk');
    // The machine may be busy with something else: one good attempt is enough.
    const alerts = Array.from({ length: 20_000 }, (_, i) => ({
      status: 'firing',
      labels: {
        alertname: `Rule${i % 50}`,
        namespace: `ns${i % 200}`,
        pod: `app${i % 2000}-7d9f8b6c5d-x7k2p`,
        uid: `u${i}`,
        severity: 'warning',
      },
      annotations: { summary: 'something is wrong', description: 'x'.repeat(700) },
      startsAt: '2026-11-22T12:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example.com/graph',
    }));
    const body = JSON.stringify({ version: '4', alerts });
    const before = process.threadCpuUsage();
    bench.pipeline.deliver(parseWebhook(JSON.parse(body), minute(1), { replicaLabel: '__replica__' }));
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(4000);
    expect(bench.pipeline.counters.alerts.started).toBe(20_000);
  });

  it('a storm does not flood the log: so many lines for one delivery, and how many there would have been', () => {
    bench = new PipelineBench();
    const hosts = Array.from({ length: 150 }, (_, i) =>
      alertOf({ alertname: `Alert${i}`, node: `n${i}` }, { from: 0 }),
    );
    bench.deliver(1, hosts);
    const lines = bench.log.split('\n').filter((line) => line.includes('msg="incident opened"'));
    expect(lines).toHaveLength(100);
    expect(bench.log).toMatch(/msg="further incidents changed as well" changes=50/);
    expect(bench.pipeline.counters.events.opened).toBe(150);
  });

  it('what is older than the retention is deleted, bit by bit', () => {
    bench = new PipelineBench();
    bench.deliver(1, [alertOf(cart, { from: 0, to: 1 })]);
    const { id } = only();
    bench.pipeline.configure({ ...OPTIONS, retentionMs: 60 * MINUTE });
    bench.clock.advanceTo(minute(60));
    expect(bench.store.incident(id)).toBeDefined();
    bench.clock.advanceTo(minute(65));
    expect(bench.store.incident(id)).toBeUndefined();
    expect(bench.store.members(id)).toEqual([]);
  });

  it('stop cancels the timers', () => {
    bench = new PipelineBench();
    bench.pipeline.deliver(deliveryOf(1, [alertOf(cart, { from: 0, until: 5 })]));
    bench.pipeline.stop();
    bench.clock.advanceTo(minute(60));
    expect(only().state).toBe('open');
  });
});
