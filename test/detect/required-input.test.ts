import { afterEach, describe, expect, it } from 'vitest';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { ScoreReplay } from '../../src/score-replay.ts';
import { KIND, type Kind } from '../../src/series/kinds.ts';
import { gaussian, rule, TestLane, times } from '../test-lane.ts';
import { uniform } from '../uniform.ts';
import { DAY, daily, type Series, START } from './scenarios.ts';

/**
 * Rows 17 to 29 of what is required of detection: what a real input does to series. Row 23 is among the silent ones, in
 * required-behaviour.test.ts; rows 27 and 29 in properties.test.ts.
 */
const MINUTE = 60_000;

type Told = Omit<Anomaly, 'labels'>;
type Recorded = readonly (readonly [time: number, value: number])[];

/** A sample each `seconds` of so many days; time 0 of the series is START. */
function record(days: number, series: Series, seconds = 60): Recorded {
  return times((days * 86_400) / seconds, (i) => [START + i * seconds * 1000, series((i * seconds) / 60)] as const);
}

interface Played {
  readonly replay: ScoreReplay;
  readonly scores: ReadonlyMap<number, number>;
  /** In order of their beginnings. */
  readonly told: readonly Told[];
}

function play(samples: Recorded, kind: Kind = KIND.gauge, each = (_: ScoreReplay, _time: number) => {}): Played {
  const told = new Map<number, Told>();
  const replay = new ScoreReplay('score', 'UTC', { kind, onAnomaly: (anomaly) => told.set(anomaly.startsAt, anomaly) });
  const scores = new Map<number, number>();
  for (const [time, value] of samples) {
    scores.set(time, replay.take(time, value));
    each(replay, time);
  }
  return { replay, scores, told: [...told.values()] };
}

function noise(seed: number): Series {
  const next = gaussian(seed);
  return () => 100 + 5 * next();
}

function season(seed: number): Series {
  const next = gaussian(seed);
  return (minute) => 200 + 80 * daily(minute) + 8 * next();
}

/** Counts 100 a second, give or take 5, at each call for a minute. */
function counter(seed: number, from = 0): Series {
  const next = gaussian(seed);
  let value = from;
  return () => {
    value += 60 * (100 + 5 * next());
    return value;
  };
}

describe('row 17: a counter', () => {
  const at = 2 * DAY;
  it.each<[string, (former: Series) => Series]>([
    ['that starts again at zero', () => counter(2)],
    ['that is restored to a little less', (former) => (minute) => former(minute) - 10_000],
    ['of another exporter that has counted less', () => counter(3, 1e6)],
  ])('%s has no wrong rate, and is no anomaly', (_, make) => {
    const former = counter(1, 1e7);
    const next = make(former);
    const series: Series = (minute) => (minute < at ? former(minute) : next(minute));
    let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
    const { told, replay } = play(record(3, series), KIND.counter, ({ scorer }, time) => {
      if (time === START) return;
      const { value } = scorer.engine.judgement.step;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    });
    expect(told).toEqual([]);
    expect(lowest).toBeGreaterThanOrEqual(0);
    expect(highest).toBeLessThan(130);
    expect(replay.scorer.rates.resetTotal + replay.scorer.rates.jitterTotal).toBe(1);
  });
});

it.each([0, 1, 2, 3])(
  'row 17: a counter of seconds that is set back by one has no wrong rate (sample %d of a step)',
  (nth) => {
    const at = START + 2 * DAY * MINUTE + nth * 15_000;
    const series = record(3, (minute) => 1e6 + 60 * minute, 15).map(
      ([time, value]) => [time, time < at ? value : value - 16] as const,
    );
    const { told, replay } = play(series, KIND.counter, ({ scorer }) => {
      expect(scorer.engine.judgement.step.value).toBeLessThan(1.1);
    });
    expect(replay.scorer.rates.jitterTotal).toBe(1);
    expect(told).toEqual([]);
  },
);

describe('row 18: an input with defects', () => {
  let lanes: TestLane[] = [];
  afterEach(async () => {
    await Promise.all(lanes.map((lane) => lane.stop()));
    lanes = [];
  });
  const newLane = async () => {
    const lane = await new TestLane().start();
    lanes.push(lane);
    return lane;
  };

  it('that repeats samples, or brings some late, says the same', () => {
    const [clean, defective] = [new ScoreReplay('score'), new ScoreReplay('score')];
    for (const [time, value] of record(3, noise(18))) {
      const score = clean.take(time, value);
      expect(defective.take(time, value)).toBe(score);
      expect(defective.take(time, value + 50)).toBe(score);
      expect(defective.take(time - 2 * MINUTE, 1e9)).toBe(score);
    }
  });

  it.each([15, 60])('of %d s without four of ten samples says much the same, and nobody is told', (seconds) => {
    for (const [seed, series] of [noise(3), season(4)].entries()) {
      const random = uniform(seed);
      const all = record(6, series, seconds);
      const [clean, thinned] = [play(all), play(all.filter(() => random() > 0.4))];
      const differences = [...thinned.scores].map(([time, score]) => Math.abs(score - clean.scores.get(time)!));
      differences.sort((a, b) => a - b);
      // Chance makes a sample that completes another step an outlier of it, so this is not asked of each.
      expect(differences[Math.floor(0.8 * differences.length)]).toBeLessThan(0.08);
      expect(differences[Math.floor(0.5 * differences.length)]).toBeLessThan(0.05);
      expect([clean.told, thinned.told]).toEqual([[], []]);
    }
  });

  it('that comes two hours late at once says the same afterwards, and what happened meanwhile is no news', async () => {
    const [live, late] = [await newLane(), await newLane()];
    const value = season(5);
    // An hour of the backlog is anomalous; it is over when the backlog comes.
    const values = times(10 * 60, (minute) => value(minute) + (minute >= 370 && minute < 400 ? 200 : 0));
    await live.play({ __name__: 'load' }, values, MINUTE);
    await late.play({ __name__: 'load' }, values.slice(0, 360), MINUTE);
    const since = late.clock.now();
    late.clock.advance(120 * MINUTE);
    const backlog = values.slice(360, 480).map((each, i) => [since + (i + 1) * MINUTE, each] as const);
    await late.send({ labels: { __name__: 'load' }, samples: backlog });
    expect(late.lane.anomalies.openedTotal).toBe(1);
    await late.play({ __name__: 'load' }, values.slice(480), MINUTE);
    expect(late.outputs()).toEqual(live.outputs());
    expect(live.anomalies).not.toEqual([]);
    expect(late.anomalies).toEqual([]);
  });

  it('whose Prometheus hands over to its twin has no anomaly by that, counters included', async () => {
    const lane = await newLane();
    const next = gaussian(6);
    let total = 0;
    const isBrokenAt = 3 * 3600;
    for (let second = 0; second < 6 * 3600; second += 5) {
      lane.clock.advance(5000);
      total += 5 * (100 + 5 * next());
      const level = 100 + 5 * next();
      const send = (__replica__: string) => {
        const labels = { cluster: 'c1', __replica__ };
        const at = lane.clock.now();
        return lane.send(
          { labels: { __name__: 'requests_total', ...labels }, samples: [[at, total]] },
          { labels: { __name__: 'load', ...labels }, samples: [[at, level]] },
        );
      };
      // Each scrapes every 15 s, at times of its own.
      if (second % 15 === 0 && second < isBrokenAt) await send('a');
      if (second % 15 === 10) await send('b');
    }
    expect(lane.anomalies).toEqual([]);
    expect(lane.lane.rates.resetTotal).toBe(0);
    const rate = lane.outputs()['anomaly_expected{cluster="c1",metric="requests_total"}']!;
    expect(Math.abs(rate - 100)).toBeLessThan(5);
    expect(lane.lane.receiver.stats.replicaSamples).toBeGreaterThan(1000);
  });
});

describe('row 19: a series that returns', () => {
  it.each([
    ['an hour', 1 / 24],
    ['two days', 2],
    ['thirty days', 30],
  ])('after %s, with a stale marker or without, at its level, is no anomaly', (_, days) => {
    for (const isMarked of [true, false]) {
      const value = noise(19);
      const replay = new ScoreReplay('score', 'UTC', { onAnomaly: () => expect.fail('somebody was told') });
      let time = START;
      for (let minute = 0; minute < 6 * DAY; minute++) {
        const isReturn = minute === 5 * DAY;
        if (isReturn && isMarked) replay.scorer.end(1, time + 1);
        time += isReturn ? days * DAY * MINUTE : MINUTE;
        expect(replay.take(time, value(minute))).toBeLessThan(1);
      }
      // What is older than two weeks is another series.
      const steps = replay.scorer.engine.experience(1, false).steps;
      expect(steps > 5 * DAY).toBe(days < 14);
    }
  });
});

it('row 20: any numbers leave all that is put out finite, for ever', () => {
  const random = uniform(20);
  const wild = [1e300, -1e300, 5e-324, -5e-324, -0, 0, 1, -1, 1e30, -1e30, NaN, Infinity, -Infinity, 6e10];
  for (const kind of [KIND.gauge, KIND.counter]) {
    const replay = new ScoreReplay('held', 'UTC', { kind });
    const { verdict } = replay.scorer;
    let scale = 1;
    for (let i = 0; i < 100_000; i++) {
      if (random() < 0.001) scale = 10 ** (60 * random() - 30);
      const value = random() < 0.99 ? scale * (random() - 0.2) : wild[Math.floor(random() * wild.length)]!;
      const held = replay.take(START + i * MINUTE, value);
      const { score, expected, lower, upper } = verdict;
      const isRight = Number.isFinite(score + expected) && held >= 0 && lower <= upper;
      if (!isRight) expect.fail(`${i}: after ${value} ${JSON.stringify({ held, score, expected, lower, upper })}`);
    }
  }
}, 120_000);

describe('row 21: large numbers', () => {
  const at = 4 * DAY;
  const faulty = (series: Series): Series => {
    return (minute) => series(minute) * (minute >= at && minute < at + 30 ? 2 : 1);
  };

  it('in which a counter begins change no score', () => {
    const from = (value: number) => {
      const rate = faulty(noise(21));
      let total = value;
      const counted = record(5, rate).map(([time, each]) => {
        total += Math.round(60 * each);
        return [time, total] as const;
      });
      return play(counted, KIND.counter);
    };
    const [small, large] = [from(0), from(6e10)];
    for (const [time, score] of small.scores) expect(Math.abs(large.scores.get(time)! - score)).toBeLessThan(0.02);
    expect(large.told).toHaveLength(1);
  });

  it('as the unit of a gauge change no score', () => {
    const samples = record(5, faulty(season(22)));
    const small = play(samples);
    for (const unit of [2 ** 30, 2 ** -30]) {
      const other = play(samples.map(([time, value]) => [time, value * unit]));
      for (const [time, score] of small.scores) expect(Math.abs(other.scores.get(time)! - score)).toBeLessThan(0.02);
      expect(other.told).toHaveLength(1);
    }
  });
});

describe('row 22: any scrape interval', () => {
  const INTERVALS = [15, 30, 60, 300];
  /** A process that moves once a minute: it is the same however often it is scraped, and more samples have no less noise. */
  const byMinute = (series: Series): Series => {
    let [latest, value] = [Number.NaN, 0];
    return (at) => {
      const minute = Math.floor(at);
      if (minute !== latest) value = series(minute);
      latest = minute;
      return value;
    };
  };
  const fromDay = 5;
  /** A fault of an hour each day, at another time each. */
  const faultOf = (day: number, seed: number) => day * DAY + 120 + ((day * 7919 + seed * 104_729) % 1100);

  it.each([
    ['a level', noise],
    ['a daily season', season],
  ])('finds as many faults, large and small, of %s, and no false ones', (_, make) => {
    const counts = INTERVALS.map((seconds) => {
      let found = 0;
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const normal = byMinute(make(seed));
        const factors = [1.25, 1.5, 0.7, 2, 1.4];
        const factor = (minute: number) => {
          const day = Math.floor(minute / DAY);
          const since = minute - faultOf(day, seed);
          return day >= fromDay && since >= 0 && since < 60 ? factors[day % 5]! : 1;
        };
        const { told } = play(record(10, (minute) => normal(minute) * factor(minute), seconds));
        for (const { startsAt } of told) {
          const minute = (startsAt - START) / MINUTE;
          expect(factor(minute), `${seconds} s, seed ${seed}, minute ${minute}`).not.toBe(1);
          found++;
        }
      }
      return found;
    });
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).toBeGreaterThan(14);
    for (const count of counts) expect(Math.abs(count / mean - 1), counts.join()).toBeLessThanOrEqual(0.3);
  });

  it.each(INTERVALS)('of %d s finds a large fault within a step', (seconds) => {
    const at = 5 * DAY;
    const next = gaussian(22);
    const { told } = play(record(5 + 1 / 24, (minute) => 100 + 3 * next() + (minute >= at ? 60 : 0), seconds));
    expect(told).toHaveLength(1);
    expect(told[0]!.startsAt - START - at * MINUTE).toBeGreaterThanOrEqual(0);
    expect(told[0]!.startsAt - START - at * MINUTE).toBeLessThanOrEqual(Math.max(60, seconds) * 1000);
  });
});

it('row 24: after a maintenance with a tenfold excursion all scores are about those of a series that skipped it', async () => {
  const value = season(24);
  const [before, after] = [times(3 * DAY, value), times(180, (minute) => value(3 * DAY + 120 + minute))];
  const [disturbed, skipped] = [await new TestLane().start(), await new TestLane().start()];
  const startsAt = disturbed.clock.now() + 3 * DAY * MINUTE + 1;
  const span = { name: 'move', startsAt, endsAt: startsAt + 120 * MINUTE };
  disturbed.calendar.configure([{ match: [], spans: () => [span] }], startsAt);
  for (const lane of [disturbed, skipped]) await lane.play({ __name__: 'load' }, before, MINUTE);
  await disturbed.play(
    { __name__: 'load' },
    times(120, () => 2000),
    MINUTE,
  );
  skipped.clock.advance(120 * MINUTE);
  for (const each of after) {
    for (const lane of [disturbed, skipped]) await lane.play({ __name__: 'load' }, [each], MINUTE);
    // The one that skipped it learns more of its first steps, because time has passed for it.
    expect(Math.abs(disturbed.score('load')! - skipped.score('load')!)).toBeLessThan(0.12);
  }
  expect(disturbed.anomalies).toEqual([]);
  const expected = 'anomaly_expected{metric="load"}';
  expect(disturbed.outputs()[expected]! / skipped.outputs()[expected]!).toBeCloseTo(1, 2);
  await Promise.all([disturbed.stop(), skipped.stop()]);
});

describe('what is long over', () => {
  const at = 15 * DAY;
  const playUntil = (days: number, from: number, series: Series) => {
    const expected: number[] = [];
    const { told } = play(record(days, series), KIND.gauge, ({ scorer: { verdict } }, time) => {
      if (time >= START + from * MINUTE) expected.push(verdict.expected);
    });
    return { expected, told };
  };
  /** What is expected in the day from `from` on, over what is expected without the fault: of all but 1 % of the minutes. */
  const played = (from: number, fault: (value: number) => number, minutes: number) => {
    const days = from / DAY + 1;
    const [normal, same] = [season(25), season(25)];
    const isFault = (minute: number) => minute >= at && minute < at + minutes;
    const plain = playUntil(days, from, normal);
    const { expected, told } = playUntil(days, from, (minute) => {
      const value = same(minute);
      return isFault(minute) ? fault(value) : value;
    });
    const ratios = expected.map((value, i) => value / plain.expected[i]!).sort((a, b) => a - b);
    const percent = Math.floor(ratios.length / 100);
    return { told, largest: ratios.at(-percent)!, smallest: ratios[percent]! };
  };

  it('row 25: a month end of three times the load leaves what is expected two days later as it would be', () => {
    const { told, largest, smallest } = played(at + 3 * DAY, (value) => 3 * value, DAY);
    expect(told).toHaveLength(1);
    expect(smallest).toBeGreaterThan(0.95);
    expect(largest).toBeLessThan(1.05);
  });

  it('row 28: a fault of four hours is one anomaly, its return none, and a day later all is expected as before', () => {
    const { told, largest, smallest } = played(at + DAY + 240, (value) => value + 160, 240);
    expect(told).toHaveLength(1);
    expect(smallest).toBeGreaterThan(0.9);
    expect(largest).toBeLessThan(1.1);
  });
});

it('row 26: a thousand pods replaced at once are no anomaly, form a group at once, and leave nothing behind', async () => {
  const PODS = 1000;
  const rules = [rule('{__name__!=""}', { identityDrop: ['pod'] })];
  const lane = await new TestLane({ maxSeries: 2 * PODS + 10, rules, groups: [{ by: ['workload'] }] }).start();
  const playAll = async (minutes: number, prefix: string, level: number) => {
    const next = gaussian(minutes);
    for (let minute = 0; minute < minutes; minute++) {
      lane.clock.advance(MINUTE);
      const at = lane.clock.now();
      const answer = await lane.send(
        ...times(PODS, (i) => ({
          labels: { __name__: 'load', workload: 'shop', pod: `${prefix}${i}` },
          samples: [[at, level + (i % 7) + 3 * next()]] as const,
        })),
      );
      expect(answer.status).toBe(204);
    }
  };
  await playAll(80, 'old', 100);
  await playAll(10, 'new', 100);
  expect(lane.lane.scorer.inheritance.inheritedTotal).toBe(PODS);
  expect(lane.anomalies).toEqual([]);
  expect(lane.outputs()['anomaly_rate{workload="shop"}']).toBe(0);
  await playAll(2, 'new', 300);
  expect(lane.outputs()['anomaly_rate{workload="shop"}']).toBe(1);
  // The old ones lived for less than a day, and so they are kept for one.
  const { table } = lane.lane;
  expect(table.size).toBe(2 * PODS);
  for (let hour = 0; hour < 25; hour++) {
    lane.clock.advance(60 * MINUTE);
    await lane.send(
      ...times(PODS, (i) => ({
        labels: { __name__: 'load', workload: 'shop', pod: `new${i}` },
        samples: [[lane.clock.now(), 100]] as const,
      })),
    );
  }
  expect(table.size).toBe(PODS);
  const live = lane.lane.columns.pools().find(({ name }) => name === 'live')!;
  expect(live.size).toBeLessThanOrEqual(PODS);
  await lane.stop();
});
