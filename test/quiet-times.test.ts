import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QuietTimes } from '../src/model/calendar.ts';
import { parseSelector } from '../src/model/matcher.ts';
import { gaussian, START, TestLane, times } from './test-lane.ts';

const MINUTE = 60_000;
const HOURS = 60;
const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};
/** From the seventh hour on, for an hour. */
const WINDOW = {
  name: 'move of the database',
  startsAt: START + 6 * HOURS * MINUTE,
  endsAt: START + 7 * HOURS * MINUTE,
};
const quiet = (...match: string[]): QuietTimes => ({ match: match.map(parseSelector), spans: () => [WINDOW] });

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane().start();
});
afterEach(() => lane.stop());

const play = (name: string, values: readonly number[]) => lane.play({ __name__: name }, values, MINUTE);

describe('during maintenance', () => {
  it('nothing is learnt, the score is 0 and nobody is told; afterwards it is as if it had not been', async () => {
    lane.calendar.configure([quiet()], START);
    const value = noisy(1);
    const [before, after] = [times(6 * HOURS - 1, value), times(3 * HOURS, value)];
    await play('disturbed', before);
    await play(
      'disturbed',
      times(HOURS, (i) => 1000 * i),
    );
    expect(lane.score('disturbed')).toBe(0);
    expect(lane.outputs()).not.toHaveProperty('anomaly_upper{metric="disturbed"}');
    await play('disturbed', after);
    const disturbed = lane.outputs();

    // The same without the samples of that hour.
    const other = await new TestLane().start();
    await other.play({ __name__: 'skipped' }, before, MINUTE);
    other.clock.advance(HOURS * MINUTE);
    await other.play({ __name__: 'skipped' }, after, MINUTE);
    const skipped = other.outputs();
    expect(disturbed['anomaly_score{metric="disturbed"}']).toBeCloseTo(skipped['anomaly_score{metric="skipped"}']!, 2);
    for (const name of ['expected', 'lower', 'upper']) {
      const value = disturbed[`anomaly_${name}{metric="disturbed"}`]!;
      expect(Math.abs(value - skipped[`anomaly_${name}{metric="skipped"}`]!)).toBeLessThan(0.5);
    }
    expect(lane.anomalies).toEqual([]);
    expect(lane.lane.scorer.pausedTotal).toBe(HOURS);
    await other.stop();
  });

  it('a counter goes on counting: there is no rate of the whole window afterwards', async () => {
    lane.calendar.configure([quiet()], START);
    let total = 0;
    const noise = gaussian(2);
    const steady = () => {
      total += 6000 + 60 * noise();
      return total;
    };
    await play('requests_total', times(6 * HOURS, steady));
    await play(
      'requests_total',
      times(HOURS - 1, () => {
        total += 600_000;
        return total;
      }),
    );
    await play('requests_total', times(2 * HOURS, steady));
    expect(lane.anomalies).toEqual([]);
    expect(lane.outputs()['anomaly_expected{metric="requests_total"}']! / 100).toBeCloseTo(1, 1);
  });

  it('only those series are quiet that it is about', async () => {
    lane.calendar.configure([quiet('{__name__="mine"}')], START);
    for (const name of ['mine', 'other']) {
      lane.clock.jumpTo(START);
      await play(name, [...times(6 * HOURS, noisy(3)), ...times(20, noisy(4, 300))]);
    }
    expect(lane.score('mine')).toBe(0);
    expect(new Set(lane.anomalies.map(({ labels }) => labels.get('__name__')))).toEqual(new Set(['other']));
    expect(lane.calendar.isQuiet(new Map([['__name__', 'mine']]), WINDOW.startsAt)).toBe('move of the database');
    expect(lane.calendar.isQuiet(new Map([['__name__', 'mine']]), WINDOW.endsAt)).toBeUndefined();
    expect(lane.calendar.isQuiet(new Map([['__name__', 'other']]), WINDOW.startsAt)).toBeUndefined();
  });

  it('an open anomaly ends, and what is still unusual afterwards begins anew', async () => {
    lane.calendar.configure([quiet()], START);
    await play('latency', [...times(6 * HOURS - 10, noisy(5)), ...times(10, noisy(6, 200))]);
    await play('latency', times(HOURS, noisy(6, 200)));
    expect(lane.anomalies.map(({ endReason }) => endReason)).toEqual([undefined, 'ended']);
    expect(lane.anomalies[1]!.endsAt).toBeLessThanOrEqual(WINDOW.startsAt + MINUTE);
    await play('latency', times(5, noisy(6, 400)));
    expect(lane.anomalies).toHaveLength(3);
  });

  it('a reload takes on other times at once', async () => {
    await play('latency', times(6 * HOURS, noisy(7)));
    lane.calendar.configure([quiet()], lane.clock.now());
    await play('latency', times(10, noisy(8, 500)));
    expect(lane.score('latency')).toBe(0);
    lane.calendar.configure([], lane.clock.now());
    await play('latency', times(3, noisy(8, 500)));
    expect(lane.score('latency')).toBeGreaterThan(1);
  });
});
