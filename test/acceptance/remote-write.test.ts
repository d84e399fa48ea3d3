import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { gaussian } from '../test-lane.ts';
import { temporaryFolder } from './children.ts';
import { history, NoisyCounter } from './history.ts';
import { startNodeExporter } from './node-exporter.ts';
import { describeWith } from './peers.ts';
import { until, untilTime } from './polling.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { startTestExporter } from './test-exporter.ts';

const SCRAPE_INTERVAL_MS = 2000;
const DURATION_MS = 120_000;
const CALM = ['acceptance_noisy', 'acceptance_constant', 'acceptance_requests_total'];
const STEPPED = 'acceptance_stepped';

const receiverFlags = ['--web.enable-remote-write-receiver'];

const noise = gaussian(1);
const requests = new NoisyCounter(() => 50 + 15 * noise());
let step = 0;
const METRICS = [
  { name: 'acceptance_noisy', type: 'gauge', read: () => 100 + 10 * noise() },
  { name: 'acceptance_constant', type: 'gauge', read: () => 42 },
  { name: STEPPED, type: 'gauge', read: () => 200 + 5 * noise() + step },
  { name: 'acceptance_requests_total', type: 'counter', read: () => requests.read() },
] as const;

/**
 * Two servers, because what arrives both by federation and by remote write has two values for one timestamp, and
 * Prometheus then refuses whole batches.
 */
describeWith(['prometheus', 'node_exporter'], 'two minutes of remote write by a real Prometheus', () => {
  let sidecar: Sidecar;
  let federating: Prometheus;
  let receiving: Prometheus;
  let exporter: string;
  let startedAt: number;
  let faultsAtStart: readonly string[];

  beforeAll(async () => {
    const nodeExporter = await startNodeExporter();
    exporter = await startTestExporter(METRICS);
    const targets = { exporter, node: nodeExporter };
    receiving = await startPrometheus('receiving Prometheus', receiverFlags, async (address) => {
      // Either wants to know the other's address, and only the sidecar can be asked for any free port.
      sidecar = await startSidecar({ folder: temporaryFolder(), config: sidecarConfig(address) });
      await sendHistory();
      return prometheusConfig('receiving', targets, sidecar);
    });
    federating = await startPrometheus('federating Prometheus', [], () =>
      prometheusConfig('federating', targets, sidecar, federationJobs(sidecar)),
    );
    // The sidecar had something to send before there was anybody to take it.
    await until('what has waited to be sent', async () =>
      (await faults('pending')).every((line) => line.endsWith(' 0')),
    );
    faultsAtStart = await faults('failed|dropped|retried');
    startedAt = systemClock.now();
  }, 60_000);

  const faults = async (kinds: string) => {
    const { text } = await sidecar.get('/metrics');
    return text.match(new RegExp(`^pronoia_remote_write_(${kinds})_.*`, 'gm')) ?? [];
  };

  const sendHistory = () =>
    sidecar.write(
      ...METRICS.flatMap(({ name, read }) => {
        const samples = name === 'acceptance_requests_total' ? requests.past() : history(read);
        return ['receiving', 'federating'].map((prometheus) => ({ labels: exportedLabels(name, prometheus), samples }));
      }),
    );

  /** As Prometheus will send them. */
  const exportedLabels = (name: string, prometheus: string) => ({
    __name__: name,
    cluster: 'acceptance',
    instance: exporter,
    job: 'exporter',
    prometheus,
  });

  it('scores the series that it knows from their history', async () => {
    for (const prometheus of [federating, receiving]) {
      await until('scores of live samples', async () => {
        const [result] = await prometheus.query(`count(anomaly_score{metric=~"${CALM.join('|')}"})`);
        return result?.value[1] === String(2 * CALM.length);
      });
    }
  });

  it('puts a step of ten sigma into Prometheus within two scrapes, by federation and by remote write', async () => {
    step = 50;
    // Both at once: what one is asked must not make the other late.
    await Promise.all([federating, receiving].map(expectStep));
  });

  const expectStep = async (prometheus: Prometheus) => {
    const name = prometheus === federating ? 'federating' : 'receiving';
    const selector = `{metric="${STEPPED}",prometheus="${name}"}`;
    const seenAt = await until('the score to be above 1', async () => {
      const found = await prometheus.query(`anomaly_score${selector} > 1`);
      return found.length === 1 ? systemClock.now() : undefined;
    });
    const steppedAt = (await prometheus.samples(`${STEPPED}[1m]`)).find(({ value }) => value > 225)!.timestampMs;
    const scores = await prometheus.samples(`anomaly_score${selector}[1m]`);
    expect(scores.find(({ value }) => value > 1)?.timestampMs).toBe(steppedAt);
    expect(seenAt - steppedAt).toBeLessThan(2 * SCRAPE_INTERVAL_MS);
    expect((await prometheus.samples(`anomaly_direction${selector}[1m]`)).at(-1)?.value).toBe(1);
  };

  it('does not learn its own output when it comes back', async () => {
    await until('own series to come back', async () => ignoredOwnSeries());
    const before = await ignoredOwnSeries();
    await until('more of them', async () => (await ignoredOwnSeries())! > before!);
    const { text } = await sidecar.get('/federate');
    expect(text).toContain(`metric="${STEPPED}"`);
    expect(text).not.toMatch(/metric="(anomaly|incident|predict|pronoia)_/);
  });

  const ignoredOwnSeries = () => sidecar.metric('pronoia_samples_ignored_total{reason="own_series"}');

  it(
    'keeps a noisy gauge, a constant and a counter that restarts below 1 for two minutes',
    async () => {
      requests.restart();
      await untilTime(startedAt + DURATION_MS);
      expect(await sidecar.metric('pronoia_series_resets_total')).toBeGreaterThanOrEqual(2);
      for (const prometheus of [federating, receiving]) {
        const selector = `anomaly_score{metric=~"${CALM.join('|')}"}`;
        const counts = await prometheus.query(`count_over_time(${selector}[2m])`);
        const scores = await prometheus.query(`max_over_time(${selector}[2m])`);
        // Either server has the scores of what both of them sent.
        const names = [...CALM, ...CALM].sort();
        expect(scores.map(({ metric }) => metric.metric).sort()).toEqual(names);
        for (const { value, metric } of counts) {
          expect(Number(value[1]), `samples of ${metric.metric}`).toBeGreaterThan(DURATION_MS / SCRAPE_INTERVAL_MS / 2);
        }
        for (const { value, metric } of scores) expect(Number(value[1]), metric.metric).toBeLessThan(1);
      }
    },
    DURATION_MS + 60_000,
  );

  it('makes no Prometheus fail, retry or drop a sample', async () => {
    for (const prometheus of [federating, receiving]) {
      expect(await prometheus.ownTotal('prometheus_remote_storage_samples_total')).toBeGreaterThan(10_000);
      for (const outcome of ['samples_failed', 'samples_retried', 'samples_dropped', 'metadata_failed']) {
        expect(await prometheus.ownTotal(`prometheus_remote_storage_${outcome}_total`), outcome).toBe(0);
      }
    }
    const { text } = await sidecar.get('/metrics');
    expect(text.match(/^pronoia_remote_write_requests_total\{.*/gm)).toEqual([expect.stringContaining('code="204"')]);
    expect(text).not.toMatch(/^pronoia_samples_rejected_total\{/m);
  });

  it('is scraped without a fault, and its own samples are all taken', async () => {
    for (const { value, metric } of await federating.query('min_over_time(up[2m])')) {
      expect(value[1], metric.job).toBe('1');
    }
    for (const fault of ['duplicate_timestamp', 'out_of_order', 'out_of_bounds']) {
      expect(await federating.ownTotal(`prometheus_target_scrapes_sample_${fault}_total`), fault).toBe(0);
    }
    const { text } = await sidecar.get('/metrics');
    expect(text).toMatch(/^pronoia_remote_write_sent_samples_total\{.*\} [1-9]/m);
    expect(faultsAtStart.length).toBeGreaterThan(2);
    expect(await faults('failed|dropped|retried')).toEqual(faultsAtStart);
  });
});

function sidecarConfig(receiver: string): string {
  return `learn:
  - match: ['{__name__=~"${CALM.join('|')}"}']
    emit: all
remote_write:
  - url: http://${receiver}/api/v1/write
    queue: { flush_interval: 500ms }
`;
}

function federationJobs({ port }: Sidecar): string {
  return `  - job_name: pronoia
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
  - job_name: pronoia-series
    honor_labels: true
    metrics_path: /federate
    params:
      'match[]': ['{__name__=~"anomaly_.*"}']
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`;
}

function prometheusConfig(
  name: string,
  targets: Readonly<Record<string, string>>,
  sidecar: Sidecar,
  furtherJobs = '',
): string {
  const jobs = Object.entries(targets).map(
    ([job, target]) => `  - job_name: ${job}\n    static_configs: [{ targets: ['${target}'] }]\n`,
  );
  return `global:
  scrape_interval: ${SCRAPE_INTERVAL_MS / 1000}s
  external_labels: { cluster: acceptance, prometheus: ${name} }
scrape_configs:
${jobs.join('')}${furtherJobs}remote_write:
  - url: ${sidecar.url}/api/v1/write
    queue_config: { batch_send_deadline: 500ms }
    metadata_config: { send_interval: 20s }
`;
}
