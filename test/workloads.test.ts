import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotFile } from '../src/state/snapshot-file.ts';
import { STALE_MARKER } from './ingest/write-request-builder.ts';
import { gaussian, rule, START, TestLane, times } from './test-lane.ts';

const HOUR = 60;
const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};

const RULES = [rule('{__name__!=""}', { emit: 'all', identityDrop: ['pod', 'instance'] })];
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane({ rules: RULES }).start();
});
afterEach(() => lane.stop());

const labelsOf = (pod: string, name = 'latency') => ({ __name__: name, namespace: 'shop', pod, instance: `${pod}:80` });

/** One sample a minute of each pod. */
async function play(minutes: number, pods: Record<string, () => number>, name = 'latency'): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    lane.clock.advance(60_000);
    const at = lane.clock.now();
    const samples = Object.entries(pods).map(([pod, value]) => ({
      labels: labelsOf(pod, name),
      samples: [[at, value()]] as const,
    }));
    await lane.send(...samples);
  }
}

async function end(...pods: string[]): Promise<void> {
  const at = lane.clock.now() + 1;
  await lane.send(...pods.map((pod) => ({ labels: labelsOf(pod), samples: [[at, STALE_MARKER]] as const })));
}

const scoreOf = (pod: string, name = 'latency') =>
  lane.outputs()[`anomaly_score{instance="${pod}:80",metric="${name}",namespace="shop",pod="${pod}"}`];

describe('a new replica', () => {
  it('goes on with the baseline of its workload: what is unusual is found minutes after it began', async () => {
    await play(6 * HOUR, { a: noisy(1), b: noisy(2) });
    await end('a');
    await play(10, { b: noisy(3), c: noisy(4) });
    expect(lane.anomalies).toEqual([]);
    expect(scoreOf('c')).toBeLessThan(1);
    await play(3, { b: noisy(5), c: noisy(6, 200) });
    expect(scoreOf('c')).toBeGreaterThan(1);
    expect(scoreOf('b')).toBeLessThan(1);
  });

  it('has no verdict without the rule until it has learnt for itself', async () => {
    const plain = await new TestLane().start();
    await plain.play(labelsOf('a'), times(6 * HOUR, noisy(1)), 60_000);
    await plain.play(labelsOf('c'), [...times(10, noisy(4)), 200, 200, 200], 60_000);
    expect(plain.lane.scorer.inheritance.inheritedTotal).toBe(0);
    expect(plain.anomalies).toEqual([]);
    await plain.stop();
  });

  it('pages nobody in a rollout, with a cold start, another level of its own, or a rate that starts again', async () => {
    const old = Object.fromEntries(times(8, (i) => [`old${i}`, noisy(i, 500, 5)]));
    await play(6 * HOUR, old);
    // Memory that begins low and fills within half an hour; one of the pods stays at another level for good.
    const fill = (seed: number, full: number) => {
      const noise = gaussian(seed);
      let minute = 0;
      return () => 100 + (full - 100) * Math.min(1, minute++ / 30) + 5 * noise();
    };
    const pods = Object.entries(old);
    for (let i = 0; i < 8; i++) {
      pods.splice(0, 1);
      await end(`old${i}`);
      pods.push([`new${i}`, fill(20 + i, i === 3 ? 300 : 500)]);
      await play(4, Object.fromEntries(pods));
    }
    await play(4 * HOUR, Object.fromEntries(pods));
    expect(lane.anomalies).toEqual([]);
    expect(scoreOf('new3')).toBeLessThan(1);
  });

  it('that counts begins without a rate, and is judged by that of its workload', async () => {
    const counter = (seed: number, perMinute: number) => {
      const noise = gaussian(seed);
      let value = 0;
      return () => {
        value += perMinute + (perMinute / 50) * noise();
        return value;
      };
    };
    const a = counter(1, 6000);
    await play(6 * HOUR, { a }, 'requests_total');
    const b = counter(2, 6000);
    await play(10, { a, b }, 'requests_total');
    expect(lane.anomalies).toEqual([]);
    expect(
      lane.outputs()['anomaly_expected{instance="b:80",metric="requests_total",namespace="shop",pod="b"}']! / 100,
    ).toBeCloseTo(1, 1);
    let value = b();
    const faster = () => {
      value += 12_000;
      return value;
    };
    await play(3, { a, b: faster }, 'requests_total');
    expect(scoreOf('b', 'requests_total')).toBeGreaterThan(1);
  });

  it('inherits after a restart as before it, and one that was young then still is', async () => {
    await play(6 * HOUR, { a: noisy(1), b: noisy(2) });
    await play(8, { b: noisy(3), c: noisy(4, 140) });
    const folder = mkdtempSync(join(tmpdir(), 'pronoia-workloads-'));
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).write();
    const now = lane.clock.now();
    await lane.stop();
    lane = await new TestLane({ rules: RULES }).start();
    lane.clock.jumpTo(now);
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).restore();
    rmSync(folder, { recursive: true });
    await play(10, { b: noisy(5), c: noisy(6, 120), d: noisy(7) });
    expect(lane.lane.scorer.inheritance.inheritedTotal).toBe(1);
    expect(lane.anomalies).toEqual([]);
    await play(3, { b: noisy(5), c: noisy(6, 120), d: noisy(8, 200) });
    expect(new Set(lane.anomalies.map(({ labels }) => labels.get('pod')))).toEqual(new Set(['d']));
  });

  it('comes with hundreds of others, and still nobody is told', async () => {
    await lane.stop();
    lane = await new TestLane({ maxSeries: 1000, rules: RULES }).start();
    const pods = (prefix: string, seed: number) =>
      Object.fromEntries(times(300, (i) => [`${prefix}${i}`, noisy(seed + i, 100 + (i % 7))]));
    await play(90, pods('old', 0));
    const fresh = pods('new', 5000);
    await play(20, fresh);
    expect(lane.lane.scorer.inheritance.inheritedTotal).toBe(300);
    expect(lane.anomalies).toEqual([]);
    await play(3, { ...fresh, new200: noisy(1, 300) });
    expect(lane.anomalies.map(({ labels }) => labels.get('pod'))).toEqual(['new200']);
  });

  it('does not change what is known of its siblings', async () => {
    const alone = await new TestLane().start();
    await alone.play(labelsOf('a'), times(8 * HOUR, noisy(1)), 60_000);
    const a = noisy(1);
    await play(6 * HOUR, { a });
    await play(2 * HOUR, { a, b: noisy(7, 3000, 500) });
    expect(lane.clock.now()).toBe(START + 8 * HOUR * 60_000);
    const key = 'anomaly_expected{instance="a:80",metric="latency",namespace="shop",pod="a"}';
    expect(lane.outputs()[key]).toBe(alone.outputs()[key]);
    await alone.stop();
  });

  it('does not inherit from another metric, another workload, or a replica in trouble', async () => {
    await play(6 * HOUR, { a: noisy(1) });
    await play(3, { a: noisy(2, 400) });
    expect(lane.anomalies).toHaveLength(1);
    await play(6, { b: noisy(3) });
    expect(lane.lane.scorer.inheritance.inheritedTotal).toBe(0);
    await play(6, { c: noisy(3) }, 'other');
    expect(lane.lane.scorer.inheritance.inheritedTotal).toBe(0);
  });
});

describe('a replica among its siblings', () => {
  const PODS = ['a', 'b', 'c', 'd', 'e', 'f'];
  let minute = 0;
  beforeEach(() => {
    minute = 0;
  });

  /** A load that swings by the hour, which all share; one of them, a leader, has three times as much for ever. */
  const replicas = (names: readonly string[], factor: (pod: string) => number = () => 1) => {
    const swing = () => 1 + 0.5 * Math.sin((2 * Math.PI * Math.floor(minute++ / names.length)) / 180);
    return Object.fromEntries(
      names.map((name, i) => {
        const noise = gaussian(i + 10);
        return [name, () => ((i === 0 ? 300 : 100) * swing() + 2 * noise()) * factor(name)];
      }),
    );
  };

  it('that does what the others do not is found, though it would be nothing new for itself', async () => {
    await play(24 * HOUR, replicas(PODS));
    expect(lane.anomalies).toEqual([]);
    await play(
      8,
      replicas(PODS, (pod) => (pod === 'c' ? 1.4 : 1)),
    );
    expect(new Set(lane.anomalies.map(({ labels }) => labels.get('pod')))).toEqual(new Set(['c']));
    expect(lane.anomalies[0]!.reason).toContain('standard deviations above what its siblings do');
  });

  it.each([
    ['with all of them', PODS],
    ['with three siblings, which are too few', PODS.slice(0, 4)],
  ])('is judged by its own past alone when it moves %s', async (_, pods) => {
    const alone = await new TestLane().start();
    const isUnlike = pods.length < PODS.length;
    const factor = (pod: string) => (!isUnlike || pod === 'c' ? 1.4 : 1);
    const own = lane;
    const scores: (number | undefined)[] = [];
    for (const each of [own, alone]) {
      lane = each;
      minute = 0;
      await play(24 * HOUR, replicas(pods));
      await play(8, replicas(pods, factor));
      scores.push(scoreOf('c'));
    }
    lane = own;
    expect(scores[0]).toBe(scores[1]);
    await alone.stop();
  });
});
