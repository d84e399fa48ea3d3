import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics, type Reading } from '../../src/emit/metrics.ts';
import { createMetricsRoutes } from '../../src/emit/metrics-routes.ts';
import { createGroup, createListSource, SCORE } from './series-sources.ts';
import { serveRoutes } from './served-routes.ts';

const PROMTOOL = '/usr/bin/promtool';

let metrics: Metrics;
let source: ReturnType<typeof createListSource>;
let configReload: { isSuccessful: boolean; lastSuccessAt: number };
let served: Awaited<ReturnType<typeof serveRoutes>>;

beforeEach(async () => {
  configReload = { isSuccessful: true, lastSuccessAt: 1_700_000_000_500 };
  metrics = createMetrics({ version: '1.2.3', configReload });
  source = createListSource();
  served = await serveRoutes(createMetricsRoutes({ metrics, sources: [source], stats: { invalidNames: 0 } }));
});
afterEach(() => served.stop());

async function scrape(): Promise<string[]> {
  const response = await fetch(`${served.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return (await response.text()).split('\n');
}

describe('GET /metrics', () => {
  it('shows the process, the build and the last reload', async () => {
    configReload.isSuccessful = false;
    const lines = await scrape();
    expect(lines).toContain(`pronoia_build_info{version="1.2.3",node="${process.versions.node}"} 1`);
    expect(lines).toContain('pronoia_config_last_reload_successful 0');
    expect(lines).toContain('pronoia_config_last_reload_success_timestamp_seconds 1700000000.5');
    expect(lines.some((line) => line.startsWith('process_cpu_seconds_total '))).toBe(true);
    expect(lines.some((line) => line.startsWith('nodejs_eventloop_lag_seconds '))).toBe(true);
  });

  it('reads counters and gauges at every scrape', async () => {
    const dropped: Record<string, number> = { queue_full: 3, too_old: 0 };
    let queued: Reading[] = [[['a'], 5], [['b'], 6]]; // biome-ignore format: a table
    metrics.counter('pronoia_dropped_total', 'Dropped.', ['reason'], () =>
      Object.entries(dropped).map(([reason, count]) => [[reason], count]),
    );
    metrics.gauge('pronoia_queued', 'Queued.', ['target'], () => queued);
    expect(await scrape()).toEqual(
      expect.arrayContaining([
        'pronoia_dropped_total{reason="queue_full"} 3',
        'pronoia_dropped_total{reason="too_old"} 0',
        'pronoia_queued{target="a"} 5',
      ]),
    );
    dropped.queue_full = 4;
    queued = [[['b'], 7]];
    const lines = await scrape();
    expect(lines).toContain('pronoia_dropped_total{reason="queue_full"} 4');
    expect(lines.filter((line) => line.startsWith('pronoia_queued'))).toEqual(['pronoia_queued{target="b"} 7']);
  });

  it('shows how long requests took', async () => {
    metrics.observe('/api/v1/write', 204, 0.004);
    metrics.observe('/api/v1/write', 204, 0.2);
    const lines = await scrape();
    const labels = 'path="/api/v1/write",code="204"';
    expect(lines).toContain(`pronoia_http_request_duration_seconds_bucket{le="0.005",${labels}} 1`);
    expect(lines).toContain(`pronoia_http_request_duration_seconds_count{${labels}} 2`);
  });

  it('shows output series without times, whatever their labels hold', async () => {
    const odd = { a: 'x,b:y', q: 'quote " backslash \\ line\nfeed' };
    source.list = [createGroup(1, odd, 1), createGroup(2, { a: 'x', b: 'y' }, 1)];
    const lines = await scrape();
    expect(lines).toContain(`${SCORE}{a="x,b:y",q="quote \\" backslash \\\\ line\\nfeed"} 0.5`);
    expect(lines).toContain(`${SCORE}{a="x",b="y"} 0.5`);
  });

  it.skipIf(!existsSync(PROMTOOL) && process.env.REQUIRE_PEERS !== '1')('satisfies promtool', async () => {
    metrics.observe('/', 200, 1);
    metrics.counter('pronoia_samples_received_total', 'Samples.', ['reason'], () => [[['x,b:"y\\'], 1]]);
    source.list = [createGroup(1, { a: 'x\n"\\' }, 1)];
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], {
      input: (await scrape()).join('\n'),
      encoding: 'utf8',
    });
    // Status 3 means advice about names; those of prom-client's own process metrics are not ours to choose.
    expect([0, 3], stderr).toContain(status);
    const advice = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^(nodejs|process)_/.test(line));
    expect(advice).toEqual([]);
  });
});
