import { expect, it } from 'vitest';
import { ResourceHistory, RINGS } from '../../src/forecast/resource-history.ts';
import { TRACE_START } from './disk-traces.ts';

const SIX_HOURS = 21_600;

it('keeps levels within a hundredth of a percent of the limit, before and after a sample that cannot be', () => {
  const history = new ResourceHistory();
  for (let i = 0; i < 5; i++) history.add(TRACE_START + i * SIX_HOURS, 400e9 + i * 1e9, 1e12);
  history.add(TRACE_START + 5 * SIX_HOURS, 1e25, 1e12);
  for (let i = 0; i < 5; i++) {
    const error = history.highest(RINGS.sixHours, TRACE_START + i * SIX_HOURS) - (400e9 + i * 1e9);
    expect(Math.abs(error)).toBeLessThan(1e8);
  }
});

it('of something without a limit sees small levels again once the high ones are forgotten', () => {
  const history = new ResourceHistory();
  history.add(TRACE_START, -1, 0);
  history.add(TRACE_START + SIX_HOURS, -1e9, 0);
  const days = 45;
  for (let i = 2; i < days * 4; i++) history.add(TRACE_START + i * SIX_HOURS, -1000 - i, 0);
  const last = days * 4 - 1;
  expect(history.highest(RINGS.sixHours, TRACE_START + last * SIX_HOURS)).toBeCloseTo(-1000 - last, 0);
});

it('a place that was given back is empty for the next one', () => {
  const first = new ResourceHistory();
  first.add(TRACE_START, 50, 100);
  first.release();
  const others = Array.from({ length: 65 }, () => new ResourceHistory());
  expect(others.map(({ lastAt }) => lastAt)).toEqual(others.map(() => 0));
  expect(others.some(({ base, floats }) => base === first.base && floats === first.floats)).toBe(true);
});
