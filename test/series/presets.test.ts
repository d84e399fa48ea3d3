import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Labels } from '../../src/model/labels.ts';
import { KIND } from '../../src/series/kinds.ts';
import { PRESETS, presetRuleOf } from '../../src/series/presets/presets.ts';
import { gaussian, rule, TestLane, times } from '../test-lane.ts';

const PAST_MINUTES = 240;
const NO_LABELS: Labels = new Map();

/** What happens to a series: from its usual level to another one. Rates where its metric is a counter. */
type Change = readonly [from: number, to: number];

/** A series of a preset, a change that is welcome, and one that is not. */
type Case = readonly [
  preset: string,
  metric: string,
  labels: Record<string, string>,
  change: { readonly welcome: Change; readonly unwelcome: Change; readonly isCounter?: true },
];

const CASES: readonly Case[] = [
  ['scrape', 'up', {}, { welcome: [0, 1], unwelcome: [1, 0] }],
  ['scrape', 'scrape_duration_seconds', {}, { welcome: [0.5, 0.1], unwelcome: [0.1, 0.9] }],
  ['node_exporter', 'node_load1', {}, { welcome: [6, 1], unwelcome: [2, 14] }],
  ['node_exporter', 'node_memory_MemAvailable_bytes', {}, { welcome: [4e9, 9e9], unwelcome: [8e9, 1e9] }],
  [
    'node_exporter',
    'node_filesystem_avail_bytes',
    { fstype: 'ext4', mountpoint: '/' },
    { welcome: [5e10, 9e10], unwelcome: [5e10, 1e10] },
  ],
  [
    'node_exporter',
    'node_network_receive_errs_total',
    { device: 'eth0' },
    { welcome: [5, 0], unwelcome: [0.5, 30], isCounter: true },
  ],
  [
    'kube-state-metrics',
    'kube_pod_container_status_restarts_total',
    { container: 'app' },
    { welcome: [0.1, 0], unwelcome: [0, 0.05], isCounter: true },
  ],
  ['kube-state-metrics', 'kube_statefulset_status_replicas_ready', {}, { welcome: [2, 3], unwelcome: [3, 1] }],
  [
    'cAdvisor',
    'container_memory_working_set_bytes',
    { container: 'app', pod: 'app-1' },
    { welcome: [2e9, 1e9], unwelcome: [1e9, 3e9] },
  ],
  ['kubelet', 'kubelet_volume_stats_available_bytes', {}, { welcome: [5e10, 9e10], unwelcome: [5e10, 1e10] }],
  ['kubelet', 'kubelet_runtime_operations_errors_total', {}, { welcome: [2, 0], unwelcome: [0.1, 4], isCounter: true }],
  ['blackbox_exporter', 'probe_success', {}, { welcome: [0, 1], unwelcome: [1, 0] }],
  ['blackbox_exporter', 'probe_duration_seconds', {}, { welcome: [0.6, 0.2], unwelcome: [0.2, 1.2] }],
  ['mysqld_exporter', 'mysql_up', {}, { welcome: [0, 1], unwelcome: [1, 0] }],
  // Of no known type: that it is a counter is known from the preset alone.
  [
    'mysqld_exporter',
    'mysql_global_status_aborted_connects',
    {},
    { welcome: [5, 0], unwelcome: [0.1, 8], isCounter: true },
  ],
  ['postgres_exporter', 'pg_up', {}, { welcome: [0, 1], unwelcome: [1, 0] }],
  ['postgres_exporter', 'pg_replication_lag_seconds', {}, { welcome: [30, 2], unwelcome: [2, 90] }],
  // A gauge, though its name ends like that of a counter.
  [
    'postgres_exporter',
    'pg_stat_activity_count',
    { state: 'idle in transaction' },
    { welcome: [40, 5], unwelcome: [5, 60] },
  ],
  ['redis_exporter', 'redis_up', {}, { welcome: [0, 1], unwelcome: [1, 0] }],
  ['redis_exporter', 'redis_evicted_keys_total', {}, { welcome: [20, 0], unwelcome: [1, 60], isCounter: true }],
  ['kafka_exporter', 'kafka_brokers', {}, { welcome: [2, 3], unwelcome: [3, 2] }],
  ['kafka_exporter', 'kafka_consumergroup_lag_sum', {}, { welcome: [5000, 100], unwelcome: [500, 9000] }],
  [
    'nginx',
    'nginx_ingress_controller_requests',
    { status: '503' },
    { welcome: [5, 0], unwelcome: [0.2, 20], isCounter: true },
  ],
  ['JVM', 'jvm_gc_pause_seconds_sum', {}, { welcome: [0.3, 0.05], unwelcome: [0.05, 0.6], isCounter: true }],
  ['Go', 'go_goroutines', {}, { welcome: [400, 100], unwelcome: [100, 900] }],
  ['Node.js', 'nodejs_eventloop_lag_p99_seconds', {}, { welcome: [0.1, 0.02], unwelcome: [0.02, 0.4] }],
  [
    'Istio',
    'istio_requests_total',
    { response_code: '503' },
    { welcome: [5, 0], unwelcome: [0.2, 20], isCounter: true },
  ],
  ['Istio', 'istio_request_duration_milliseconds:p95', {}, { welcome: [90, 20], unwelcome: [20, 200] }],
];
/** Metrics that are left alone whatever their labels are. */
const LEFT_ALONE = PRESETS.flatMap(({ entries }) =>
  entries.flatMap(({ kind, series }) => (kind === 'unscored' ? series.filter((each) => !each.includes('{')) : [])),
);

let lane: TestLane;

/** Labels by which every preset groups: what is welcome happens in one place, and what is not in another. */
function placed(place: string): Record<string, string> {
  return { cluster: 'c', job: 'j', namespace: place, instance: place, node: place, destination_workload: place };
}

/** Four hours as usual, then three minutes after the change, a sample a minute. */
async function play(series: readonly { readonly labels: Record<string, string>; valueAt(minute: number): number }[]) {
  for (let minute = 0; minute <= PAST_MINUTES + 3; minute++) {
    lane.clock.advance(60_000);
    await lane.send(
      ...series.map(({ labels, valueAt }) => ({ labels, samples: [[lane.clock.now(), valueAt(minute)]] as const })),
    );
  }
}

function changing(labels: Record<string, string>, [from, to]: Change, isCounter: boolean, seed: number) {
  const noise = gaussian(seed);
  const isState = Number.isInteger(from) && from <= 3;
  let total = 0;
  const valueAt = (minute: number) => {
    const level = minute > PAST_MINUTES ? to : from;
    const value = isState ? level : level * (1 + 0.02 * noise());
    total += 60 * Math.max(0, value);
    return isCounter ? total : value;
  };
  return { labels, valueAt };
}

beforeAll(async () => {
  lane = await new TestLane({ rules: [] }).start();
  await play([
    ...CASES.flatMap(([, metric, labels, { welcome, unwelcome, isCounter = false }], i) => [
      changing({ __name__: metric, ...placed('fine'), ...labels }, welcome, isCounter, 2 * i),
      changing({ __name__: metric, ...placed('ill'), ...labels }, unwelcome, isCounter, 2 * i + 1),
    ]),
    ...LEFT_ALONE.map((metric, i) => changing({ __name__: metric, ...placed('fine') }, [100, 900], false, i)),
  ]);
}, 120_000);
afterAll(() => lane.stop());

describe('presets', () => {
  const anomaliesIn = (place: string, metric: string) =>
    lane.anomalies.filter(({ labels }) => labels.get('__name__') === metric && labels.get('namespace') === place);

  it.each(CASES)('%s: %s %o changes for the better without a word, and not for the worse', (_, metric) => {
    expect(anomaliesIn('fine', metric)).toEqual([]);
    expect(anomaliesIn('ill', metric)).toHaveLength(1);
  });

  it('count golden series in the group of their preset', () => {
    const rates = Object.entries(lane.outputs()).filter(([series]) => series.startsWith('anomaly_rate'));
    for (const { name } of PRESETS) {
      const of = (place: string) =>
        rates.filter(([series]) => series.includes(`preset="${name}"`) && series.includes(`="${place}"`));
      expect(of('fine'), name).toEqual([[expect.any(String), 0]]);
      expect(of('ill'), name).toEqual([[expect.any(String), 1]]);
    }
    expect(rates.map(([series]) => series)).toContain(
      'anomaly_rate{cluster="c",instance="ill",job="j",namespace="ill",preset="node_exporter"}',
    );
  });

  it('leave alone what says nothing', () => {
    expect(lane.anomalies.filter(({ labels }) => LEFT_ALONE.includes(labels.get('__name__')!))).toEqual([]);
    expect(lane.lane.table.countByKind.get(KIND.unscored)).toBe(LEFT_ALONE.length);
  });

  it('hold after a restart', async () => {
    const next = await new TestLane({ rules: [] }).start();
    const { table, policies } = lane.lane;
    for (let slot = 1; slot <= table.highest; slot++) {
      const restored = next.lane.table.restore(table.labelBytes(slot).slice());
      const policy = next.lane.policies.get(next.lane.table.policyNumbers[restored]!);
      expect(policy).toEqual(policies.get(table.policyNumbers[slot]!));
      expect(next.lane.table.kinds[restored]).toBe(table.kinds[slot]);
    }
    await next.stop();
  });

  it('have no entry that an earlier one makes useless', () => {
    const selectors = PRESETS.flatMap(({ entries }) => entries.flatMap(({ series }) => series));
    expect(selectors.filter((each, i) => selectors.indexOf(each) !== i)).toEqual([]);
    // Behind a bare name nothing of that name is ever looked at.
    const late = selectors.filter(
      (each, i) => each.includes('{') && selectors.slice(0, i).includes(each.split('{')[0]!),
    );
    expect(late).toEqual([]);
  });

  it('say nothing of what they do not know', () => {
    expect(presetRuleOf('orders_total', NO_LABELS)).toBeUndefined();
  });
});

it('a rule of the configuration comes before those of presets, and takes their place', async () => {
  const own = await new TestLane({ rules: [rule('up', { direction: 'up' })] }).start();
  await own.play(
    { __name__: 'up', job: 'node' },
    times(200, () => 1),
    60_000,
  );
  await own.play(
    { __name__: 'up', job: 'node' },
    times(5, () => 0),
    60_000,
  );
  expect(own.anomalies).toEqual([]);
  expect(Object.keys(own.outputs()).filter((series) => series.startsWith('anomaly_rate'))).toEqual([]);
  await own.stop();
});
