import { expect, it } from 'vitest';
import { Scorer, TAKEN } from '../../src/detect/scorer.ts';
import { ScoreReplay } from '../../src/score-replay.ts';
import { Columns } from '../../src/series/columns.ts';
import { KIND } from '../../src/series/kinds.ts';
import { Policies } from '../../src/series/policies.ts';
import { readSnapshot } from '../../src/state/snapshot.ts';
import { wholeSnapshot } from '../state/whole-snapshot.ts';
import { gaussian, START, TestLane } from '../test-lane.ts';

const DAY = 1440;

/** Series that make many kinds of trouble: noise, a season, jumps, spikes, long pauses in which nothing changes. */
function troubled(seed: number): (minute: number) => number {
  const noise = gaussian(seed);
  let level = 100;
  return (minute) => {
    if (noise() > 3.2) level += 40 * noise();
    const spike = noise() > 3.4 ? 150 : 0;
    const isStill = Math.floor(minute / 777) % 5 === 4;
    return level + spike + (isStill ? 0 : 20 * Math.sin((2 * Math.PI * minute) / DAY) + 3 * noise());
  };
}

it('a score is above 1 where the value lies outside the band, and nowhere else', () => {
  let alarms = 0;
  let disagreements = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const replay = new ScoreReplay('score');
    const { engine, verdict } = replay.scorer;
    const series = troubled(seed);
    for (let minute = 0; minute < 10 * DAY; minute++) {
      const value = series(minute);
      const isWarm = engine.isWarm(1);
      const score = replay.take(START + minute * 60_000, value);
      if (!isWarm || engine.judgement.isFlatline) continue;
      const isOutside = value < verdict.lower || value > verdict.upper;
      if (score > 1) alarms++;
      if (score > 1 !== isOutside) disagreements++;
    }
  }
  expect(alarms).toBeGreaterThan(200);
  expect(disagreements / alarms).toBeLessThan(0.001);
});

it('days that are a million times larger than nights leave scores finite', () => {
  const replay = new ScoreReplay('score');
  const noise = gaussian(1);
  const scores = Array.from({ length: 8 * DAY }, (_, minute) => {
    const isDay = Math.floor(minute / 60) % 24 >= 9;
    return replay.take(START + minute * 60_000, isDay ? 1e5 + 1e4 * noise() : 0.1 + 0.01 * noise());
  });
  expect(scores.filter((score) => !Number.isFinite(score))).toEqual([]);
});

it("the scores of a series do not depend on others, nor on the series' place", () => {
  const scoresOf = (slot: number, others: readonly number[]): number[] => {
    const policies = new Policies();
    const policy = policies.match('m', new Map()).number;
    const scorer = new Scorer(new Columns(20), policies, 'UTC', () => {});
    const series = troubled(5);
    const wild = others.map((_, i) => troubled(100 + i));
    const scores: number[] = [];
    for (let minute = 0; minute < 5 * DAY; minute++) {
      const at = START + minute * 60_000;
      const take = (each: number, value: number, isPublished: boolean) => {
        Object.assign(scorer.sample, { timestamp: at, value });
        return scorer.take(each, KIND.gauge, policy, isPublished);
      };
      scorer.now = at;
      for (const [i, other] of others.entries()) take(other, wild[i]!(minute), i % 2 === 0);
      const taken = take(slot, series(minute), true);
      scores.push(taken === TAKEN.judged ? scorer.verdict.score : 0);
    }
    return scores;
  };
  expect(scoresOf(9, [2, 3, 17])).toEqual(scoresOf(1, []));
});

it('a restored snapshot goes on as if nothing had happened, to the last bit', async () => {
  const series = [troubled(7), troubled(8)];
  const values = series.map((next) => Array.from({ length: 9 * DAY }, (_, minute) => next(minute)));
  const before = await new TestLane().start();
  const after = await new TestLane().start();
  const names = ['a', 'b'].map((__name__) => ({ __name__ }));
  const play = async (lane: TestLane, from: number, to: number) => {
    for (const [i, labels] of names.entries()) {
      lane.clock.jumpTo(START + from * 60_000);
      await lane.play(labels, values[i]!.slice(from, to), 60_000);
    }
  };
  const cut = 8 * DAY + 100;
  await play(before, 0, cut);
  const bytes = wholeSnapshot(before.lane, before.clock.now());
  let at = 0;
  const read = async (count: number) => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  expect(await readSnapshot(after.lane, read)).toMatchObject({ series: 2 });
  for (const lane of [before, after]) await play(lane, cut, 9 * DAY);
  const scores = (lane: TestLane) => names.map(({ __name__ }) => lane.score(__name__));
  expect(scores(after)).toEqual(scores(before));
  const again = wholeSnapshot(after.lane, before.clock.now());
  expect(again.equals(wholeSnapshot(before.lane, before.clock.now()))).toBe(true);
  await Promise.all([before.stop(), after.stop()]);
});
