import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../../src/model/entity.ts';
import { firingKey, incidentTitle, stateWord } from '../../src/model/incident.ts';
import { alertOf, anomalyOf, minute } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';
import { idOf, placement, ScriptedCorrelator } from './scripted-correlator.ts';

const database: Entity = { cluster: '', kind: 'database', namespace: '', name: 'orders' };
let bench: PipelineBench;
let correlators: ScriptedCorrelator[];
const correlator = () => correlators.at(-1)!;

beforeEach(() => {
  correlators = [];
  bench = new PipelineBench('disk', () => {
    const made = new ScriptedCorrelator();
    correlators.push(made);
    return made;
  });
});
afterEach(() => bench.remove());

const alert = (service: string, name: string, times: { from: number; to?: number } = { from: 0 }) =>
  alertOf({ alertname: 'Slow', namespace: 'shop', service, in: name, severity: 'warning' }, times);
const key = (service: string, name: string) => firingKey(alert(service, name));
const incident = (name: string) => bench.store.incident(idOf(name))!;
const services = (name: string) =>
  bench.store
    .members(idOf(name))
    .map((member) => member.kind === 'alert' && member.firing.alert.labels.get('service'))
    .sort();
const tick = () => bench.clock.advance(1000);
const kinds = (name: string) => bench.store.timeline(idOf(name)).map(({ kind }) => kind);

describe('a firing that moves', () => {
  beforeEach(() => {
    bench.deliver(1, [alert('cart', 'a', { from: -5 }), alert('bank', 'a')]);
    bench.deliver(2, [alert('order', 'b', { from: 1 })]);
    correlator().decideNext({ placements: [placement(key('bank', 'a'), 'b', { role: 'impact', weak: true })] });
    tick();
  });

  it('leaves one incident and joins the other, with the reasons of the move; both count anew', () => {
    expect([services('a'), services('b')]).toEqual([['cart'], ['bank', 'order']]);
    expect(incident('a')).toMatchObject({ alerts: 1, firing: 1, startsAt: minute(-5), lastOnsetAt: minute(-5) });
    expect(incident('b')).toMatchObject({ alerts: 2, firing: 2, startsAt: minute(0), lastOnsetAt: minute(1) });
    expect(bench.store.members(idOf('b'))[0]).toMatchObject({
      role: 'impact',
      weak: true,
      reasons: [{ text: 'belongs to b' }],
    });
    expect([kinds('a'), kinds('b')]).toEqual([
      ['opened', 'left'],
      ['opened', 'joined'],
    ]);
  });

  it('ends where it is now', () => {
    bench.deliver(9, [alert('bank', 'a', { from: 0, to: 8 })]);
    expect([incident('a').firing, incident('b').firing]).toEqual([1, 1]);
    expect(incident('b').lastEndAt).toBe(minute(8));
  });

  it('is where it was after kill -9, and correlation is told so', () => {
    const before = bench.partition();
    bench.killAndStart();
    expect(bench.partition()).toEqual(before);
    const restored = correlator().restored.map(({ key, incidentId }) => [key, incidentId]);
    expect(restored.sort()).toEqual(
      [
        [key('bank', 'a'), idOf('b')],
        [firingKey(alert('cart', 'a', { from: -5 })), idOf('a')],
        [firingKey(alert('order', 'b', { from: 1 })), idOf('b')],
      ].sort(),
    );
    expect([...bench.pipeline.live.alertsOf(idOf('b'))].map(({ role }) => role)).toEqual(['impact', 'symptom']);
  });

  it('may open an incident by that, which lasts', () => {
    correlator().decideNext({ placements: [placement(key('bank', 'a'), 'new')] });
    bench.clock.advance(5000);
    expect(incident('new')).toMatchObject({ state: 'open', firing: 1, alerts: 1 });
  });

  it('moves with an end in the same step', () => {
    correlator().decideNext({ placements: [placement(key('bank', 'a'), 'a')] });
    bench.deliver(9, [alert('bank', 'a', { from: 0, to: 8 })]);
    expect([services('a'), services('b')]).toEqual([['bank', 'cart'], ['order']]);
    expect([incident('a').firing, incident('b').firing]).toEqual([1, 1]);
  });
});

describe('an incident that loses all of its firings', () => {
  it('is a tombstone that points to where they went, and its anomalies follow', () => {
    bench.deliver(1, [alert('cart', 'a'), alert('bank', 'b')]);
    const anomaly = anomalyOf({ __name__: 'x', namespace: 'shop', service: 'bank' }, { from: 0 });
    bench.pipeline.receiveAnomaly(anomaly);
    const anomalyKey = bench.pipeline.anomalies.pending()[0]!.key;
    correlator().decideNext({ anomalies: [{ key: anomalyKey, incidentId: idOf('b'), reasons: [] }] });
    tick();
    expect(incident('b').anomalies).toBe(1);
    correlator().decideNext({
      placements: [placement(key('bank', 'b'), 'a')],
      merged: [{ from: idOf('b'), into: idOf('a') }],
    });
    tick();
    expect(incident('b')).toMatchObject({ state: 'merged', mergedInto: idOf('a'), alerts: 0, firing: 0, anomalies: 0 });
    expect(incident('a')).toMatchObject({ state: 'open', alerts: 2, firing: 2, anomalies: 1 });
    expect(bench.store.members(idOf('a'))).toHaveLength(3);
    expect([kinds('a').slice(-2), kinds('b').at(-1)]).toEqual([['absorbed', 'evidence'], 'merged']);
  });

  it('also when nobody says so', () => {
    bench.deliver(1, [alert('cart', 'a'), alert('bank', 'b')]);
    correlator().decideNext({ placements: [placement(key('bank', 'b'), 'a')] });
    tick();
    expect(incident('b')).toMatchObject({ state: 'merged', mergedInto: idOf('a') });
  });
});

describe('a firing that correlation has not placed yet', () => {
  it('stands alone until it is', () => {
    bench.deliver(1, [alert('cart', 'later')]);
    const [alone] = bench.store.incidents({ state: 'open', limit: 9 });
    expect(alone).toMatchObject({ alerts: 1, firing: 1 });
    correlator().decideNext({ placements: [placement(key('cart', 'later'), 'a')] });
    tick();
    expect(services('a')).toEqual(['cart']);
    expect(bench.store.incident(alone!.id)).toMatchObject({ state: 'merged', mergedInto: idOf('a') });
  });
});

describe('causes', () => {
  it('are stored, name the incident, and end an acknowledgement when another one takes over', () => {
    bench.deliver(1, [alert('cart', 'a')]);
    const view = (entity: Entity) => ({
      incidentId: idOf('a'),
      cluster: '',
      causes: [{ entity, p: 0.8, text: 'it is down', evidence: ['no callee is affected'] }],
      impacted: [{ ...database, kind: 'service', name: 'cart' } as const],
      possible: [],
    });
    correlator().decideNext({ incidents: [view(database)] });
    tick();
    expect(incidentTitle(incident('a'))).toBe('Database orders, 1 service affected');
    bench.pipeline.people.acknowledge(idOf('a'), { by: 'ann', comment: '' });
    bench.killAndStart();
    correlator().decideNext({ incidents: [view({ ...database, name: 'payments' })] });
    tick();
    expect(incident('a').causes[0]).toMatchObject({
      entity: { name: 'payments' },
      evidence: ['no callee is affected'],
    });
    expect(stateWord(incident('a'))).toBe('open');
    expect(kinds('a')).toEqual(['opened', 'cause', 'acknowledged', 'cause', 'unacknowledged']);
  });
});

describe('what a person decided', () => {
  it('stays, whatever correlation says, and correlation is told', () => {
    bench.deliver(1, [alert('cart', 'a'), alert('bank', 'b')]);
    bench.pipeline.people.merge(idOf('a'), idOf('b'), { by: 'ann', comment: '' });
    const survivor = [incident('a'), incident('b')].find(({ state }) => state === 'open')!;
    const pinned = correlator().taken.at(-1)!;
    expect(pinned.pinnedTo).toBe(survivor.id);
    const elsewhere = survivor.id === idOf('a') ? 'b' : 'a';
    correlator().decideNext({ placements: [placement(pinned.key, elsewhere)] });
    tick();
    expect(bench.store.incident(survivor.id)).toMatchObject({ alerts: 2 });
    bench.killAndStart();
    expect(
      correlator()
        .restored.map(({ pinnedTo }) => pinnedTo)
        .filter(Boolean),
    ).toEqual([survivor.id]);
  });
});

describe('what could not be stored', () => {
  it('did not happen: correlation starts again from what is stored', () => {
    bench.deliver(1, [alert('cart', 'a')]);
    const other = new DatabaseSync(bench.path);
    other.exec('BEGIN IMMEDIATE');
    const send = () => bench.deliver(2, [alert('bank', 'a', { from: 1 })]);
    expect(send).toThrow(/cannot be stored/);
    expect(correlators).toHaveLength(1);
    expect(send).toThrow(/cannot be stored/);
    expect(correlator().taken).toHaveLength(2);
    other.exec('ROLLBACK');
    other.close();
    send();
    expect(correlators).toHaveLength(2);
    expect(correlator().restored).toHaveLength(1);
    expect(services('a')).toEqual(['bank', 'cart']);
  });
});
