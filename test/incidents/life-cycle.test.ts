import { describe, expect, it } from 'vitest';
import type { Action, Admission } from '../../src/incidents/action.ts';
import { createIncident, reduce } from '../../src/incidents/life-cycle.ts';
import { type Entity, formatEntity } from '../../src/model/entity.ts';
import { type Incident, incidentTitle, servicesAffected, stateWord } from '../../src/model/incident.ts';
import { alertOf, minute } from './alert-builders.ts';

const entity = { cluster: 'eu', kind: 'service', namespace: 'shop', name: 'checkout' } as const;
const database: Entity = { cluster: 'eu', kind: 'database', namespace: '', name: 'orders' };

function admission(labels: Record<string, string>, from: number, to?: number, isAgain = false): Admission {
  return {
    alert: alertOf({ alertname: 'HighLatency', ...labels }, to === undefined ? { from } : { from, to }),
    entity,
    isAgain,
    heldUntil: 0,
  };
}

const admit = (at: number, ...admissions: Admission[]): Action => ({ kind: 'admit', at: minute(at), admissions });
const end = (at: number, ...ends: number[]): Action => ({ kind: 'end', at: minute(at), endsAt: ends.map(minute) });
const wait = (at: number): Action => ({ kind: 'wait', at: minute(at) });
const deed = (kind: 'acknowledge' | 'resolve', at: number): Action => ({
  kind,
  at: minute(at),
  by: 'ann',
  comment: 'mine',
});
/** The cause is the database or the service itself, and so many other services are affected. */
const diagnose = (at: number, cause: Entity, affected: number, p = 0.9): Action => ({
  kind: 'diagnose',
  at: minute(at),
  causes: [{ entity: cause, p, text: 'because', evidence: [] }],
  impacted: [cause, ...Array.from({ length: affected }, (_, i) => ({ ...entity, name: `service-${i}` }))],
  possible: [],
});

/** What an incident is after these actions, and the kinds of its events in order. */
function live(...actions: Action[]): { incident: Incident; kinds: string[] } {
  let incident = createIncident('id', 'eu', admission({}, 0), minute(1));
  const kinds: string[] = [];
  for (const action of actions) {
    const step = reduce(incident, action);
    incident = step.incident;
    kinds.push(...step.events.map(({ kind }) => kind));
  }
  return { incident, kinds };
}

const OPEN = admit(1, admission({}, 0));

describe('an incident', () => {
  it('opens with its first alerts, recovers with the last end and is resolved after three minutes of quiet', () => {
    const actions = [admit(1, admission({}, 0), admission({ i: 'b' }, 0.5)), end(5, 4), end(9, 8)];
    expect(live(...actions).incident).toMatchObject({ state: 'recovering', firing: 0, resolvedAt: undefined });
    expect(live(...actions, wait(10.9)).incident.state).toBe('recovering');
    const { incident, kinds } = live(...actions, wait(11));
    expect(incident).toMatchObject({
      state: 'resolved',
      resolvedAt: minute(8),
      resolvedBy: '',
      startsAt: minute(0),
      openedAt: minute(1),
      firing: 0,
      alerts: 2,
    });
    expect(kinds).toEqual(['opened', 'ended', 'ended', 'recovering', 'resolved']);
  });

  it('is resolved at once when the quiet had lasted before we heard of it, at the time of the latest end', () => {
    const two = admit(1, admission({}, 0), admission({ i: 'b' }, 0));
    expect(live(two, end(12, 8), end(12, 4)).incident).toMatchObject({ state: 'resolved', resolvedAt: minute(8) });
  });

  it('that was over before we heard of it is opened and resolved', () => {
    const { incident, kinds } = live(admit(9, admission({}, 0, 5)));
    expect(incident).toMatchObject({ state: 'resolved', resolvedAt: minute(5) });
    expect(kinds).toEqual(['opened', 'resolved']);
  });

  it('goes on when an alert fires while it recovers', () => {
    const { incident, kinds } = live(OPEN, end(5, 4), admit(6, admission({}, 6, undefined, true)));
    expect(incident).toMatchObject({ state: 'open', reopened: 0, firing: 1 });
    expect(kinds.slice(1)).toEqual(['ended', 'recovering', 'joined', 'relapsed']);
  });

  it('does not come back for an alert that is over, but may have ended later', () => {
    const { incident, kinds } = live(OPEN, end(8, 4), admit(9, admission({ i: 'b' }, 3, 6)));
    expect(incident).toMatchObject({ state: 'resolved', resolvedAt: minute(6) });
    expect(kinds).toEqual(['opened', 'ended', 'resolved', 'joined']);
  });

  it('comes back for a new firing, and is not acknowledged any more', () => {
    const { incident, kinds } = live(
      OPEN,
      deed('acknowledge', 2),
      end(8, 4),
      admit(10, admission({}, 10, undefined, true)),
    );
    expect(incident).toMatchObject({ state: 'open', resolvedAt: undefined, reopened: 1, alerts: 1, firing: 1 });
    expect(stateWord(incident)).toBe('open');
    expect(kinds).toEqual(['opened', 'acknowledged', 'ended', 'resolved', 'joined', 'reopened']);
  });

  it('closed by hand stays closed when its alerts end or expired ones go on, and opens for a new firing', () => {
    const closed = [admit(1, admission({}, 0), admission({ i: 'b' }, 0)), deed('resolve', 3)];
    expect(live(...closed).incident).toMatchObject({
      state: 'resolved',
      resolvedAt: minute(3),
      resolvedBy: 'ann',
      firing: 2,
    });
    const ended = live(...closed, end(5, 4), end(6, 5));
    expect(ended.incident).toMatchObject({ state: 'resolved', resolvedAt: minute(3), firing: 0 });
    expect(ended.kinds).toEqual(['opened', 'resolved', 'ended', 'ended']);
    expect(live(...closed, { kind: 'revive', at: minute(6), count: 1 }).incident.state).toBe('resolved');
    expect(live(...closed, admit(6, admission({ i: 'c' }, 6))).incident).toMatchObject({
      state: 'open',
      resolvedBy: '',
    });
  });

  it('comes back when an alert that had expired was sent again', () => {
    const { incident, kinds } = live(OPEN, end(9, 4), { kind: 'revive', at: minute(10), count: 1 });
    expect(incident).toMatchObject({ state: 'open', firing: 1, reopened: 1 });
    expect(kinds.at(-1)).toBe('reopened');
  });

  it('of which nobody has spoken for hours is closed as unknown, and comes back when somebody does', () => {
    const lost = live(OPEN, { kind: 'lose_sight', at: minute(500) });
    expect(lost.incident).toMatchObject({ state: 'closed_unknown', firing: 0, resolvedAt: minute(500) });
    const { incident } = reduce(lost.incident, { kind: 'revive', at: minute(600), count: 1 });
    expect(incident).toMatchObject({ state: 'open', firing: 1, reopened: 1, resolvedAt: undefined });
  });

  it('records who did what and when', () => {
    const { events } = reduce(live(OPEN).incident, deed('acknowledge', 2));
    expect(events).toEqual([
      { incidentId: 'id', at: minute(2), kind: 'acknowledged', by: 'ann', comment: 'mine', count: 0, detail: {} },
    ]);
  });
});

describe('a candidate', () => {
  const held = (until: number, labels = {}) => ({ ...admission(labels, 0), heldUntil: minute(until) });

  it('is visible and waits; what fires on when the hold ends becomes open', () => {
    const { incident } = live(admit(1, held(3)));
    expect(incident).toMatchObject({ state: 'candidate', promotedAt: undefined, firing: 1 });
    const { incident: later, kinds } = live(admit(1, held(3)), wait(2.9), wait(3));
    expect(later).toMatchObject({ state: 'open', promotedAt: minute(3) });
    expect(kinds).toEqual(['opened', 'promoted']);
  });

  it('is over at once when it recovers first: nobody was told', () => {
    const { incident, kinds } = live(admit(1, held(3)), end(2, 2));
    expect(incident).toMatchObject({ state: 'resolved', promotedAt: undefined, resolvedAt: minute(2) });
    expect(kinds).toEqual(['opened', 'ended', 'resolved']);
  });

  it.each<[string, Action]>([
    ['a critical alert', admit(2, { ...held(9, { severity: 'critical', i: 'b' }), isAgain: true })],
    ['a second alert that does not only flap', admit(2, held(9, { i: 'b' }))],
    ['services that are affected', diagnose(2, database, 2)],
  ])('waits no longer for %s', (_, action) => {
    expect(live(admit(1, held(9)), action).incident).toMatchObject({ state: 'open', promotedAt: minute(2) });
  });

  it('does not open for alerts that only flap', () => {
    const flapping = (labels: Record<string, string>) => ({ ...admission(labels, 0), heldUntil: Infinity });
    expect(live(admit(1, flapping({})), admit(2, flapping({ i: 'b' })), wait(90)).incident.state).toBe('candidate');
  });

  it('never comes of a critical alert', () => {
    expect(live(admit(1, held(9, { severity: 'critical' }))).incident.state).toBe('open');
  });
});

describe('an acknowledgement', () => {
  const taken = [admit(1, admission({ severity: 'warning' }, 0)), diagnose(1, database, 3), deed('acknowledge', 2)];

  it('lasts while the incident grows a little', () => {
    const { incident } = live(...taken, admit(3, admission({ i: 'b', severity: 'info' }, 2)), diagnose(4, database, 5));
    expect([stateWord(incident), incident.acknowledgedBy, incident.acknowledgedAt]).toEqual([
      'acknowledged',
      'ann',
      minute(2),
    ]);
  });

  it.each<[string, Action]>([
    ['severity', admit(3, admission({ i: 'b', severity: 'critical' }, 2))],
    ['cause', diagnose(3, { ...database, name: 'payments' }, 3)],
    ['impact', diagnose(3, database, 6)],
  ])('ends when the %s is worse than what was acknowledged', (because, action) => {
    const { incident } = live(...taken);
    const step = reduce(incident, action);
    expect(step.events.at(-1)).toMatchObject({ kind: 'unacknowledged', detail: { because } });
    expect(stateWord(step.incident)).toBe('open');
  });
});

describe('what it says of itself', () => {
  it('is named after its earliest alert', () => {
    const { incident } = live(
      admit(
        1,
        admission({}, 5),
        { ...admission({ alertname: 'Down' }, 2), entity: undefined },
        admission({ i: 'b' }, 7),
      ),
    );
    expect(incidentTitle(live(OPEN).incident)).toBe('HighLatency on service shop/checkout');
    expect(incidentTitle(incident)).toBe('HighLatency on service shop/checkout and 2 more');
    const earlier = reduce(incident, admit(8, { ...admission({ alertname: 'Down' }, -3), entity: undefined })).incident;
    expect(incidentTitle(earlier)).toBe('Down and 3 more');
    expect(earlier.startsAt).toBe(minute(-3));
  });

  it('is named after its cause, as soon as one is probable enough', () => {
    const { incident } = live(OPEN, diagnose(2, database, 47));
    expect(incidentTitle(incident)).toBe('Database orders, 47 services affected');
    expect(servicesAffected(incident)).toBe(47);
    expect(incident.key).toBe(formatEntity(database));
    expect(incidentTitle(live(OPEN, diagnose(2, database, 1)).incident)).toBe('Database orders, 1 service affected');
    expect(incidentTitle(live(OPEN, diagnose(2, entity, 0)).incident)).toBe('HighLatency on service shop/checkout');
    expect(incidentTitle(live(OPEN, diagnose(2, database, 0)).incident)).toBe('Database orders');
    expect(
      incidentTitle(live(admit(1, admission({}, 0), admission({ i: 'b' }, 0)), diagnose(2, database, 0)).incident),
    ).toBe('Database orders, 2 alerts');
    expect(incidentTitle(live(OPEN, diagnose(2, database, 9, 0.2)).incident)).toBe(
      'HighLatency on service shop/checkout',
    );
  });

  it.each([
    [['info', 'critical', 'warning'], 'critical'],
    [['warning', 'page'], 'page'],
    [['info', 'team-a'], 'team-a'],
    [['team-a', 'warning'], 'warning'],
    [['', 'none'], 'none'],
    [['Critical', 'warning'], 'Critical'],
    [['', ''], ''],
  ])('is as grave as the gravest of %j', (severities, gravest) => {
    const admissions = severities.map((severity, i) => admission({ severity, i: String(i) }, 0));
    expect(live(admit(1, ...admissions)).incident.severity).toBe(gravest);
    expect(live(admit(1, ...admissions.toReversed())).incident.severity).toBe(gravest);
  });
});
