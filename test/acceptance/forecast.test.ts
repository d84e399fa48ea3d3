import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { temporaryFolder } from './children.ts';
import { startNodeExporter } from './node-exporter.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const SIZE = 64 * 1024 * 1024;
/** The whole fill takes ten hours; when the test begins, a tenth of it is history. */
const FILL_MS = 10 * 3_600_000;
const HISTORY_MS = FILL_MS / 10;
const BYTES_PER_MS = SIZE / FILL_MS;

let mountPoint: string | undefined;
function mountFilesystem(): string | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'pronoia-test', folder], { stdio: 'pipe' });
    return folder;
  } catch {
    return undefined;
  }
}

/** A tmpfs, which everybody who may mount can mount; so it has an entry of its own, as the preset leaves tmpfs out. */
describeWith(['prometheus', 'node_exporter'], 'a file system behind a real node_exporter and Prometheus', () => {
  let sidecar: Sidecar;
  let prometheus: Prometheus;
  let startedAt: number;
  let isMounted = false;
  let written = 0;

  const fill = () => {
    if (mountPoint === undefined) return;
    const wanted = (systemClock.now() - startedAt + HISTORY_MS) * BYTES_PER_MS;
    appendFileSync(`${mountPoint}/file`, Buffer.alloc(Math.max(0, Math.floor(wanted) - written), 1));
    written = Math.max(written, Math.floor(wanted));
  };

  beforeAll(async () => {
    mountPoint = mountFilesystem();
    isMounted = mountPoint !== undefined;
    if (mountPoint === undefined) return;
    startedAt = systemClock.now();
    fill();
    const exporter = await startNodeExporter();
    sidecar = await startSidecar({
      folder: temporaryFolder(),
      config: `forecast:
  - resource: ramdisk
    free: 'node_filesystem_avail_bytes{mountpoint="${mountPoint}"}'
    size: 'node_filesystem_size_bytes{mountpoint="${mountPoint}"}'
`,
    });
    const labels = { device: 'pronoia-test', fstype: 'tmpfs', instance: exporter, job: 'node', mountpoint: mountPoint };
    const times = Array.from({ length: 240 }, (_, i) => startedAt - HISTORY_MS + (i * HISTORY_MS) / 240);
    // node_exporter of a later version adds a label; the history has whatever the first scrape has.
    const text = await (await fetch(`http://${exporter}/metrics`)).text();
    const line = text
      .split('\n')
      .find((each) => each.startsWith('node_filesystem_size_bytes{') && each.includes(mountPoint!))!;
    const found = Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));
    const all = Object.fromEntries(Object.entries({ ...labels, ...found }).filter(([, value]) => value !== ''));
    const history = (name: string, value: (at: number) => number) => ({
      labels: Object.entries({ __name__: name, ...all }).sort(([a], [b]) => (a < b ? -1 : 1)),
      samples: times.map((at) => [Math.round(at), value(at)] as const),
    });
    await sidecar.write(
      history('node_filesystem_size_bytes', () => SIZE),
      history('node_filesystem_avail_bytes', (at) => SIZE - (at - startedAt + HISTORY_MS) * BYTES_PER_MS),
    );
    prometheus = await startPrometheus(
      'Prometheus',
      [],
      () => `
global: { scrape_interval: 1s, scrape_timeout: 1s }
remote_write: [{ url: '${sidecar.url}/api/v1/write', queue_config: { batch_send_deadline: 500ms } }]
scrape_configs:
  - { job_name: node, static_configs: [{ targets: ['${exporter}'] }] }
  - { job_name: pronoia, honor_labels: true, metrics_path: /federate, static_configs: [{ targets: ['${sidecar.url.slice(7)}'] }] }
`,
    );
  }, 60_000);
  afterAll(() => {
    if (mountPoint !== undefined) execFileSync('umount', ['-l', mountPoint]);
  });

  it('that fills at a steady rate is forecast within 20 % after a tenth of the way', async ({ skip }) => {
    if (!isMounted && process.env.REQUIRE_PEERS !== '1') skip('no file system can be mounted here');
    expect(isMounted).toBe(true);
    const value = await until(
      'a finite forecast',
      async () => {
        fill();
        const [result] = await prometheus.query('predict_full_in_seconds{resource="ramdisk",quantile="0.5"} < +Inf');
        return result && Number(result.value[1]);
      },
      50_000,
    );
    const truth = (FILL_MS - HISTORY_MS - (systemClock.now() - startedAt)) / 1000;
    expect(value / truth).toBeGreaterThan(0.8);
    expect(value / truth).toBeLessThan(1.2);
    const states = await prometheus.query('predict_full_state{resource="ramdisk"}');
    expect(states.map(({ metric }) => metric.state)).toEqual(['filling']);
  });
});
