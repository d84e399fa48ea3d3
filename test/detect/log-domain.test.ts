import { describe, expect, it } from 'vitest';
import { LogDomain } from '../../src/detect/log-domain.ts';
import { Columns } from '../../src/series/columns.ts';
import { gaussian } from '../test-lane.ts';

const ROW = 1;
const DAY = 1440;

/** Whether a series proves skewed within two weeks. @param course what is expected of each minute of the day */
function isSkewed(
  course: (minute: number) => number,
  noise: () => number,
  overall: number,
  noiseScale: number,
): boolean {
  const logs = new LogDomain(new Columns(2));
  let isSkewed = false;
  for (let minute = 0; minute < 14 * DAY; minute++) {
    const expected = course(minute % DAY);
    const variation = { mean: 100, expected, overall, noise: noiseScale, quantum: 0 };
    isSkewed = logs.learn(ROW, expected + noise(), variation, 1, minute + 1) || isSkewed;
  }
  return isSkewed;
}

describe('a series goes over to logarithms', () => {
  const noise = gaussian(1);
  /** High for a quarter of the day, so that most steps are below the mean, which is 100. */
  const busyMorning = (minute: number) => (minute < DAY / 4 ? 190 : 70);

  it('where its noise has a long upper tail', () => {
    expect(
      isSkewed(
        () => 100,
        () => 40 * (Math.exp(noise()) - Math.sqrt(Math.E)),
        86,
        60,
      ),
    ).toBe(true);
  });

  it('not where its noise is symmetrical around a season, however skewed the season is', () => {
    expect(isSkewed(busyMorning, () => 35 * noise(), 63, 35)).toBe(false);
  });

  it('not where its course varies and its noise does not, whatever is expected', () => {
    expect(
      isSkewed(
        () => 100,
        (() => {
          let i = 0;
          return () => busyMorning(i++ % DAY) - 100 + noise();
        })(),
        52,
        1,
      ),
    ).toBe(false);
  });
});
