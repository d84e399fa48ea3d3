import { beforeEach, expect, it } from 'vitest';
import { HOURS, HourPlace } from '../../src/detect/hour-place.ts';
import { HourVisits } from '../../src/detect/hour-visits.ts';
import { Columns } from '../../src/series/columns.ts';

const ROW = 1;
const STEPS_PER_VISIT = 12;

let visits: HourVisits;

beforeEach(() => {
  visits = new HourVisits(new Columns(10), 'visits');
});

const place = (bucket: number, steps: number) =>
  Object.assign(new HourPlace(), { bucket, steps, stepsPerVisit: STEPS_PER_VISIT });

it('counts the visits of each hour, up to fifteen', () => {
  const counted = Array.from({ length: HOURS }, (_, hour) => (hour * 7) % 20);
  counted.forEach((count, hour) => {
    for (let i = 0; i < count; i++) visits.add(ROW, hour);
  });
  expect(counted.map((_, hour) => visits.get(ROW, hour))).toEqual(counted.map((count) => Math.min(15, count)));
  expect(visits.until(ROW, place(1, 3))).toBe(7.25);
  expect(visits.until(ROW, place(5, 3))).toBe(15);
});

it('weighs the steps of an hour so that they make a plain mean, until it only follows', () => {
  let mean = 0;
  for (let step = 0; step < 2 * STEPS_PER_VISIT; step++) {
    if (step === STEPS_PER_VISIT) visits.add(ROW, 9);
    mean += visits.gain(ROW, place(9, step % STEPS_PER_VISIT)) * (step - mean);
  }
  expect(mean).toBeCloseTo((2 * STEPS_PER_VISIT - 1) / 2);
  for (let visit = 0; visit < 15; visit++) visits.add(ROW, 9);
  expect(visits.gain(ROW, place(9, 0))).toBeCloseTo(0.08 / STEPS_PER_VISIT);
});
