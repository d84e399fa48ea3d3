import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFederationRoutes } from '../../src/emit/federation.ts';
import { OutputTracker } from '../../src/emit/output-tracker.ts';
import { encodeWriteRequest, type OutputSample } from '../../src/emit/write-request.ts';
import { PRESETS, withPresets } from '../../src/forecast/presets.ts';
import { formatSeries } from '../../src/model/labels.ts';
import { parseSelector } from '../../src/model/matcher.ts';
import { SnapshotFile } from '../../src/state/snapshot-file.ts';
import { serveRoutes } from '../emit/served-routes.ts';
import { decodeWriteRequest } from '../emit/write-request-decoder.ts';
import { STALE_MARKER, type TestSeries } from '../ingest/write-request-builder.ts';
import type { TestLane } from '../test-lane.ts';
import { DISK, MINUTE, newLane } from './disk-lanes.ts';

/** Sends one sample a minute of each series. @param values metric with labels, and its value in the given minute */
async function play(
  lane: TestLane,
  minutes: number,
  values: readonly [Record<string, string>, (i: number) => number][],
) {
  for (let i = 0; i < minutes; i++) {
    lane.clock.advance(MINUTE);
    await lane.send(
      ...values.map(([labels, value]): TestSeries => ({ labels, samples: [[lane.clock.now(), value(i)]] })),
    );
  }
}

function predictions(lane: TestLane): Record<string, number> {
  const found: Record<string, number> = {};
  for (const group of lane.lane.forecastOutputs.groups()) {
    const labels = group.labels();
    for (const [name, value] of group.values) found[formatSeries(new Map([['__name__', name], ...labels]))] = value;
  }
  return found;
}

const disk = (
  free: (i: number) => number,
  size: (i: number) => number = () => 100,
): [Record<string, string>, (i: number) => number][] => [
  [{ __name__: 'node_filesystem_avail_bytes', ...DISK }, free],
  [{ __name__: 'node_filesystem_size_bytes', ...DISK }, size],
];
const full = (
  quantile: string,
  labels = 'device="/dev/sda1",fstype="ext4",instance="a:9100",job="node",mountpoint="/"',
) => `predict_full_in_seconds{${labels},quantile="${quantile}",resource="filesystem"}`;

const valuesOf = (lane: TestLane, name: string) =>
  Object.entries(predictions(lane)).filter(([series]) => series.startsWith(`${name}{`));
const quantile = (lane: TestLane, q: string) =>
  valuesOf(lane, 'predict_full_in_seconds').find(([series]) => series.includes(`quantile="${q}"`))?.[1];
const state = (lane: TestLane) => /state="(\w+)"/.exec(valuesOf(lane, 'predict_full_state')[0]?.[0] ?? '')?.[1];

describe('a file system', () => {
  it('is put together from free and size, keeps their labels, and says when it is full', async () => {
    const lane = await newLane();
    await play(
      lane,
      90,
      disk((i) => 80 - 0.1 * i),
    );
    const left = (80 - 0.1 * 89) / 0.1;
    expect(predictions(lane)).toHaveProperty([full('0.5')]);
    expect(quantile(lane, '0.5')! / 60 / left).toBeGreaterThan(0.8);
    expect(quantile(lane, '0.5')! / 60 / left).toBeLessThan(1.2);
    expect(quantile(lane, '0.1')!).toBeLessThanOrEqual(quantile(lane, '0.5')!);
    expect(state(lane)).toBe('filling');
    expect(valuesOf(lane, 'predict_used_ratio')[0]![1]).toBeCloseTo(0.288, 2);
  });

  it('that does not fill is +Inf, and so is one of which too little is known; never NaN', async () => {
    const lane = await newLane();
    await play(
      lane,
      20,
      disk((i) => 80 - i),
    );
    expect([quantile(lane, '0.5'), state(lane)]).toEqual([Infinity, 'insufficient']);
    await play(
      lane,
      70,
      disk(() => 60),
    );
    expect([quantile(lane, '0.9'), state(lane)]).toEqual([Infinity, 'flat']);
    expect(Object.values(predictions(lane)).some(Number.isNaN)).toBe(false);
  });

  it('that does not fill is +Inf in the text and in the requests that go out as well', async () => {
    const lane = await newLane();
    await play(
      lane,
      40,
      disk(() => 60),
    );
    const sources = [lane.lane.forecastOutputs];
    const routes = createFederationRoutes({
      sources,
      externalLabels: () => new Map(),
      clock: lane.clock,
      stats: { invalidNames: 0 },
    });
    const served = await serveRoutes(routes);
    const text = await (await fetch(`${served.url}/federate`)).text();
    await served.stop();
    const lines = text.split('\n').filter((line) => line.startsWith('predict_full_in_seconds{'));
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['+Inf', '+Inf', '+Inf']);

    const sent: OutputSample[] = [];
    const enqueue = (sample: OutputSample) => sent.push(sample);
    await new OutputTracker({ externalLabels: new Map(), clock: lane.clock, enqueue, skip: () => {} }).collect(sources);
    const received = decodeWriteRequest(encodeWriteRequest(sent)).filter(({ labels }) =>
      labels.some(([, value]) => value === 'predict_full_in_seconds'),
    );
    expect(received.map(({ value }) => value)).toEqual([Infinity, Infinity, Infinity]);
  });

  it('that is full has 0 left, and one without a size has no series', async () => {
    const lane = await newLane();
    await play(
      lane,
      50,
      disk(() => -1),
    );
    expect(quantile(lane, '0.5')).toBe(0);
    const other = await newLane();
    await play(
      other,
      50,
      disk(
        () => 10,
        () => 0,
      ),
    );
    expect(predictions(other)).toEqual({});
    const alone = await newLane();
    await play(alone, 50, disk((i) => 80 - i).slice(0, 1));
    expect(predictions(alone)).toEqual({});
  });

  it.each([
    ['tmpfs', { fstype: 'tmpfs' }, 0],
    ['read-only', {}, 1],
  ])('that is %s is left out', async (_, labels, isReadOnly) => {
    const lane = await newLane();
    const series = disk((i) => 80 - i / 2).map(
      ([each, value]) => [{ ...each, ...labels }, value] as [Record<string, string>, (i: number) => number],
    );
    await play(lane, 60, [...series, [{ __name__: 'node_filesystem_readonly', ...DISK }, () => isReadOnly]]);
    expect(predictions(lane)).toEqual({});
  });

  it('of a replaced pod starts a history of its own: a jump from 30 to 70 % is no growth', async () => {
    const lane = await newLane();
    await play(
      lane,
      60,
      disk(() => 70),
    );
    const renamed = disk(() => 30).map(
      ([labels, value]) =>
        [{ ...labels, instance: 'b:9100' }, value] as [Record<string, string>, (i: number) => number],
    );
    await play(lane, 60, renamed);
    expect(valuesOf(lane, 'predict_full_in_seconds').every(([, value]) => value === Infinity)).toBe(true);
  });

  it('of a claim goes on when another node shows it', async () => {
    const lane = await newLane();
    const claim = (instance: string, used: number): [Record<string, string>, (i: number) => number][] =>
      [
        ['kubelet_volume_stats_used_bytes', (i: number) => used + i / 10] as const,
        ['kubelet_volume_stats_capacity_bytes', () => 100] as const,
      ].map(([name, value]) => [
        { __name__: name, instance, namespace: 'shop', node: instance, persistentvolumeclaim: 'data' },
        value,
      ]);
    await play(lane, 90, claim('a:10250', 30));
    await play(lane, 20, claim('b:10250', 39));
    const [resource, ...others] = lane.lane.forecasts.resources.all();
    expect(others).toEqual([]);
    expect(resource!.history.age / 60).toBeGreaterThan(105);
    expect(state(lane)).toBe('filling');
  });

  it('is held as stale while nothing comes, and then ends; at a stale marker at once', async () => {
    const lane = await newLane();
    await play(
      lane,
      60,
      disk((i) => 80 - i / 4),
    );
    const before = quantile(lane, '0.5')!;
    lane.clock.advance(10 * MINUTE);
    expect(state(lane)).toBe('stale');
    expect(quantile(lane, '0.5')).toBeCloseTo(before - 660, 0);
    lane.clock.advance(10 * MINUTE);
    expect(predictions(lane)).toEqual({});
    await play(
      lane,
      10,
      disk(() => 65),
    );
    expect(state(lane)).toBeDefined();
    lane.clock.advance(MINUTE);
    await lane.send({ labels: disk(() => 0)[0]![0], samples: [[lane.clock.now(), STALE_MARKER]] });
    expect(predictions(lane)).toEqual({});
  });

  it('of which a backlog comes is not forecast in the past, but known afterwards', async () => {
    const lane = await newLane();
    const now = lane.clock.now();
    const past = disk((i) => 80 - i / 10).map(([labels, value]) => ({
      labels,
      samples: Array.from({ length: 120 }, (_, i) => [now - (120 - i) * MINUTE, value(i)] as const),
    }));
    await lane.send(past[1]!, past[0]!);
    expect(lane.lane.forecasts.forecastTotal).toBe(0);
    await play(
      lane,
      7,
      disk((i) => 68 - i / 10),
    );
    expect(state(lane)).toBe('filling');
  });
});

describe('what disturbs the clock or the way changes nothing', () => {
  const falling = disk((i) => 80 - 0.1 * i);
  const undisturbed = async () => {
    const lane = await newLane();
    await play(lane, 300, falling);
    return lane;
  };
  const expectAlike = (lane: TestLane, other: TestLane) => {
    expect(state(lane)).toBe(state(other));
    for (const q of ['0.1', '0.5', '0.9']) expect(quantile(lane, q)! / quantile(other, q)!).toBeCloseTo(1, 2);
  };

  it('two hours of samples that come at once, after the connection was lost', async () => {
    const lane = await newLane();
    await play(lane, 100, falling);
    const from = lane.clock.now();
    lane.clock.advance(120 * MINUTE);
    const made = lane.lane.forecasts.forecastTotal;
    await lane.send(
      ...falling.map(([labels, value]) => ({
        labels,
        samples: Array.from({ length: 120 }, (_, i) => [from + (i + 1) * MINUTE, value(100 + i)] as const),
      })),
    );
    expect(lane.lane.forecasts.forecastTotal).toBe(made);
    await play(
      lane,
      80,
      disk((i) => 80 - 0.1 * (220 + i)),
    );
    expectAlike(lane, await undisturbed());
  });

  it('a clock that is set forward by an hour', async () => {
    const lane = await newLane();
    await play(lane, 100, falling);
    lane.clock.jumpTo(lane.clock.now() + 60 * MINUTE);
    await play(
      lane,
      200,
      disk((i) => 80 - 0.1 * (100 + i)),
    );
    expectAlike(lane, await undisturbed());
  });
});

describe('other resources', () => {
  it('connections of several series are added up, with the labels that they share', async () => {
    const lane = await newLane();
    const target = { instance: 'db:9187', job: 'postgres' };
    await play(lane, 60, [
      [{ __name__: 'pg_stat_activity_count', datname: 'a', ...target }, (i) => 10 + i / 4],
      [{ __name__: 'pg_stat_activity_count', datname: 'b', ...target }, () => 30],
      [{ __name__: 'pg_settings_max_connections', server: 'x', ...target }, () => 100],
    ]);
    expect(
      predictions(lane)['predict_used_ratio{instance="db:9187",job="postgres",resource="postgresql_connections"}'],
    ).toBeCloseTo(0.545, 2);
  });

  it('a queue that is worked off is draining, with the time until it is empty, and is not urgent', async () => {
    const lane = await newLane();
    await play(lane, 90, [
      [{ __name__: 'kafka_consumergroup_lag', consumergroup: 'g', topic: 't' }, (i) => 20_000 - 100 * i],
    ]);
    expect(state(lane)).toBe('draining');
    expect(quantile(lane, '0.5')! / 60).toBeGreaterThan(90);
    expect(quantile(lane, '0.5')! / 60).toBeLessThan(135);
    expect(lane.anomalies).toEqual([]);
  });

  it('a certificate has a deadline that is the same in all quantiles', async () => {
    const lane = await newLane();
    const expiresAt = lane.clock.now() / 1000 + 86_400;
    await play(lane, 5, [[{ __name__: 'probe_ssl_earliest_cert_expiry', instance: 'web' }, () => expiresAt]]);
    expect([quantile(lane, '0.1'), quantile(lane, '0.9'), state(lane)]).toEqual([
      86_400 - 240,
      86_400 - 240,
      'deadline',
    ]);
  });
});

describe('rules of the configuration', () => {
  const entry = {
    used: undefined,
    free: undefined,
    left: undefined,
    expires: undefined,
    limit: undefined,
    size: undefined,
    preset: undefined,
    on: [],
    combine: 'sum',
    fullAt: 1,
    unless: [],
  } as const;

  it('replace a preset of their name, or switch it off', () => {
    const rules = withPresets([
      { ...entry, resource: 'swap', preset: 'off' },
      { ...entry, resource: 'filesystem', free: parseSelector('free_bytes'), size: parseSelector('size_bytes') },
    ]);
    expect(rules).toHaveLength(PRESETS.length - 1);
    expect(rules.filter(({ resource }) => resource === 'swap')).toEqual([]);
    expect(rules.at(-1)!.limit).toBeDefined();
  });

  it('are used after a reload for series that are there already', async () => {
    const lane = await newLane();
    const seats: [Record<string, string>, (i: number) => number][] = [
      [{ __name__: 'seats_taken', hall: '1' }, (i) => 10 + i / 2],
    ];
    await play(lane, 5, seats);
    const rule = { ...entry, resource: 'seats', used: parseSelector('seats_taken'), limit: 50, fullAt: 0.9 };
    lane.lane.configure({ rules: [], replicaLabel: '', clusterLabel: 'cluster', capacityRules: withPresets([rule]) });
    lane.clock.advance(10);
    await play(lane, 40, seats);
    expect(predictions(lane)['predict_used_ratio{hall="1",resource="seats"}']).toBeCloseTo(29 / 45, 1);
    lane.lane.configure({ rules: [], replicaLabel: '', clusterLabel: 'cluster' });
    expect(predictions(lane)).toEqual({});
  });
});

describe('an urgent forecast', () => {
  /** Anomalies that a forecast opened or ended, and no detector. */
  const foretold = ({ anomalies }: TestLane) => anomalies.filter(({ reason }) => reason?.includes(' is full in '));

  it('is an anomaly of the series, until there is time again', async () => {
    const lane = await newLane();
    await play(
      lane,
      90,
      disk((i) => 60 - i / 3),
    );
    const opened = foretold(lane);
    expect(opened).toHaveLength(1);
    expect(opened[0]!.labels.get('__name__')).toBe('node_filesystem_avail_bytes');
    expect(opened[0]!.reason).toMatch(/^filesystem is full in about \S+, one chance in ten that in \S+$/);
    await play(
      lane,
      180,
      disk(() => 80),
    );
    expect(foretold(lane).map(({ endReason }) => endReason)).toEqual([undefined, 'recovered']);
  });
});

it('goes on after a restart as if it had not happened', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forecast-'));
  try {
    const lane = await newLane();
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    await play(
      lane,
      90,
      disk((i) => 60 - i / 3),
    );
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).write();
    const next = await newLane();
    next.clock.jumpTo(lane.clock.now());
    await new SnapshotFile(folder, next.lane, next.clock, silent).restore();
    const known = predictions(next);
    expect(Object.keys(known)).toHaveLength(5);
    for (const each of [lane, next])
      await play(
        each,
        10,
        disk((i) => 30 - i / 3),
      );
    for (const q of ['0.1', '0.5', '0.9']) expect(quantile(next, q)! / quantile(lane, q)!).toBeCloseTo(1, 3);
    expect(state(next)).toBe(state(lane));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
