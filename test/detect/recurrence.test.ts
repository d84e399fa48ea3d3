import { beforeEach, describe, expect, it } from 'vitest';
import { CivilTime } from '../../src/detect/civil-time.ts';
import { Recurrence } from '../../src/detect/recurrence.ts';
import { Columns } from '../../src/series/columns.ts';

const ROW = 1;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5, 3);
/** So long are minutes and hours kept apart in sixteen bits. */
const MINUTES_WRAP = 65_536 * MINUTE;
const HOURS_WRAP = 65_536 * HOUR;

let habits: Recurrence;
let civil: CivilTime;

beforeEach(() => {
  civil = new CivilTime('UTC');
  habits = new Recurrence(new Columns(10).pool('habits', 9), civil);
});

/** @param stepMinutes of more than five say nothing of minutes of the hour */
function happens(at: number, z = 10, stepMinutes = 10): void {
  civil.moveTo(at);
  habits.learn(ROW, at, z, 1, stepMinutes * 60);
}

function isHabit(at: number, z = 10, stepMinutes = 10): boolean {
  civil.moveTo(at);
  return habits.isHabit(ROW, z, stepMinutes * 60);
}

describe('what happened twice is a habit', () => {
  it.each([0, 3, 9])('at the same time of the day, %s minutes after the hour, and five minutes beside it', (minute) => {
    const at = START + minute * MINUTE;
    happens(at);
    expect(isHabit(at + DAY)).toBe(false);
    happens(at + DAY);
    const minutes = [-5, 0, 5].map((beside) => isHabit(at + 2 * DAY + beside * MINUTE));
    expect(minutes).toEqual([true, true, true]);
    expect([-20, 20].map((beside) => isHabit(at + 2 * DAY + beside * MINUTE))).toEqual([false, false]);
  });

  it('on both sides of midnight', () => {
    const midnight = START - 3 * HOUR;
    happens(midnight + DAY);
    happens(midnight + 2 * DAY - 4 * MINUTE);
    expect(isHabit(midnight + 3 * DAY)).toBe(true);
  });

  it('at the same minute of the hour, and beside it', () => {
    happens(START, 10, 1);
    happens(START + HOUR, 10, 1);
    expect([59, 60, 61, 62].map((minute) => isHabit(START + HOUR + minute * MINUTE, 10, 1))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('unless it is much larger, or happens within minutes', () => {
    happens(START);
    happens(START + 8 * MINUTE);
    expect(isHabit(START + DAY)).toBe(false);
    happens(START + DAY);
    expect([isHabit(START + 2 * DAY, 15), isHabit(START + 2 * DAY, 16)]).toEqual([true, false]);
  });
});

describe('what happens no more is no habit', () => {
  /** A calm step in each hour until then. */
  const passUntil = (from: number, to: number) => {
    for (let at = from; at <= to; at += HOUR) {
      civil.moveTo(at);
      habits.learn(ROW, at, 0, 0, 600);
    }
  };

  it.each([
    ['after a week, of the day', DAY, 10, 6.5 * DAY, 8 * DAY],
    ['after six hours, of the hour', HOUR, 1, 5 * HOUR, 8 * HOUR],
  ])('%s', (_what, period, stepMinutes, stillAfter, noMoreAfter) => {
    happens(START, 10, stepMinutes);
    happens(START + period, 10, stepMinutes);
    passUntil(START + period, START + stillAfter);
    expect(isHabit(START + Math.ceil(stillAfter / period) * period, 10, stepMinutes)).toBe(true);
    passUntil(START + stillAfter, START + noMoreAfter);
    expect(isHabit(START + noMoreAfter, 10, stepMinutes)).toBe(false);
  });
});

it.each([
  ['minutes', Math.ceil(START / MINUTES_WRAP) * MINUTES_WRAP],
  ['hours', Math.ceil(START / HOURS_WRAP) * HOURS_WRAP],
])('times go on where the count of %s wraps around', (_unit, wrap) => {
  happens(wrap - 5 * MINUTE);
  happens(wrap + 5 * MINUTE);
  expect(isHabit(wrap + DAY)).toBe(false);
  happens(wrap + DAY);
  expect(isHabit(wrap + 2 * DAY)).toBe(true);
});
