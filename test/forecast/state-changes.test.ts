import { expect, it } from 'vitest';
import { forecastOf } from '../../src/forecast/forecaster.ts';
import { ResourceHistory } from '../../src/forecast/resource-history.ts';
import { followTeeth } from '../../src/forecast/teeth.ts';
import { diskHistory } from './disk-histories.ts';
import { DAY, sampled, TRACE_START } from './disk-traces.ts';

const DISKS = 60;
const DAYS = 6;
const NEW_DAYS = 3;

/** How often the state of a simulated disk changes on each day. */
function changesByDay(number: number): number[] {
  const history = new ResourceHistory();
  const changes = new Array<number>(DAYS).fill(0);
  let before = 'insufficient';
  for (const { at, used, limit } of sampled({ ...diskHistory(number), days: DAYS }, number)) {
    history.add(at, used, limit);
    followTeeth(history, at, used, limit);
    if (at % 300 !== 0) continue;
    const { state } = forecastOf(history, limit);
    if (state !== before) changes[Math.floor((at - TRACE_START) / DAY)]!++;
    before = state;
  }
  return changes;
}

it('the state of a disk changes about once a day while it is new, its first one included, and seldom later', () => {
  const disks = Array.from({ length: DISKS }, (_, number) => changesByDay(number));
  const perDay = (from: number, to: number) =>
    disks.flatMap((days) => days.slice(from, to)).reduce((sum, count) => sum + count, 0) / DISKS / (to - from);
  expect(perDay(0, NEW_DAYS)).toBeLessThan(1.2);
  expect(perDay(NEW_DAYS, DAYS)).toBeLessThan(0.3);
}, 120_000);
