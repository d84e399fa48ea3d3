import { expect, it } from 'vitest';
import { ScoreReplay } from '../../src/score-replay.ts';
import { KIND } from '../../src/series/kinds.ts';
import { gaussian } from '../test-lane.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 2);

/** The highest score of a gauge that moves for so many minutes and then stands still for two hours. */
function worstAfterStop(movingMinutes: number): number {
  const noise = gaussian(3);
  const scoring = new ScoreReplay('score');
  let worst = 0;
  let last = 0;
  for (let minute = 0; minute < movingMinutes + 120; minute++) {
    if (minute < movingMinutes) last = 100 + 5 * noise();
    worst = Math.max(worst, scoring.take(START + minute * MINUTE, last));
  }
  return worst;
}

it('a series that has always moved and stops is unusual', () => {
  expect(worstAfterStop(90)).toBeGreaterThan(1);
  expect(worstAfterStop(600)).toBeGreaterThan(1);
});

it('a series that moved in its first minutes only is not: nobody knows yet whether it always moves', () => {
  expect(worstAfterStop(8)).toBeLessThan(1);
  expect(worstAfterStop(30)).toBeLessThan(1);
});

it.each([
  ['from zero', 0, 0.1],
  ['from a large value', 1.64e13, 4.25],
  ['in thirds', 1e6, 1 / 3],
])('a counter of constant rate is none, %s, though floating point makes it move', (_, from, rate) => {
  const scoring = new ScoreReplay('score', 'UTC', { kind: KIND.counter });
  for (let second = 0; second < 86_400; second += 15) {
    expect(scoring.take(START + second * 1000, from + rate * second)).toBeLessThan(0.5);
  }
});
