import { expect, it } from 'vitest';
import { plainNotifications } from '../../src/noise/plain-alertmanager.ts';
import { MINUTE } from '../incidents/alert-builders.ts';
import { pastFiring } from './past-firings.ts';

const GROUPING = { groupBy: ['namespace'], groupWaitMs: MINUTE / 2, groupIntervalMs: 5 * MINUTE };
const shop = { alertname: 'A', namespace: 'shop' };
const count = (...firings: ReturnType<typeof pastFiring>[]) => plainNotifications(firings, GROUPING);

it.each([
  ['nothing is sent for nothing', 0, count()],
  [
    'what begins within the wait is one notification',
    1,
    count(pastFiring(shop, { from: 0 }), pastFiring(shop, { from: 0.4 })),
  ],
  ['each group has its own', 2, count(pastFiring(shop, { from: 0 }), pastFiring({ alertname: 'A' }, { from: 0.1 }))],
  ['what is over before the wait is never sent', 0, count(pastFiring(shop, { from: 0, to: 0.4 }))],
  ['what comes later goes with the next flush', 2, count(...[0, 1, 2, 5.4].map((from) => pastFiring(shop, { from })))],
  ['and again with the one after that', 3, count(...[0, 1, 5.6].map((from) => pastFiring(shop, { from })))],
  [
    'and not at all when it is over by then',
    1,
    count(pastFiring(shop, { from: 0 }), pastFiring(shop, { from: 1, to: 5 })),
  ],
  [
    'a group that is over waits anew',
    2,
    count(pastFiring(shop, { from: 0, to: 2 }), pastFiring(shop, { from: 8 }), pastFiring(shop, { from: 8.4 })),
  ],
  [
    'a group that is flushed but not over does not',
    2,
    count(pastFiring(shop, { from: 0, to: 9 }), pastFiring(shop, { from: 8 }), pastFiring(shop, { from: 10.4 })),
  ],
  [
    'the order in which they are told makes no difference',
    2,
    count(pastFiring(shop, { from: 6 }), pastFiring(shop, { from: 0 })),
  ],
])('%s', (_, expected, counted) => expect(counted).toBe(expected));

it('groups by several labels, or by none', () => {
  const firings = ['a', 'b', 'c'].map((service) => pastFiring({ ...shop, service }, { from: 0 }));
  expect(plainNotifications(firings, { ...GROUPING, groupBy: ['namespace', 'service'] })).toBe(3);
  expect(plainNotifications(firings, { ...GROUPING, groupBy: [] })).toBe(1);
});
