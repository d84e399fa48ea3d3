import { describe, expect, it } from 'vitest';
import { parseApiAlerts } from '../../src/ingest/alerts-api.ts';

const RECEIVED_AT = Date.parse('2026-11-22T13:40:00Z');
const MINUTE = 60_000;
const labels = { alertname: 'A', instance: 'i2' };
const at = (minutes: number) => new Date(RECEIVED_AT + minutes * MINUTE).toISOString();
const parse = (...items: unknown[]) => parseApiAlerts(items, RECEIVED_AT, { replicaLabel: '__replica__' });
const only = (item: object) => parse({ labels, ...item }).delivery.alerts[0]!;

describe('POST /api/v2/alerts', () => {
  it('computes the identity as Alertmanager does', () => {
    expect(only({}).fingerprint).toBe('395a271e5026ede3');
  });

  it.each([
    ['an end to come: firing until then', { startsAt: at(-9), endsAt: at(4) }, [-9, undefined, 4]],
    ['an end that has passed: resolved', { startsAt: at(-9), endsAt: at(-1) }, [-9, -1, undefined]],
    ['no end: firing for five minutes', { startsAt: at(-9) }, [-9, undefined, 5]],
    ['neither: began now', {}, [0, undefined, 5]],
    ['an end alone is the start too', { endsAt: at(-1) }, [-1, -1, undefined]],
    [
      "Go's zero times are none",
      { startsAt: '0001-01-01T00:00:00Z', endsAt: '0001-01-01T00:00:00.000Z' },
      [0, undefined, 5],
    ],
  ])('%s', (_, item, [startsAt, endsAt, expiresAt]) => {
    const minutes = (time: number | undefined) => (time === undefined ? undefined : (time - RECEIVED_AT) / MINUTE);
    const alert = only(item);
    expect([alert.startsAt, alert.endsAt, alert.expiresAt].map(minutes)).toEqual([startsAt, endsAt, expiresAt]);
  });

  it('keeps the good alerts beside bad ones and names those', () => {
    const { delivery, problems } = parse({ labels }, { labels: {} }, { labels, startsAt: at(1), endsAt: at(0) });
    expect(delivery).toMatchObject({ source: 'api', invalidAlerts: 2, truncatedAlerts: 0 });
    expect(delivery.alerts).toHaveLength(1);
    expect(problems).toEqual(['alert 1: has no labels', 'alert 2: endsAt is before startsAt']);
  });

  it('refuses what is no list', () => {
    expect(() => parseApiAlerts({ alerts: [] }, RECEIVED_AT, { replicaLabel: 'r' })).toThrow(
      /not a JSON array of alerts/,
    );
  });
});
