import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KIND } from '../src/series/kinds.ts';
import { encodeMetadataBody, STALE_MARKER } from './ingest/write-request-builder.ts';
import { gaussian, rule, START, TestLane, times } from './test-lane.ts';

const HOUR = 240;

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane().start();
});
afterEach(() => lane.stop());

const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};

describe('scores', () => {
  it('stay below 1 for a noisy flat gauge, at any scrape interval', async () => {
    for (const intervalMs of [5_000, 15_000, 60_000]) {
      const labels = { __name__: `flat_${intervalMs}` };
      await lane.play(labels, times(10_000, noisy(intervalMs)), intervalMs);
      expect(lane.lane.anomalies.openedTotal).toBe(0);
    }
  });

  it('stay at 0 for a constant, and for its first change', async () => {
    await lane.play({ __name__: 'replicas' }, [...Array(2 * HOUR).fill(3), 4, 4, 4]);
    expect(lane.score('replicas')).toBeLessThan(0.5);
    expect(lane.anomalies).toEqual([]);
  });

  it('rise above 1 with the first sample of a step of ten sigma, whatever the interval', async () => {
    for (const intervalMs of [5_000, 15_000, 60_000]) {
      const name = `step_${intervalMs}`;
      const values = times((2 * 3_600_000) / intervalMs, noisy(3));
      await lane.play({ __name__: name }, values, intervalMs);
      expect(lane.score(name)).toBeLessThan(1);
      await lane.play({ __name__: name }, [120], intervalMs);
      expect(lane.score(name)).toBeGreaterThan(1);
    }
  });

  it('agree between scrapes of 15 s and of 60 s about a series that stays at a value for a step', async () => {
    const values = times(600, (i) => 100 + 8 * Math.sin(i / 7) + 2 * noisy(5, 0, 1)());
    await lane.play({ __name__: 'every_60s' }, [...values, 150], 60_000);
    lane.clock.jumpTo(START);
    const slow = [...values, 150].flatMap((value) => [value, value, value, value]);
    await lane.play({ __name__: 'every_15s' }, slow);
    expect(lane.score('every_60s')! / lane.score('every_15s')!).toBeCloseTo(1, 0);
  });

  it('are 0 and without a band while warming up', async () => {
    await lane.play({ __name__: 'young' }, [1, 2, 1, 2, 1000]);
    expect(Object.entries(lane.outputs())).toEqual([
      ['anomaly_score{metric="young"}', 0],
      ['anomaly_direction{metric="young"}', 0],
      ['anomaly_score_held{metric="young"}', 0],
    ]);
  });

  it('are held where a rule puts them out always: they fall slowly after an anomaly, and never below the score', async () => {
    const held = () => lane.outputs()['anomaly_score_held{metric="spiked"}']!;
    await lane.play({ __name__: 'spiked' }, [...times(5 * HOUR, noisy(9)), 200], 60_000);
    expect(held()).toBe(lane.score('spiked'));
    const highest = held();
    expect(highest).toBeGreaterThan(1);
    await lane.play({ __name__: 'spiked' }, times(10, noisy(10)), 60_000);
    expect(held()).toBeCloseTo(highest * 0.98 ** 10, 1);
    expect(lane.score('spiked')).toBeLessThan(0.5);

    const plain = await new TestLane({ rules: [] }).start();
    await plain.play({ __name__: 'spiked' }, [...times(5 * HOUR, noisy(9)), 200], 60_000);
    expect(Object.keys(plain.outputs())).toContain('anomaly_score{metric="spiked"}');
    expect(Object.keys(plain.outputs())).not.toContain('anomaly_score_held{metric="spiked"}');
    await plain.stop();
  });

  it('lie above 1 exactly where the value lies outside the band', async () => {
    const value = noisy(7);
    await lane.play({ __name__: 'banded' }, times(4 * HOUR, value), 60_000);
    for (let i = 0; i < 200; i++) {
      const next = 100 + (i % 2 === 0 ? (i - 100) / 2 : 0);
      await lane.play({ __name__: 'banded' }, [next], 60_000);
      const { 'anomaly_lower{metric="banded"}': lower, 'anomaly_upper{metric="banded"}': upper } = lane.outputs();
      expect(lane.score('banded')! > 1).toBe(next < lower! || next > upper!);
    }
  });

  it('tell the direction', async () => {
    await lane.play({ __name__: 'falling' }, [...times(2 * HOUR, noisy(8)), 50]);
    expect(lane.outputs()).toMatchObject({ 'anomaly_direction{metric="falling"}': -1 });
  });

  it('are finite for any value that can be sent', async () => {
    const wild = [1e308, -1e308, 5e-324, -0, Number.MAX_VALUE, 1e30, 0, -1e30];
    await lane.play(
      { __name__: 'wild' },
      times(3 * HOUR, (i) => wild[i % wild.length]!),
    );
    for (const value of Object.values(lane.outputs())) expect(Number.isFinite(value)).toBe(true);
  });

  it('keep the labels of the series, whose name goes to the label metric', async () => {
    await lane.play({ __name__: 'named', metric: 'mine', job: 'node' }, [1]);
    expect(Object.keys(lane.outputs())).toContain('anomaly_score{exported_metric="mine",job="node",metric="named"}');
  });
});

describe('counters', () => {
  const counter = (seed: number) => {
    const noise = gaussian(seed);
    let value = 0;
    return () => {
      value += 1000 + 30 * noise();
      return value;
    };
  };

  it('are scored as rates: a restart is no anomaly, a jump of the rate is one', async () => {
    const next = counter(1);
    await lane.play({ __name__: 'requests_total' }, times(2 * HOUR, next));
    const restarted = counter(2);
    for (let i = 0; i < HOUR; i++) {
      await lane.play({ __name__: 'requests_total' }, [restarted()]);
      expect(lane.score('requests_total')).toBeLessThan(1);
    }
    expect(lane.outputs()['anomaly_expected{metric="requests_total"}']! / (1000 / 15)).toBeCloseTo(1, 1);
    await lane.play({ __name__: 'requests_total' }, [restarted() + 5000]);
    expect(lane.score('requests_total')).toBeGreaterThan(2);
  });

  it('are told by metadata, which may come after the first samples', async () => {
    const next = counter(3);
    await lane.play({ __name__: 'requests' }, times(2 * HOUR, next));
    expect((await lane.post(encodeMetadataBody({ requests: 1 }))).status).toBe(204);
    await lane.play({ __name__: 'requests' }, times(2 * HOUR, next));
    expect(lane.outputs()['anomaly_expected{metric="requests"}']! / (1000 / 15)).toBeCloseTo(1, 1);
  });

  it('are what a rule says, whatever metadata says', async () => {
    const ruled = await new TestLane({
      rules: [rule('{__name__="requests"}', { emit: 'all', kind: 'gauge' })],
    }).start();
    const next = counter(3);
    await ruled.play({ __name__: 'requests' }, times(HOUR / 2, next));
    await ruled.post(encodeMetadataBody({ requests: 1 }));
    await ruled.play({ __name__: 'requests' }, times(HOUR, next));
    expect(ruled.outputs()['anomaly_expected{metric="requests"}']).toBeGreaterThan(10_000);
    await ruled.stop();
  });

  it('take a small fall for a correction and a gap for no rate', async () => {
    const next = counter(4);
    await lane.play({ __name__: 'bytes_total' }, times(2 * HOUR, next));
    const last = next();
    await lane.play({ __name__: 'bytes_total' }, [last, last - 10]);
    lane.clock.advance(3_600_000);
    await lane.play({ __name__: 'bytes_total' }, [1e9, 1e9 + 1000, 1e9 + 2000, 1e9 + 3000, 1e9 + 4000]);
    expect(lane.score('bytes_total')).toBeLessThan(1);
    expect(lane.lane.rates.jitterTotal).toBe(1);
  });
});

describe('anomalies', () => {
  const history = () => lane.play({ __name__: 'latency', job: 'api' }, times(3 * HOUR, noisy(11)));
  const excursion = (samples: number) => lane.play({ __name__: 'latency', job: 'api' }, times(samples, noisy(12, 130)));
  const normal = (samples: number) => lane.play({ __name__: 'latency', job: 'api' }, times(samples, noisy(13)));

  it('begin with the first sample above 1 and end when the series has recovered', async () => {
    await history();
    const startsAt = lane.clock.now() + 15_000;
    await excursion(40);
    const endedAt = lane.clock.now();
    await normal(40);
    expect(lane.anomalies).toHaveLength(2);
    expect(lane.anomalies[0]).toMatchObject({ startsAt, endsAt: undefined, direction: 1 });
    expect(lane.anomalies[1]).toMatchObject({ startsAt, endReason: 'recovered' });
    expect(lane.anomalies[1]!.endsAt! - endedAt).toBeLessThanOrEqual(4 * 60_000);
    expect(lane.anomalies[0]!.labels).toEqual(
      new Map([
        ['__name__', 'latency'],
        ['job', 'api'],
      ]),
    );
  });

  it('become the new normal after an hour, once', async () => {
    await history();
    await excursion(3 * HOUR);
    expect(lane.anomalies.map((anomaly) => anomaly.endReason)).toEqual([undefined, 'new_normal']);
    expect(lane.score('latency')).toBeLessThan(1);
  });

  it('are not opened by a single step that is only just above 1', async () => {
    const labels = { __name__: 'latency' };
    await lane.play(labels, times(3 * HOUR, noisy(11)), 60_000);
    await lane.play(labels, [120], 60_000);
    expect(lane.score('latency')).toBeGreaterThan(1);
    expect(lane.score('latency')).toBeLessThan(2);
    await lane.play(labels, times(10, noisy(13)), 60_000);
    expect(lane.anomalies).toEqual([]);
  });

  it('end with their series', async () => {
    await history();
    await excursion(10);
    const at = lane.clock.now() + 15_000;
    await lane.send({ labels: { __name__: 'latency', job: 'api' }, samples: [[at, STALE_MARKER]] });
    expect(lane.anomalies.at(-1)).toMatchObject({ endsAt: at, endReason: 'ended' });
    expect(lane.outputs()).toEqual({});
  });

  it('of a backlog are learnt, but nobody is told', async () => {
    const value = noisy(11);
    const past = times(3 * HOUR, value);
    past.fill(200, 2 * HOUR, 2 * HOUR + 20);
    const samples = past.map((each, i) => [START - (past.length - i) * 15_000, each] as const);
    await lane.send({ labels: { __name__: 'latency' }, samples });
    expect(lane.lane.anomalies.openedTotal).toBe(1);
    expect(lane.anomalies).toEqual([]);
  });
});

describe('series', () => {
  it('are the same with their labels in another order, or from another replica', async () => {
    await lane.send({
      labels: [
        ['job', 'a'],
        ['__name__', 'up'],
      ],
      samples: [[START, 1]],
    });
    await lane.send({
      labels: [
        ['__name__', 'up'],
        ['job', 'a'],
      ],
      samples: [[START + 1, 1]],
    });
    await lane.send({
      labels: [
        ['__name__', 'up'],
        ['__replica__', 'b'],
        ['job', 'a'],
        ['empty', ''],
      ],
      samples: [[START + 2, 1]],
    });
    await lane.send({
      labels: [
        ['job', 'a'],
        ['__name__', 'up'],
      ],
      samples: [[START + 3, 1]],
    });
    expect(lane.lane.table.size).toBe(1);
    expect(lane.lane.stats.acceptedTotal).toBe(4);
  });

  it('that are our own, or buckets, or alerts, are recognised and not learnt', async () => {
    const names = [
      'anomaly_score',
      'predict_full_in_seconds',
      'incident_info',
      'pronoia_build_info',
      'ALERTS',
      'x_bucket',
    ];
    for (const at of [START, START + 1]) {
      const answer = await lane.send(
        ...names.map((__name__) => ({ labels: { __name__ }, samples: [[at, 1]] as const })),
      );
      expect(answer.status).toBe(204);
    }
    expect(lane.lane.stats.acceptedTotal).toBe(0);
    expect(Object.fromEntries(lane.lane.stats.ignored)).toEqual({
      own_series: 8,
      alert_series: 2,
      bucket_without_bound: 2,
    });
  });

  it('that say what is or when it was have no score, whatever they do, unless a rule wants one', async () => {
    const rules = [rule('{job="b"}', { emit: 'all', kind: 'gauge' }), rule('{__name__!=""}', { emit: 'all' })];
    const lane = await new TestLane({ rules }).start();
    const restarts = times(300, (i) => 1.7e9 + (i > 200 ? 86_400 : 0));
    for (const job of ['a', 'b']) {
      lane.clock.jumpTo(START);
      await lane.play({ __name__: 'process_start_time_seconds', job }, restarts, 60_000);
    }
    expect(Object.keys(lane.outputs()).filter((series) => series.includes('job="a"'))).toEqual([]);
    expect(Object.keys(lane.outputs()).filter((series) => series.includes('job="b"'))).not.toEqual([]);
    expect(lane.lane.stats.acceptedTotal).toBe(600);
    await lane.stop();
  });

  it('that say since when rules hold are told when they are new, change, end and come back', async () => {
    const labels = { __name__: 'ALERTS_FOR_STATE', alertname: 'Slow', service: 'cart', __replica__: 'a' };
    const send = (at: number, value: number | typeof STALE_MARKER) =>
      lane.send({ labels, samples: [[START + at, value]] });
    await send(0, START / 1000);
    await send(30_000, START / 1000);
    await send(60_000, START / 1000 + 45);
    await send(90_000, STALE_MARKER);
    await send(120_000, START / 1000 + 100);
    expect(lane.ruleStates.map(({ activeAt, endedAt }) => [activeAt - START, endedAt && endedAt - START])).toEqual([
      [0, undefined],
      [45_000, undefined],
      [45_000, 90_000],
      [100_000, undefined],
    ]);
    expect([...lane.ruleStates[0]!.labels]).toEqual([
      ['alertname', 'Slow'],
      ['service', 'cart'],
    ]);
    expect(lane.lane.table.countByKind.get(KIND.ignoredAlerts)).toBe(1);
  });

  it('over the limit are refused with a reason, the others are taken', async () => {
    const small = await new TestLane({ maxSeries: 2 }).start();
    const answer = await small.send(
      ...times(3, (i) => ({ labels: { __name__: `m${i}` }, samples: [[START, 1]] as const })),
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error).toContain(
      'rejected 1 of 3 samples, the others were taken: 1 because the limit of 2 series is reached (storage.max_series)',
    );
    // Ten minutes later the silent ones make room.
    small.clock.advance(11 * 60_000);
    const again = () => small.send({ labels: { __name__: 'm2' }, samples: [[small.clock.now(), 1]] });
    await again();
    expect((await again()).status).toBe(204);
    await small.stop();
  });

  it('that have ended make room, and leave nothing behind for their successor', async () => {
    await lane.play({ __name__: 'old' }, times(2 * HOUR, noisy(1)));
    lane.clock.advance(9 * 86_400_000);
    expect(lane.lane.table.size).toBe(0);
    await lane.play(
      { __name__: 'new' },
      times(3 * HOUR, () => 5_000_000),
    );
    expect(lane.lane.table.highest).toBe(1);
    const fresh = await new TestLane().start();
    fresh.clock.jumpTo(lane.clock.now() - 3 * HOUR * 15_000);
    await fresh.play(
      { __name__: 'new' },
      times(3 * HOUR, () => 5_000_000),
    );
    for (const [i, column] of lane.lane.columns.all().entries()) {
      if (column.name !== 'policy')
        expect([column.name, column.values[1]]).toEqual([column.name, fresh.lane.columns.all()[i]!.values[1]]);
    }
    await fresh.stop();
  });

  it('follow the rules: ignore, direction, deviation, range, sensitivity, kind', async () => {
    lane.lane.configure({
      replicaLabel: '__replica__',
      clusterLabel: 'cluster',
      rules: [
        rule('{__name__="ignored"}', { emit: 'ignore' }),
        rule('{__name__="downwards"}', { emit: 'all', direction: 'down' }),
        rule('{__name__="tolerant"}', { emit: 'all', minDeviation: { absolute: 50, relative: 0 } }),
        rule('{__name__="ranged"}', { emit: 'all', range: [90, 110] }),
        rule('{__name__="eager"}', { emit: 'all', sensitivity: 100, minDeviation: { absolute: 0, relative: 0 } }),
        rule('{__name__="counted"}', { emit: 'all', kind: 'counter' }),
        rule('{__name__="silent"}', { emit: 'none' }),
      ],
    });
    const names = ['ignored', 'downwards', 'tolerant', 'ranged', 'eager', 'silent', 'plain'];
    for (const name of names) {
      lane.clock.jumpTo(START);
      await lane.play({ __name__: name }, [...times(3 * HOUR, noisy(21)), 120]);
    }
    expect(lane.score('ignored')).toBeUndefined();
    expect(lane.score('downwards')).toBe(0);
    expect(lane.outputs()).not.toHaveProperty('anomaly_upper{metric="downwards"}');
    expect(lane.score('tolerant')).toBeLessThan(0.5);
    expect(lane.score('ranged')).toBeGreaterThan(1);
    expect(lane.outputs()['anomaly_upper{metric="ranged"}']).toBeLessThanOrEqual(110);
    expect(lane.score('eager')).toBeGreaterThan(lane.score('plain')! * 2);
    expect(lane.score('silent')).toBeUndefined();
    lane.clock.jumpTo(START);
    await lane.play(
      { __name__: 'counted' },
      times(3 * HOUR, (i) => i * 15),
    );
    expect(lane.outputs()['anomaly_expected{metric="counted"}']).toBeCloseTo(1);
  });

  it('are matched again after a reload', async () => {
    await lane.play({ __name__: 'up' }, [1, 1]);
    expect(lane.score('up')).toBe(0);
    const settings = { replicaLabel: '__replica__', clusterLabel: 'cluster' };
    lane.lane.configure({ ...settings, rules: [rule('{__name__="up"}', { emit: 'none' })] });
    lane.clock.advance(60_000);
    expect(lane.score('up')).toBeUndefined();
    lane.lane.configure({ ...settings, rules: [rule('{__name__="up"}', { emit: 'ignore' })] });
    lane.clock.advance(60_000);
    await lane.play({ __name__: 'up' }, [1]);
    lane.lane.configure({ ...settings, rules: [rule('{__name__="up"}', { emit: 'all' })] });
    lane.clock.advance(60_000);
    await lane.play({ __name__: 'up' }, [1]);
    expect(lane.score('up')).toBe(0);
  });

  it('come from one replica of a pair at a time', async () => {
    const from = (__replica__: string) =>
      lane.send({ labels: { __name__: 'up', __replica__, cluster: 'c1' }, samples: [[lane.clock.now(), 1]] });
    await from('a');
    lane.clock.advance(10_000);
    expect((await from('b')).status).toBe(204);
    expect(lane.lane.receiver.stats.replicaSamples).toBe(1);
    lane.clock.advance(31_000);
    await from('b');
    expect(lane.lane.receiver.stats.replicaSamples).toBe(1);
    expect(lane.lane.stats.acceptedTotal).toBe(2);
  });

  it('drop what is repeated or older than the newest sample, and count it', async () => {
    const labels = { __name__: 'up' };
    const answer = await lane.send({
      labels,
      samples: [
        [START, 1],
        [START, 1],
        [START - 1000, 1],
        [START + 1, Number.NaN],
      ],
    });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(lane.lane.stats.ignored)).toEqual({
      duplicate_timestamp: 1,
      out_of_order: 1,
      not_a_number: 1,
    });
  });
});
