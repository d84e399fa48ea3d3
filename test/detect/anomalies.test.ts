import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { ScoreReplay } from '../../src/score-replay.ts';
import { gaussian } from '../test-lane.ts';
import { DAY, daily, type Series, START } from './scenarios.ts';

/** Long enough for a season to be in use; and so many minutes afterwards a return could still be told. */
const LEARNT_DAYS = 5;
const AFTERWARDS = 12 * 60;

interface Told {
  /** Minutes since the fault began. */
  readonly from: number;
  readonly to: number;
  readonly ended: Anomaly['endReason'];
}

/** The anomalies of a series that is `faulty` for some minutes, as the incident lane is told of them. */
function toldOf(normal: Series, faulty: (value: number) => number, minutes: number): Told[] {
  const told = new Map<number, Omit<Anomaly, 'labels'>>();
  const replay = new ScoreReplay('score', 'UTC', { onAnomaly: (anomaly) => told.set(anomaly.startsAt, anomaly) });
  const at = LEARNT_DAYS * DAY + 600;
  for (let minute = 0; minute < at + minutes + AFTERWARDS; minute++) {
    const value = normal(minute);
    const isFault = minute >= at && minute < at + minutes;
    replay.take(START + minute * 60_000, isFault ? faulty(value) : value);
  }
  const minuteOf = (time: number) => (time - START) / 60_000 - at;
  return [...told.values()]
    .filter(({ startsAt }) => minuteOf(startsAt) >= 0)
    .map(({ startsAt, endsAt, endReason }) => ({ from: minuteOf(startsAt), to: minuteOf(endsAt!), ended: endReason }));
}

const noise: Record<string, (seed: number) => Series> = {
  'a level': (seed) => {
    const next = gaussian(seed);
    return () => 100 + 5 * next();
  },
  'a daily season': (seed) => {
    const next = gaussian(seed);
    return (minute) => 200 + 80 * daily(minute) + 8 * next();
  },
};

describe.each(Object.keys(noise))('a fault of %s', (name) => {
  it.each([
    ['no value left', () => 0],
    ['half of it', (value: number) => value / 2],
    ['three times as much', (value: number) => value * 3],
  ])('is one anomaly, whether it is short or stays: %s', (_, faulty) => {
    for (const [seed, minutes] of [15, 40, 58, 90, 240].entries()) {
      const told = toldOf(noise[name]!(seed + 1), faulty, minutes);
      expect(told, `${minutes} minutes`).toHaveLength(1);
      const [{ from, to, ended }] = told as [Told];
      expect(from).toBe(0);
      if (minutes < 60) expect(ended).toBe('recovered');
      else expect([to, ended]).toEqual([59, 'new_normal']);
      // Three calm steps in a row end it, soon after the return.
      if (minutes < 60) expect(to - minutes).toBeLessThanOrEqual(5);
    }
  });
});
