import { describe, expect, it } from 'vitest';
import { type Action, type Admission, createIncident, reduce } from '../../src/incidents/life-cycle.ts';
import { type Incident, incidentTitle } from '../../src/model/incident.ts';
import { alertOf, minute } from './alert-builders.ts';

const entity = { cluster: 'eu', kind: 'service', namespace: 'shop', name: 'checkout' } as const;

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
const deed = (kind: 'acknowledge' | 'resolve', at: number): Action => ({
  kind,
  at: minute(at),
  by: 'ann',
  comment: 'mine',
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
  it('opens with its first alerts and resolves with the last end', () => {
    const { incident, kinds } = live(admit(1, admission({}, 0), admission({ i: 'b' }, 0.5)), end(5, 4), end(9, 8));
    expect(incident).toMatchObject({
      state: 'resolved',
      resolvedAt: minute(8),
      resolvedBy: '',
      startsAt: minute(0),
      openedAt: minute(1),
      firing: 0,
      alerts: 2,
    });
    expect(kinds).toEqual(['opened', 'ended', 'ended', 'resolved']);
  });

  it('is resolved at the latest end, in whichever order the ends come', () => {
    expect(live(admit(1, admission({}, 0), admission({ i: 'b' }, 0)), end(9, 8), end(9, 4)).incident.resolvedAt).toBe(
      minute(8),
    );
  });

  it('that was over before we heard of it is opened and resolved', () => {
    const { incident, kinds } = live(admit(9, admission({}, 0, 5)));
    expect(incident).toMatchObject({ state: 'resolved', resolvedAt: minute(5) });
    expect(kinds).toEqual(['opened', 'resolved']);
  });

  it('does not come back for an alert that is over, but may have ended later', () => {
    const { incident, kinds } = live(OPEN, end(5, 4), admit(7, admission({ i: 'b' }, 3, 6)));
    expect(incident).toMatchObject({ state: 'resolved', resolvedAt: minute(6) });
    expect(kinds).toEqual(['opened', 'ended', 'resolved', 'joined']);
  });

  it('comes back for a new firing, and is not acknowledged any more', () => {
    const { incident, kinds } = live(
      OPEN,
      deed('acknowledge', 2),
      end(5, 4),
      admit(10, admission({}, 10, undefined, true)),
    );
    expect(incident).toMatchObject({ state: 'open', resolvedAt: undefined, reopened: 1, alerts: 1, firing: 1 });
    expect(kinds).toEqual(['opened', 'acknowledged', 'ended', 'resolved', 'joined', 'reopened']);
  });

  it('stays acknowledged when it grows', () => {
    expect(live(OPEN, deed('acknowledge', 2), admit(3, admission({ i: 'b' }, 2))).incident).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'ann',
      acknowledgedAt: minute(2),
    });
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
    const { incident, kinds } = live(OPEN, end(5, 4), { kind: 'revive', at: minute(6), count: 1 });
    expect(incident).toMatchObject({ state: 'open', firing: 1, reopened: 1 });
    expect(kinds.at(-1)).toBe('reopened');
  });

  it('records who did what and when', () => {
    const { events } = reduce(live(OPEN).incident, deed('acknowledge', 2));
    expect(events).toEqual([
      { incidentId: 'id', at: minute(2), kind: 'acknowledged', by: 'ann', comment: 'mine', count: 0 },
    ]);
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
