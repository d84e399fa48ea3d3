import { describe, expect, it } from 'vitest';
import { ScoreReplay } from '../../src/score-replay.ts';
import { gaussian } from '../test-lane.ts';
import { uniform } from '../uniform.ts';
import {
  DAY,
  DAYS,
  daily,
  FAULT_AT,
  FAULTS,
  JUDGED_FROM_DAY,
  poisson,
  QUIET,
  type Series,
  START,
} from './scenarios.ts';

/** Scores above 1 that are closer than this are one alarm. */
const MERGE_MS = 600_000;
const SEEDS = [1, 2, 3];

interface Outcome {
  /** Times at which an alarm began, in minutes since START. */
  readonly alarms: readonly number[];
  readonly scores: Float64Array;
}

function play(series: Series, { days = DAYS, intervalMinutes = 1, zone = 'UTC' } = {}): Outcome {
  const replay = new ScoreReplay('score', zone);
  const scores = new Float64Array(days * DAY);
  const alarms: number[] = [];
  let lastAbove = Number.NEGATIVE_INFINITY;
  for (let minute = 0; minute < scores.length; minute += intervalMinutes) {
    const at = START + minute * 60_000;
    const score = replay.take(at, series(minute));
    scores[minute] = score;
    if (score <= 1) continue;
    if (at - lastAbove > MERGE_MS) alarms.push(minute);
    lastAbove = at;
  }
  return { alarms, scores };
}

/** Alarms per day from the third day on. */
function alarmsPerDay({ alarms, scores }: Outcome, fromDay = JUDGED_FROM_DAY): number {
  return alarms.filter((minute) => minute >= fromDay * DAY).length / (scores.length / DAY - fromDay);
}

const isWeekend = (minute: number) => [5, 6].includes(Math.floor(minute / DAY) % 7);

function when(from: number, minutes: number, during: Series, otherwise: Series): Series {
  return (minute) => (minute >= from && minute < from + minutes ? during(minute) : otherwise(minute));
}

describe('is silent for', () => {
  const noise = gaussian(1);
  const random = uniform(2);
  let walk = 100_000;
  let isOn = false;
  const bursts = () => {
    if (random() < (isOn ? 1 / 30 : 1 / 120)) isOn = !isOn;
    return (isOn ? 80 : 20) + 2 * noise();
  };
  const walking = () => {
    walk += 20 * noise();
    return walk;
  };
  const sawtooth = (minute: number) => 100 + 400 * ((minute % (28 * 60)) / (28 * 60)) + 2 * noise();

  // Alarms per day that are allowed.
  const cases: [row: string, allowed: number, series: Series][] = [
    ['row 1: noise', 0.02, () => 100 + 5 * noise()],
    ['row 1: a daily season', 0.02, (minute) => 100 + 40 * daily(minute) + 3 * noise()],
    ['row 1: a ramp', 0.02, (minute) => 100 + minute / 100 + noise()],
    ['row 1: a random walk', 0.02, walking],
    ['row 6: zero with rare blips', 0, () => (random() < 0.0005 ? 1 : 0)],
    ['row 8: sparse events', 0, poisson(() => 0.05, 8)],
    ['row 10: integers from 0 to 3', 0.1, () => Math.floor(4 * random())],
    ['row 11: log-normal latency', 0.2, () => Math.exp(noise())],
    ['row 13: a daily job', 0, (minute) => 20 + noise() + (minute % DAY >= 180 && minute % DAY < 185 ? 60 : 0)],
    ['row 14: an hourly spike of one sample', 0, (minute) => 20 + noise() + (minute % 60 === 7 ? 60 : 0)],
    ['row 15: a sawtooth', 0.1, sawtooth],
    ['row 16: bursts between two regimes', 0.2, bursts],
  ];
  it.each(cases)('%s', (_, allowed, series) => {
    expect(alarmsPerDay(play(series))).toBeLessThanOrEqual(allowed);
  });

  // The same for scenarios with seeds, which the other detectors are compared over as well.
  it.each(QUIET)('$name, on average over seeds', ({ allowed, fromDay, make }) => {
    const rates = SEEDS.map((seed) => alarmsPerDay(play(make(seed)), fromDay));
    const mean = rates.reduce((sum, rate) => sum + rate) / SEEDS.length;
    expect(mean).toBeLessThanOrEqual(allowed);
  });

  it('row 4: weekends, from the second on', () => {
    const { alarms } = play((minute) => (isWeekend(minute) ? 0.5 : 1) * (100 + 40 * daily(minute)) + 3 * noise());
    expect(alarms.filter((minute) => minute >= 8 * DAY)).toEqual([]);
    expect(alarms.filter((minute) => minute < 8 * DAY).length).toBeLessThanOrEqual(2);
  });

  it('row 5: a constant that changes by two percent', () => {
    const { scores } = play((minute) => (minute >= 14 * DAY ? 43 : 42));
    expect(Math.max(...scores)).toBeLessThan(0.5);
  });

  it.each([
    ['is known', 'Europe/Berlin', 0],
    ['is not, but once', 'UTC', 1],
  ])('row 23: clock changes, where the time zone %s', (_, zone, allowed) => {
    const berlin = new Intl.DateTimeFormat('en', {
      timeZone: 'Europe/Berlin',
      hour: 'numeric',
      minute: 'numeric',
      hourCycle: 'h23',
    });
    // The second week ends with the change to summer time.
    const start = Date.UTC(2026, 2, 16);
    const replay = new ScoreReplay('score', zone);
    const onsets: number[] = [];
    let lastAbove = Number.NEGATIVE_INFINITY;
    for (let minute = 0; minute < DAYS * DAY; minute += 5) {
      const at = start + minute * 60_000;
      const [hour, minutes] = berlin.format(at).split(':').map(Number);
      const score = replay.take(at, 100 + 60 * daily(hour! * 60 + minutes!) + 2 * noise());
      if (score <= 1) continue;
      if (at - lastAbove > MERGE_MS && minute > JUDGED_FROM_DAY * DAY) onsets.push(minute / DAY);
      lastAbove = at;
    }
    expect(onsets.length).toBeLessThanOrEqual(allowed);
  });
});

describe('alerts for', () => {
  const noise = gaussian(2);
  const at = 14 * DAY + 600;
  const season = (minute: number) => 100 + 40 * daily(minute) + 3 * noise();
  const since = (series: Series) =>
    play(series)
      .alarms.filter((minute) => minute >= at)
      .map((minute) => minute - at);

  it('row 2: a rise by 30 percent, once', () => {
    const alarms = since(
      when(
        at,
        30 * DAY,
        () => 130 + 5 * noise(),
        () => 100 + 5 * noise(),
      ),
    );
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toBeLessThanOrEqual(15);
  });

  it('row 3: a season that is stuck', () => {
    const stuck = season(at);
    expect(since(when(at, 180, () => stuck, season))[0]).toBeLessThanOrEqual(30);
  });

  it('row 7: a state that is lost, in the first step', () => {
    const { alarms, scores } = play(
      when(
        at,
        10,
        () => 0,
        () => 1,
      ),
    );
    expect(alarms).toEqual([at]);
    expect(scores[at]).toBeGreaterThanOrEqual(3);
  });

  it('row 9: a burst of sparse events', () => {
    expect(since(poisson((minute) => (minute >= at && minute < at + 60 ? 5 : 0.05), 9))[0]).toBeLessThanOrEqual(2);
  });

  it('row 12: four times the latency for an hour', () => {
    const latency = () => Math.exp(noise());
    expect(since(when(at, 60, () => 4 * latency(), latency))[0]).toBeLessThanOrEqual(30);
  });

  it('row 25: a month end, once, without poisoning the profile', () => {
    const alarms = since((minute) => season(minute) * (minute >= at && minute < at + DAY ? 3 : 1));
    expect(alarms).toEqual([0]);
  });

  it('row 28: a fault of four hours, once, and not for the return', () => {
    expect(since((minute) => season(minute) + (minute >= at && minute < at + 240 ? 80 : 0))).toEqual([0]);
  });

  it.each(FAULTS)('$name, with each seed', ({ make, withinMinutes }) => {
    for (const seed of SEEDS) {
      const first = play(make(seed)).alarms.find((minute) => minute >= FAULT_AT);
      expect(first! - FAULT_AT).toBeLessThanOrEqual(withinMinutes);
    }
  });
});
