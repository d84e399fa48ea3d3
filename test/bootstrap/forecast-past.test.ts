import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RINGS } from '../../src/forecast/resource-history.ts';
import { START, TestLane } from '../test-lane.ts';
import { HistoryServer } from './history-server.ts';
import { loadHistory } from './load-history.ts';
import type { StoredSeries } from './read-response.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const DISK = { device: '/dev/sda1', fstype: 'ext4', instance: 'a:9100', job: 'node', mountpoint: '/' };
const SIZE = 1e12;

/** A sample a minute up to the start of the test. @param value at milliseconds before now */
function stored(labels: Record<string, string>, value: (agoMs: number) => number, days = 6): StoredSeries {
  const count = (days * DAY) / MINUTE;
  const samples = Array.from({ length: count }, (_, i) => {
    const ago = (count - i) * MINUTE;
    return [START - ago, value(ago)] as const;
  });
  return { labels, samples };
}

const size = (bytes = (_ago: number) => SIZE) => stored({ __name__: 'node_filesystem_size_bytes', ...DISK }, bytes);
/** Free space that is gone in so many days. */
const shrinking = (days: number, noise = 1e8) =>
  stored(
    { __name__: 'node_filesystem_avail_bytes', ...DISK },
    (ago) => (SIZE / 20) * (days + ago / DAY) + noise * Math.sin(ago),
  );

describe('history that is loaded at the first start reaches the forecasts', () => {
  let test: TestLane;
  let server: HistoryServer;

  beforeEach(async () => {
    test = await new TestLane({ rules: [] }).start();
    server = new HistoryServer([]);
  });
  afterEach(() => test.stop());

  const load = async () => {
    const { pasts, done } = await loadHistory(test, server, []);
    expect(await done).toBe(true);
    return pasts;
  };
  /** Sends one sample of each, and lets the time come at which forecasts are made. */
  const live = async (...series: (readonly [labels: Record<string, string>, value: number])[]) => {
    await test.send(...series.map(([labels, value]) => ({ labels, samples: [[test.clock.now(), value] as const] })));
    test.clock.advance(15_000);
  };
  const outputs = () =>
    new Map(
      [...test.lane.forecastOutputs.groups()].flatMap((group) => {
        const labels = group.labels();
        const key = labels.get('quantile') ?? labels.get('state') ?? '';
        return group.values.map(([name, value]) => [`${name} ${labels.get('resource')} ${key}`.trim(), value] as const);
      }),
    );

  it('a disk that has been filling for days is forecast from the first live sample', async () => {
    server.series = [shrinking(4), size()];
    const pasts = await load();
    expect(pasts.livedTotal).toBe(1);
    await live(
      [{ __name__: 'node_filesystem_avail_bytes', ...DISK }, (SIZE / 20) * 4],
      [{ __name__: 'node_filesystem_size_bytes', ...DISK }, SIZE],
    );
    const found = outputs();
    expect(found.get('predict_full_in_seconds filesystem 0.5')! / 86_400).toBeGreaterThan(3.2);
    expect(found.get('predict_full_in_seconds filesystem 0.5')! / 86_400).toBeLessThan(4.8);
    expect(found.get('predict_full_state filesystem filling')).toBe(1);
    expect(found.get('predict_used_ratio filesystem')).toBeCloseTo(0.8, 2);
  });

  it('as far as a lane knows that has seen every sample', async () => {
    const other = await new TestLane({ rules: [] }).start();
    server.series = [shrinking(4), size()];
    await load();
    const [avail, whole] = server.series as [StoredSeries, StoredSeries];
    for (let i = 0; i < avail.samples.length; i += 1000) {
      const part = ({ labels, samples }: StoredSeries) => ({ labels, samples: samples.slice(i, i + 1000) });
      await other.send(part(whole), part(avail));
    }
    const [known, wanted] = [test, other].map((lane) => [...lane.lane.forecasts.resources.all()][0]!);
    await other.stop();
    expect(known!.history.used / wanted!.history.used).toBeCloseTo(1, 3);
    expect(known!.history.age / wanted!.history.age).toBeCloseTo(1, 3);
    expect(known!.history.noise / wanted!.history.noise).toBeGreaterThan(0.5);
    expect(known!.history.noise / wanted!.history.noise).toBeLessThan(2);
  });

  it('takes the place of the little that came live before, whatever the order was', async () => {
    await live(
      [{ __name__: 'node_filesystem_size_bytes', ...DISK }, SIZE],
      [{ __name__: 'node_filesystem_avail_bytes', ...DISK }, (SIZE / 20) * 4],
    );
    server.series = [size(), shrinking(4)];
    await load();
    await live([{ __name__: 'node_filesystem_avail_bytes', ...DISK }, (SIZE / 20) * 4]);
    expect(outputs().get('predict_full_state filesystem filling')).toBe(1);
  });

  it('adds several series up: the connections of each state', async () => {
    const target = { instance: 'db:9187', job: 'postgres' };
    const activity = (state: string, value: (ago: number) => number) =>
      stored({ __name__: 'pg_stat_activity_count', state, ...target }, value, 3);
    server.series = [
      activity('active', (ago) => 100 - (10 * ago) / DAY),
      activity('idle', (ago) => 100 - (10 * ago) / DAY),
      stored({ __name__: 'pg_settings_max_connections', ...target }, () => 303, 3),
      stored({ __name__: 'pg_settings_superuser_reserved_connections', ...target }, () => 3, 3),
    ];
    await load();
    test.clock.advance(15_000);
    const found = outputs();
    expect(found.get('predict_full_in_seconds postgresql_connections 0.5')! / 86_400).toBeGreaterThan(4);
    expect(found.get('predict_full_in_seconds postgresql_connections 0.5')! / 86_400).toBeLessThan(6);
    expect(found.get('predict_used_ratio postgresql_connections')).toBeCloseTo(2 / 3, 2);
  });

  it('knows a limit that was changed: a disk made larger yesterday has not been emptied', async () => {
    const wasSmaller = (ago: number) => ago > DAY;
    server.series = [
      stored(
        { __name__: 'node_filesystem_avail_bytes', ...DISK },
        (ago) => (wasSmaller(ago) ? SIZE / 2 : SIZE) - SIZE / 4,
      ),
      size((ago) => (wasSmaller(ago) ? SIZE / 2 : SIZE)),
    ];
    await load();
    test.clock.advance(15_000);
    const [resource] = test.lane.forecasts.resources.all();
    const before = resource!.history.highest(RINGS.sixHours, (START - 3 * DAY) / 1000);
    expect([before / SIZE, resource!.history.used / SIZE]).toEqual([expect.closeTo(0.25, 5), expect.closeTo(0.25, 5)]);
    expect(outputs().get('predict_full_in_seconds filesystem 0.5')).toBe(Infinity);
    expect(outputs().get('predict_full_state filesystem flat')).toBe(1);
  });

  it('is not learnt twice, and opens no anomaly of the past', async () => {
    server.series = [shrinking(4), size()];
    await load();
    await load();
    expect(test.anomalies.filter(({ reason }) => reason?.includes('is full in'))).toEqual([]);
    expect([...test.lane.forecasts.resources.all()][0]!.history.age / 86_400).toBeCloseTo(6, 1);
  });
});
