import { expect, it } from 'vitest';
import { Chronic } from '../../src/detect/chronic.ts';
import { times } from '../test-lane.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

it('a series whose latest anomalies differ has none that recurs', () => {
  const chronic = new Chronic();
  for (const i of times(16, (i) => i))
    chronic.remember(1, [i * HOUR, i * HOUR + 60_000, (i % 2 === 0 ? 1 : -1) * 1.5 ** i]);
  expect(chronic.reason(1, 16 * HOUR, 1.5 ** 16, 10)).toBeUndefined();
});

it('of a series the latest 16 anomalies are remembered, and it is said that there may have been more', () => {
  const chronic = new Chronic();
  for (const i of times(40, (i) => i)) chronic.remember(1, [i * HOUR, i * HOUR + 60_000, 5]);
  expect(chronic.of(1)).toHaveLength(16);
  expect(chronic.reason(1, 40 * HOUR, 5, 10)).toBe('at least the 17th like it in 14 days');
});

it('of all series 200,000 are, and those that had none for 14 days are forgotten', () => {
  const chronic = new Chronic();
  const known = (slots: readonly number[]) => slots.map((slot) => chronic.of(slot)?.length);
  for (const i of times(200_000, (i) => i)) chronic.remember(i >> 1, [i, i, 5]);
  expect(known([0, 99_999])).toEqual([2, 2]);
  chronic.remember(0, [200_000, 200_000, 5]);
  expect(known([0, 1, 2])).toEqual([3, undefined, 2]);
  chronic.remember(100_000, [200_000, 200_000, 5]);
  expect(known([2, 100_000])).toEqual([2, 1]);
  chronic.remember(7, [14 * DAY + 100_000, 14 * DAY + 100_000, 5]);
  expect(known([2, 49_999, 50_001, 7])).toEqual([undefined, undefined, 2, 3]);
});

it('a slot that goes to another series is forgotten', () => {
  const chronic = new Chronic();
  for (const i of times(5, (i) => i)) chronic.remember(1, [i * HOUR, i * HOUR + 60_000, 5]);
  expect(chronic.reason(1, 5 * HOUR, 5, 10)).toBe('the 6th like it in 14 days');
  chronic.forget(1);
  expect(chronic.reason(1, 5 * HOUR, 5, 10)).toBeUndefined();
});

it('what was before the last six hours does not count among them', () => {
  const chronic = new Chronic();
  for (const [from, to, distance] of [
    [0, 1, 1],
    [20, 25, -10],
    [25, 28, 100],
  ] as const) {
    chronic.remember(1, [from * HOUR, to * HOUR, distance]);
  }
  expect(chronic.reason(1, 29 * HOUR, 1000, 10)).toBe('the series was anomalous for 5.0 of the 6 hours before');
  expect(chronic.reason(1, 31 * HOUR, 1000, 10)).toBeUndefined();
});
