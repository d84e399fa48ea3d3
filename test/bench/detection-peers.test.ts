import { describe, expect, it } from 'vitest';
import { gaussian } from '../test-lane.ts';
import { outcome, type ScoredSeries, thresholdWithin } from './peers/false-alarm-budget.ts';
import { METHODS } from './peers/methods.ts';
import { MomentsWindow, RanksWindow } from './peers/windows.ts';

const MINUTE = 60;

/** A day of minutes. */
function scored(scores: Record<number, number>, anomaly?: [from: number, until: number]): ScoredSeries {
  const series = {
    seconds: Float64Array.from({ length: 1441 }, (_, minute) => minute * MINUTE),
    labels: new Uint8Array(1441),
    scores: new Float64Array(1441),
    intervalSeconds: MINUTE,
    from: 0,
  };
  for (const [minute, score] of Object.entries(scores)) series.scores[Number(minute)] = score;
  if (anomaly !== undefined) series.labels.fill(1, ...anomaly);
  return series;
}

describe('false alarms', () => {
  it('are one while they are near to each other, and another every hour that they last', () => {
    expect(outcome([scored({ 100: 2, 109: 2, 130: 2 })], 1).falseAlarmsPerDay).toBe(2);
    const lasting = scored(Object.fromEntries(Array.from({ length: 130 }, (_, index) => [200 + index, 2])));
    expect(outcome([lasting], 1).falseAlarmsPerDay).toBe(3);
  });

  it('are none in an anomaly nor shortly after it', () => {
    const found = outcome([scored({ 305: 2, 319: 2, 335: 2 }, [300, 310])], 1);
    expect(found).toMatchObject({ anomalies: 1, found: 1, falseAlarmsPerDay: 1, delaysSeconds: [5 * MINUTE] });
  });

  it('decide the threshold: the lowest that stays within the budget', () => {
    const threshold = thresholdWithin([scored({ 100: 3, 400: 2, 700: 5 }), scored({})], 0.5);
    expect(threshold).toBeCloseTo(3, 4);
  });
});

describe('windows', () => {
  const noise = gaussian(1);
  const values = Array.from({ length: 500 }, (_, index) => (index % 17 === 3 ? Number.NaN : 1e6 + 10 * noise()));
  const [moments, ranks] = [new MomentsWindow(50), new RanksWindow(50)];
  for (const value of values) {
    moments.push(value);
    ranks.push(value);
  }
  const latest = values.slice(-50).filter((value) => !Number.isNaN(value));
  const middle = (all: number[]) => all.toSorted((a, b) => a - b)[(all.length - 1) >> 1]!;

  it('have the mean and deviation of the latest values', () => {
    const mean = latest.reduce((sum, value) => sum + value, 0) / latest.length;
    const variance = latest.reduce((sum, value) => sum + (value - mean) ** 2, 0) / latest.length;
    expect(moments.mean).toBeCloseTo(mean, 6);
    expect(moments.deviation).toBeCloseTo(Math.sqrt(variance), 6);
  });

  it('have the median and its median deviation', () => {
    expect(latest.length % 2).toBe(1);
    const median = middle(latest);
    expect(ranks.median).toBe(median);
    expect(ranks.medianDeviation).toBe(middle(latest.map((value) => Math.abs(value - median))));
  });
});

it.each(METHODS)('$name scores a fault above all that was before it', ({ start }) => {
  const noise = gaussian(2);
  const score = start(MINUTE);
  const day = 1440;
  let [before, during] = [0, 0];
  for (let minute = 0; minute < 9 * day + 45; minute++) {
    const isMissing = minute % 1000 < 3;
    if (isMissing) continue;
    const isFault = minute >= 9 * day;
    const result = score(minute * MINUTE, isFault ? 400 : 100 + noise());
    if (isFault) during = Math.max(during, result);
    else if (minute >= 3 * day) before = Math.max(before, result);
  }
  expect(before).toBeGreaterThan(0);
  expect(during).toBeGreaterThan(2 * before);
});
