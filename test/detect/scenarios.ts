import { gaussian } from '../test-lane.ts';
import { uniform } from '../uniform.ts';

/** A Monday. */
export const START = Date.UTC(2026, 0, 5);
/** Minutes. */
export const DAY = 1440;
export const DAYS = 21;
/** What a detector says before this day is not counted: it is still learning. */
export const JUDGED_FROM_DAY = 3;
/** When faults begin, in minutes since START: a Monday morning. */
export const FAULT_AT = 14 * DAY + 600;

/** A value for each minute since START. */
export type Series = (minute: number) => number;

export interface QuietScenario {
  readonly name: string;
  /** Alarms per day that are allowed from `fromDay` on. */
  readonly allowed: number;
  readonly fromDay: number;
  /** A series, the same for the same seed. */
  readonly make: (seed: number) => Series;
}

export interface FaultScenario {
  readonly name: string;
  /** Minutes from FAULT_AT to the first alarm, at most. */
  readonly withinMinutes: number;
  /** Minutes for which the fault lasts, and alarms are expected. */
  readonly lastsMinutes: number;
  readonly make: (seed: number) => Series;
}

/** Counts of events whose mean is given. */
export function poisson(mean: Series, seed: number): Series {
  const random = uniform(seed);
  return (minute) => {
    const limit = Math.exp(-mean(minute));
    let count = -1;
    for (let product = 1; product > limit; count++) product *= random();
    return count;
  };
}

export const daily: Series = (minute) => Math.sin((2 * Math.PI * minute) / DAY);
const isWeekend = (minute: number) => [5, 6].includes(Math.floor(minute / DAY) % 7);

function quiet(
  name: string,
  make: QuietScenario['make'],
  allowed = 0.2,
  fromDay: number = JUDGED_FROM_DAY,
): QuietScenario {
  return { name, allowed, fromDay, make };
}

/** Minutes at which a job runs: every `every` minutes, late by up to `jitter`, for up to `most` minutes. */
function job(seed: number, every: number, jitter: number, least: number, most: number): (minute: number) => boolean {
  const random = uniform(seed);
  let round = -1;
  let [from, until] = [0, 0];
  return (minute) => {
    if (Math.floor(minute / every) !== round) {
      round = Math.floor(minute / every);
      from = round * every + 7 + Math.floor(random() * (jitter + 1));
      until = from + least + Math.floor(random() * (most - least + 1));
    }
    return minute >= from && minute < until;
  };
}

/** On for half an hour, off for two, on average. */
function bursts(seed: number, off: number, on: number, spread: number): Series {
  const [random, noise] = [uniform(seed), gaussian(seed + 1)];
  let isOn = false;
  return () => {
    if (random() < (isOn ? 1 / 30 : 1 / 120)) isOn = !isOn;
    return (isOn ? on : off) + spread * noise();
  };
}

/** Rises for `hours`, give or take `jitter` of them, and falls back within a minute. */
function sawtooth(seed: number, hours: number, jitter: number, base: number, spread: number): Series {
  const [random, noise] = [uniform(seed), gaussian(seed + 1)];
  let since = 0;
  let length = hours * 60;
  return (minute) => {
    if (minute - since >= length) {
      since = minute;
      length = hours * 60 * (1 + jitter * (2 * random() - 1));
    }
    return base + (400 * (minute - since)) / (hours * 60) + spread * noise();
  };
}

/** What infrastructure normally does: silence is right. */
export const QUIET: readonly QuietScenario[] = [
  quiet(
    'row 1: noise',
    (seed) =>
      (
        (noise) => () =>
          100 + 5 * noise()
      )(gaussian(seed)),
    0.02,
  ),
  quiet(
    'row 1: a daily season',
    (seed) =>
      (
        (noise) => (m) =>
          100 + 40 * daily(m) + 3 * noise()
      )(gaussian(seed)),
    0.02,
  ),
  quiet(
    'row 1: a ramp',
    (seed) =>
      (
        (noise) => (m) =>
          100 + m / 100 + noise()
      )(gaussian(seed)),
    0.02,
  ),
  quiet(
    'row 1: a random walk',
    (seed) => {
      const noise = gaussian(seed);
      let walk = 100_000;
      return () => {
        walk += 20 * noise();
        return walk;
      };
    },
    0.02,
  ),
  quiet(
    'row 4: weekends, from the second on',
    (seed) =>
      (
        (noise) => (m) =>
          (isWeekend(m) ? 0.5 : 1) * (100 + 40 * daily(m)) + 3 * noise()
      )(gaussian(seed)),
    0.02,
    8,
  ),
  quiet('row 5: a constant that changes by two percent', () => (m) => (m >= 14 * DAY ? 43 : 42), 0),
  quiet(
    'row 6: zero with rare blips',
    (seed) =>
      (
        (random) => () =>
          random() < 0.0005 ? 1 : 0
      )(uniform(seed)),
    0,
  ),
  quiet('row 8: sparse events', (seed) => poisson(() => 0.05, seed), 0),
  quiet(
    'row 10: integers from 0 to 3',
    (seed) =>
      (
        (random) => () =>
          Math.floor(4 * random())
      )(uniform(seed)),
    0.1,
  ),
  quiet('integers with a daily season', (seed) => poisson((m) => 6 + 5 * daily(m), seed)),
  quiet('Gaussian noise in integers', (seed) =>
    (
      (noise) => () =>
        Math.round(5 + 1.5 * noise())
    )(gaussian(seed)),
  ),
  quiet('row 11: log-normal latency', (seed) =>
    (
      (noise) => () =>
        Math.exp(noise())
    )(gaussian(seed)),
  ),
  quiet('log-normal latency, narrow, in milliseconds', (seed) =>
    (
      (noise) => () =>
        80 * Math.exp(0.5 * noise())
    )(gaussian(seed)),
  ),
  quiet('log-normal latency with a daily season', (seed) =>
    (
      (noise) => (m) =>
        Math.exp(0.8 * noise() + 0.7 * daily(m))
    )(gaussian(seed)),
  ),
  quiet('row 13: a daily job', (seed) =>
    (
      (noise) => (m) =>
        20 + noise() + (m % DAY >= 180 && m % DAY < 185 ? 60 : 0)
    )(gaussian(seed)),
  ),
  quiet('row 14: an hourly spike of one sample', (seed) =>
    (
      (noise) => (m) =>
        20 + noise() + (m % 60 === 7 ? 60 : 0)
    )(gaussian(seed)),
  ),
  quiet('an hourly job, two minutes late at times', (seed) => {
    const [noise, runs] = [gaussian(seed), job(seed, 60, 2, 1, 3)];
    return (m) => 20 + noise() + (runs(m) ? 60 + 6 * noise() : 0);
  }),
  quiet('a job every six hours', (seed) => {
    const [noise, runs] = [gaussian(seed), job(seed, 360, 1, 4, 9)];
    return (m) => 20 + noise() + (runs(m) ? 60 + 6 * noise() : 0);
  }),
  quiet('row 15: a sawtooth', (seed) => sawtooth(seed, 28, 0, 100, 2), 0.1, 5),
  quiet('a sawtooth of an uneven length', (seed) => sawtooth(seed, 28, 0.2, 100, 2), 0.2, 5),
  quiet('a sawtooth of eight hours', (seed) => sawtooth(seed, 8, 0.1, 300, 4)),
  quiet('row 16: bursts between two regimes', (seed) => bursts(seed, 20, 80, 2)),
  quiet('bursts between two near regimes', (seed) => bursts(seed, 100, 140, 4)),
];

function fault(
  name: string,
  withinMinutes: number,
  lastsMinutes: number,
  make: (seed: number) => (minute: number, isFault: boolean) => number,
): FaultScenario {
  return {
    name,
    withinMinutes,
    lastsMinutes,
    make: (seed) => {
      const series = make(seed);
      return (minute) => series(minute, minute >= FAULT_AT && minute < FAULT_AT + lastsMinutes);
    },
  };
}

/** What has to be told. */
export const FAULTS: readonly FaultScenario[] = [
  fault('row 2: a rise by 30 percent', 15, 30 * DAY, (seed) =>
    (
      (noise) => (_, is) =>
        (is ? 130 : 100) + 5 * noise()
    )(gaussian(seed)),
  ),
  fault('a fall by 30 percent of a season', 15, 30 * DAY, (seed) =>
    (
      (noise) => (m, is) =>
        (is ? 0.7 : 1) * (100 + 40 * daily(m)) + 3 * noise()
    )(gaussian(seed)),
  ),
  fault('row 3: a season that is stuck', 30, 180, (seed) => {
    const noise = gaussian(seed);
    let last = 0;
    return (m, is) => {
      if (!is) last = 100 + 40 * daily(m) + 3 * noise();
      return last;
    };
  }),
  fault('row 7: a state that is lost', 0, 10, () => (_, is) => (is ? 0 : 1)),
  fault('row 9: a burst of sparse events', 2, 60, (seed) => {
    const [few, many] = [poisson(() => 0.05, seed), poisson(() => 5, seed)];
    return (m, is) => (is ? many : few)(m);
  }),
  fault('row 12: four times the latency', 30, 60, (seed) =>
    (
      (noise) => (_, is) =>
        (is ? 4 : 1) * Math.exp(noise())
    )(gaussian(seed)),
  ),
  fault('row 25: a month end', 15, DAY, (seed) =>
    (
      (noise) => (m, is) =>
        (is ? 3 : 1) * (100 + 40 * daily(m)) + 3 * noise()
    )(gaussian(seed)),
  ),
  fault('row 28: a fault of four hours', 15, 240, (seed) =>
    (
      (noise) => (m, is) =>
        100 + 40 * daily(m) + 3 * noise() + (is ? 80 : 0)
    )(gaussian(seed)),
  ),
  fault('a service with bursts goes down', 15, 60, (seed) => {
    const [on, noise] = [bursts(seed, 20, 80, 2), gaussian(seed)];
    return (m, is) => (is ? 0.5 * Math.abs(noise()) : on(m));
  }),
  fault('a sawtooth runs far beyond its height', 15, 120, (seed) => {
    const series = sawtooth(seed, 28, 0, 100, 2);
    return (m, is) => series(m) + (is ? 500 : 0);
  }),
];
