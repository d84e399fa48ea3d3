import { afterEach, describe, expect, it } from 'vitest';
import { STALE_MARKER } from './ingest/write-request-builder.ts';
import { gaussian, rule, TestLane, times } from './test-lane.ts';

const HOUR = 60;
const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};

let lane: TestLane;
afterEach(() => lane.stop());

const BY_WORKLOAD = { by: ['namespace', 'workload'] };

async function start(groups = [BY_WORKLOAD]): Promise<void> {
  lane = await new TestLane({ rules: [rule('{__name__!=""}', { emit: 'anomalous' })], groups }).start();
}

/** A sample a minute of four series of one workload and one of another; the first `unusual` are far off. */
async function play(minutes: number, unusual: number, except: readonly number[] = []): Promise<void> {
  const values = times(5, (i) => noisy(i, i < unusual ? 300 : 100));
  for (let minute = 0; minute < minutes; minute++) {
    lane.clock.advance(60_000);
    const series = values.map((value, i) => ({
      labels: { __name__: `m${i}`, namespace: 'shop', workload: i < 4 ? 'cart' : 'search' },
      samples: [[lane.clock.now(), value()]] as const,
    }));
    await lane.send(...series.filter((_, i) => !except.includes(i)));
  }
}

const rates = () =>
  Object.fromEntries(Object.entries(lane.outputs()).filter(([name]) => name.startsWith('anomaly_rate')));

describe('anomaly_rate', () => {
  it('is the share of the live series of a group that score above 1, whether they are put out or not', async () => {
    await start();
    await play(6 * HOUR, 0);
    expect(rates()).toEqual({
      'anomaly_rate{namespace="shop",workload="cart"}': 0,
      'anomaly_rate{namespace="shop",workload="search"}': 0,
    });
    await play(2, 3);
    expect(rates()).toEqual({
      'anomaly_rate{namespace="shop",workload="cart"}': 0.75,
      'anomaly_rate{namespace="shop",workload="search"}': 0,
    });
    await play(2 * HOUR, 0);
    expect(rates()['anomaly_rate{namespace="shop",workload="cart"}']).toBe(0);
  });

  it('counts live series only: not those that have ended or fallen silent', async () => {
    await start();
    await play(6 * HOUR, 0);
    await play(2, 3);
    const labels = { __name__: 'm0', namespace: 'shop', workload: 'cart' };
    await lane.send({ labels, samples: [[lane.clock.now() + 1, STALE_MARKER]] });
    expect(rates()['anomaly_rate{namespace="shop",workload="cart"}']).toBeCloseTo(2 / 3);
    await play(10, 3, [0, 3]);
    expect(rates()['anomaly_rate{namespace="shop",workload="cart"}']).toBe(1);
    lane.clock.advance(11 * 60_000);
    expect(rates()).toEqual({});
  });

  it('leaves out series without one of the labels, and knows several groupings at once', async () => {
    await start([BY_WORKLOAD, { by: ['namespace'] }]);
    await play(2, 0);
    await lane.play({ __name__: 'other', namespace: 'bank' }, [1, 2], 60_000);
    expect(Object.keys(rates())).toEqual([
      'anomaly_rate{namespace="shop",workload="cart"}',
      'anomaly_rate{namespace="shop"}',
      'anomaly_rate{namespace="shop",workload="search"}',
      'anomaly_rate{namespace="bank"}',
    ]);
  });

  it('is bounded in groups, and forgets those whose series are forgotten', async () => {
    lane = await new TestLane({ maxSeries: 20_000, rules: [], groups: [{ by: ['id'] }] }).start();
    await lane.send(
      ...times(10_005, (i) => ({
        labels: { __name__: 'm', id: String(i) },
        samples: [[lane.clock.now(), 1]] as const,
      })),
    );
    expect([lane.lane.groups.size, lane.lane.groups.ungroupedTotal]).toEqual([10_000, 5]);
    lane.clock.advance(9 * 86_400_000);
    expect(lane.lane.groups.size).toBe(0);
  });

  it('follows a reload', async () => {
    await start();
    await play(2, 0);
    const settings = { rules: [], replicaLabel: '__replica__', clusterLabel: 'cluster' };
    lane.lane.configure({ ...settings, groups: [{ by: ['namespace'] }] });
    await play(2, 0);
    expect(Object.keys(rates())).toEqual(['anomaly_rate{namespace="shop"}']);
  });
});
