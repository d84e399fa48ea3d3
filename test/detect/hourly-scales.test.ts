import { beforeEach, expect, it } from 'vitest';
import { HourlyScales } from '../../src/detect/hourly-scales.ts';
import { Columns } from '../../src/series/columns.ts';

const ROW = 1;
const HOUR = 7;
const UNIT = 64;

let scales: HourlyScales;

beforeEach(() => {
  scales = new HourlyScales(new Columns(10), 'hours');
});

/** What is left of a scale when its hour is over. */
function kept(scale: number, seed = 1): number {
  scales.learn(ROW, scale);
  scales.leave(ROW, HOUR, UNIT, seed);
  return scales.get(ROW, HOUR, UNIT);
}

it.each([0.02, 0.5, 1, 3.3, 100, 900])('keeps %s to 5 percent, and the hours beside it as they were', (scale) => {
  expect(Math.abs(Math.log(kept(scale) / scale))).toBeLessThan(0.05);
  expect([HOUR - 1, HOUR + 1].map((hour) => scales.get(ROW, hour, 1))).toEqual(
    [HOUR - 1, HOUR + 1].map(() => scales.get(ROW, 0, 1)),
  );
});

it('keeps what is too small or too large at the edge, and not as nothing or infinite', () => {
  expect(kept(0)).toBeGreaterThan(0);
  expect(kept(0)).toBeLessThan(0.02);
  expect(kept(1e300)).toBeGreaterThan(900);
  expect(kept(1e300)).toBeLessThan(1100);
});

it('follows a change that is smaller than its steps, visit by visit', () => {
  kept(1);
  for (let visit = 0; visit < 400; visit++) {
    scales.enter(ROW, HOUR, UNIT);
    const before = scales.current(ROW);
    kept(before + 0.08 * (1.2 - before), visit);
  }
  expect(scales.get(ROW, HOUR, UNIT)).toBeGreaterThan(1.1);
  expect(scales.get(ROW, HOUR, UNIT)).toBeLessThan(1.3);
});
