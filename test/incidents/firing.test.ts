import { describe, expect, it } from 'vitest';
import { expireFiring, nextExpiry, postponeExpiry, receiveAlert } from '../../src/incidents/firing.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Firing } from '../../src/model/incident.ts';
import { alertOf, minute } from './alert-builders.ts';

const LABELS = { alertname: 'A' };
const firing = (from: number, more: object = {}) => alertOf(LABELS, { from, ...more });
const resolved = (from: number, to: number, more: object = {}) => alertOf(LABELS, { from, to, ...more });

/** Feeds alerts one after the other and tells what each turned out to be, and the last firing. */
function feed(...alerts: Alert[]): { outcomes: string[]; from: number; to: number | undefined; firing: Firing } {
  let last: Firing | undefined;
  const outcomes: string[] = [];
  for (const alert of alerts) {
    const receipt = receiveAlert(last, alert);
    outcomes.push(receipt.superseded === undefined ? receipt.outcome : 'superseded');
    last = receipt.firing;
  }
  const { startsAt, endsAt } = last!.alert;
  const minutes = (time: number) => (time - minute(0)) / 60_000;
  return { outcomes, from: minutes(startsAt), to: endsAt === undefined ? undefined : minutes(endsAt), firing: last! };
}

describe('one replica', () => {
  it.each<[string, Alert[], string[], number, number | undefined]>([
    ['a repetition is nothing new', [firing(0), firing(0)], ['started', 'repeated'], 0, undefined],
    ['an end', [firing(0), resolved(0, 5)], ['started', 'changed'], 0, 5],
    ['an end is final', [firing(0), resolved(0, 5), firing(0)], ['started', 'changed', 'late'], 0, 5],
    ['an end is repeated', [firing(0), resolved(0, 5), resolved(0, 5)], ['started', 'changed', 'repeated'], 0, 5],
    ['an end that comes first', [resolved(0, 5), firing(0)], ['started', 'late'], 0, 5],
    [
      'a new start after the end',
      [firing(0), resolved(0, 5), firing(8)],
      ['started', 'changed', 'started'],
      8,
      undefined,
    ],
    ['a new start whose end before it was lost', [firing(0), firing(8)], ['started', 'superseded'], 8, undefined],
    [
      'the old firing after a new start',
      [firing(0), resolved(0, 5), firing(8), firing(0)],
      ['started', 'changed', 'started', 'late'],
      8,
      undefined,
    ],
    [
      'the old end after a new start',
      [firing(0), firing(8), resolved(0, 5)],
      ['started', 'superseded', 'repeated'],
      8,
      undefined,
    ],
    ['a start that moves back', [firing(8), firing(6)], ['started', 'changed'], 6, undefined],
    ['a start that moves back with the end', [firing(8), resolved(6, 9)], ['started', 'changed'], 6, 9],
    ['an end of something before', [firing(8), resolved(2, 3)], ['started', 'repeated'], 8, undefined],
    ['another text', [firing(0), firing(0, { summary: 'new' })], ['started', 'changed'], 0, undefined],
  ])('%s', (_, alerts, outcomes, from, to) => {
    expect(feed(...alerts)).toMatchObject({ outcomes, from, to });
  });
});

describe('two replicas of a Prometheus', () => {
  const a = { replica: 'a' };
  const b = { replica: 'b' };

  it.each<[string, Alert[], string[], number, number | undefined]>([
    ['fire once', [firing(0, a), firing(0.2, b)], ['started', 'changed'], 0, undefined],
    ['fire once in either order', [firing(0.2, b), firing(0, a)], ['started', 'changed'], 0, undefined],
    [
      'repeat',
      [firing(0, a), firing(0.2, b), firing(0, a), firing(0.2, b)],
      ['started', 'changed', 'repeated', 'repeated'],
      0,
      undefined,
    ],
    [
      'end when the second ends',
      [firing(0, a), firing(0.2, b), resolved(0, 5, a)],
      ['started', 'changed', 'changed'],
      0,
      undefined,
    ],
    [
      'end at the later end',
      [firing(0, a), firing(0.2, b), resolved(0.2, 5.2, b), resolved(0, 5, a)],
      ['started', 'changed', 'changed', 'changed'],
      0,
      5.2,
    ],
    [
      'one restarts: the firing goes on',
      [firing(0, a), firing(0.2, b), firing(7, b), resolved(0, 9, a)],
      ['started', 'changed', 'changed', 'changed'],
      0,
      undefined,
    ],
    [
      'the second is heard after the end of the first',
      [firing(0, a), resolved(0, 5, a), firing(0.2, b)],
      ['started', 'changed', 'changed'],
      0,
      undefined,
    ],
    ['fire anew', [firing(0, a), resolved(0, 5, a), firing(8, b)], ['started', 'changed', 'started'], 8, undefined],
  ])('%s', (_, alerts, outcomes, from, to) => {
    expect(feed(...alerts)).toMatchObject({ outcomes, from, to });
  });
});

describe('alerts that expire unless they are sent again', () => {
  it('expire at the time that was given', () => {
    const { firing: open } = feed(firing(0, { until: 4 }));
    expect(nextExpiry(open)).toBe(minute(4));
    expect(expireFiring(open, minute(3.9))).toBeUndefined();
    expect(expireFiring(open, minute(10))!.alert.endsAt).toBe(minute(4));
  });

  it('last longer with each repetition, never shorter', () => {
    const { outcomes, firing: open } = feed(firing(0, { until: 4 }), firing(0, { until: 6 }), firing(0, { until: 5 }));
    expect(outcomes).toEqual(['started', 'repeated', 'repeated']);
    expect(nextExpiry(open)).toBe(minute(6));
  });

  it('do not expire if Alertmanager sends them as well', () => {
    expect(nextExpiry(feed(firing(0, { until: 4 }), firing(0)).firing)).toBe(Number.POSITIVE_INFINITY);
  });

  it('that are sent without a start mean the firing that lasts', () => {
    const { outcomes, from } = feed(
      firing(0, { until: 5 }),
      firing(1, { until: 6 }),
      firing(2, { until: 7 }),
      resolved(3, 3),
    );
    expect(outcomes).toEqual(['started', 'repeated', 'repeated', 'changed']);
    expect(from).toBe(0);
  });

  it('go on if they are sent after having expired, unless they were resolved', () => {
    const expired = expireFiring(feed(firing(0, { until: 4 })).firing, minute(5))!;
    expect(receiveAlert(expired, firing(0, { until: 9 }))).toMatchObject({
      outcome: 'changed',
      firing: { alert: { endsAt: undefined } },
    });
    expect(receiveAlert(expired, firing(0, { until: 4 })).outcome).toBe('late');
    const ended = receiveAlert(expired, resolved(0, 3));
    expect(ended).toMatchObject({ outcome: 'changed', firing: { alert: { endsAt: minute(3) } } });
    expect(receiveAlert(ended.firing, firing(0, { until: 9 })).outcome).toBe('late');
  });

  it('get time after a start', () => {
    const { firing: open } = feed(firing(0, { until: 4 }));
    expect(nextExpiry(postponeExpiry(open, minute(20)))).toBe(minute(20));
    expect(nextExpiry(postponeExpiry(open, minute(2)))).toBe(minute(4));
    expect(nextExpiry(postponeExpiry(feed(firing(0)).firing, minute(20)))).toBe(Number.POSITIVE_INFINITY);
  });
});
