import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { encodeBody, type TestSeries } from '../ingest/write-request-builder.ts';
import { temporaryFolder } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const SERIES = 30;
const STEP_MS = 30_000;
const PAST_MS = 3 * 86_400_000;
/** Samples of a series in one request. */
const PER_REQUEST = 240;

/** Metrics that are read before the server is killed; there are five. */
const READS_BEFORE_KILL = 2;

const now = systemClock.now();
const labels = (index: number) => ({ __name__: `queue_length_${index % 3}`, instance: `worker-${index}`, job: 'work' });
const sent = (index: number) => ({ ...labels(index), cluster: 'north' });
/** A daily wave with a little noise, which any reading of the past has to give again. */
const value = (index: number, time: number) =>
  100 + index + 20 * Math.sin((2 * Math.PI * time) / 86_400_000) + ((Math.round(time / STEP_MS) * 7919) % 101) / 50;

/** A disk that has been filling for three days, and is full two days from now. */
const DISK = { device: '/dev/sda1', fstype: 'ext4', instance: 'db:9100', job: 'node', mountpoint: '/' };
const DISK_BYTES = 1e12;
const FULL_AFTER_SECONDS = 2 * 86_400;
const free = (time: number) => ((FULL_AFTER_SECONDS - (time - now) / 1000) / (10 * 86_400)) * DISK_BYTES;
const DISK_SERIES = [
  [{ __name__: 'node_filesystem_avail_bytes', ...DISK }, free],
  [{ __name__: 'node_filesystem_size_bytes', ...DISK }, () => DISK_BYTES],
] as const;

/** Lets Prometheus scrape nothing, but have scraped for days. */
async function fill(prometheus: Prometheus): Promise<void> {
  for (let from = now - PAST_MS; from < now; from += PER_REQUEST * STEP_MS) {
    const times = Array.from({ length: PER_REQUEST }, (_, i) => from + i * STEP_MS).filter((time) => time < now);
    const series: TestSeries[] = Array.from({ length: SERIES }, (_, i) => ({
      labels: labels(i),
      samples: times.map((time) => [time, value(i, time)] as const),
    }));
    for (const [disk, level] of DISK_SERIES) {
      series.push({ labels: disk, samples: times.map((time) => [time, level(time)] as const) });
    }
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
    const body = encodeBody(series) as Uint8Array<ArrayBuffer>;
    const answer = await fetch(`${prometheus.url}/api/v1/write`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`Prometheus takes no samples: ${await answer.text()}`);
  }
}

/** When the disk is full, in seconds; undefined before the first forecast. */
async function median(sidecar: Sidecar): Promise<number | undefined> {
  const selector = encodeURIComponent('predict_full_in_seconds{resource="filesystem",quantile="0.5"}');
  const { text } = await sidecar.get(`/federate?match[]=${selector}`);
  const value = /^predict_full_in_seconds\{.*\} (\S+)/m.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** Sends first live samples, one as usual and one that is far off: only that is unusual. @returns their time */
async function expectJudgement(sidecar: Sidecar): Promise<number> {
  const time = systemClock.now();
  await sidecar.write(
    { labels: sent(0), samples: [[time, value(0, time)]] },
    { labels: sent(1), samples: [[time, value(1, time) + 90]] },
  );
  expect(await sidecar.score('queue_length_1')).toBeGreaterThan(1);
  expect(await sidecar.score('queue_length_0')).toBeUndefined();
  return time;
}

/** Passes requests on to a Prometheus, and kills it in the middle of what is to be read of its history. */
async function startGate(prometheus: () => Prometheus): Promise<{ readonly url: string; readonly close: () => void }> {
  let reads = 0;
  const gate = createServer(async (request, response) => {
    const { child, url } = prometheus();
    if (request.url === '/api/v1/read' && ++reads === READS_BEFORE_KILL + 1) {
      child.kill('SIGKILL');
      await child.exited;
    }
    const onward = forward(url + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  return { url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`, close: () => gate.close() };
}

describeWith(['prometheus'], 'three days of a real Prometheus', () => {
  let prometheus: Prometheus;

  beforeAll(async () => {
    await start();
    await fill(prometheus);
  }, 60_000);

  const tsdb = temporaryFolder();
  const start = async () => {
    prometheus = await startPrometheus(
      'prometheus',
      ['--web.enable-remote-write-receiver', '--log.level=warn'],
      () => 'global: { external_labels: { cluster: north } }\n',
      tsdb,
    );
  };

  const loaded = (sidecar: Sidecar) =>
    until(
      'the history to be loaded',
      async () => (await sidecar.metric('pronoia_bootstrap_state{state="done"}')) === 1,
    );

  it('are learnt before the first live sample, which is judged by them, and only once', async () => {
    const folder = temporaryFolder();
    const config = `bootstrap: { prometheus: "${prometheus.url}", lookback: 7d }\n`;
    const sidecar = await startSidecar({ folder, config });
    await loaded(sidecar);
    expect(await sidecar.metric('pronoia_bootstrap_series_total{outcome="loaded"}')).toBe(SERIES + 2);
    expect(await sidecar.metric('pronoia_bootstrap_samples_total')).toBe(((SERIES + 2) * PAST_MS) / STEP_MS);
    const time = await expectJudgement(sidecar);
    // The size of a file system is known, and not scored.
    expect(await sidecar.metric('pronoia_series{kind="gauge"}')).toBe(SERIES + 1);
    expect(await sidecar.metric('pronoia_series{kind="unscored"}')).toBe(1);
    await sidecar.write(
      ...DISK_SERIES.map(([disk, level]) => ({
        labels: { ...disk, cluster: 'north' },
        samples: [[time, level(time)] as const],
      })),
    );
    const fullIn = await until('a forecast', () => median(sidecar), 30_000);
    expect(fullIn / FULL_AFTER_SECONDS).toBeGreaterThan(0.8);
    expect(fullIn / FULL_AFTER_SECONDS).toBeLessThan(1.2);
    await until('a note that it was loaded', () => existsSync(join(folder, 'storage', 'bootstrap.json')));
    sidecar.child.kill('SIGKILL');
    await until('the end of the sidecar', () => sidecar.child.hasExited());

    const again = await startSidecar({ folder, config });
    await again.write({ labels: sent(2), samples: [[time, value(2, time) + 90]] });
    expect(await again.score('queue_length_2')).toBeGreaterThan(1);
    expect(await again.metric('pronoia_bootstrap_samples_total')).toBe(0);
  });

  it('are learnt to the end when that Prometheus is killed in the middle, and started again', async () => {
    const gate = await startGate(() => prometheus);
    const sidecar = await startSidecar({
      folder: temporaryFolder(),
      config: `bootstrap: { prometheus: "${gate.url}", lookback: 7d }\n`,
    });
    await until(
      'the bootstrap to wait',
      async () => (await sidecar.metric('pronoia_bootstrap_state{state="waiting"}')) === 1,
    );
    expect(await sidecar.metric('pronoia_bootstrap_metrics_done')).toBe(READS_BEFORE_KILL);
    expect(await sidecar.score('queue_length_1')).toBeUndefined();
    await start();
    await loaded(sidecar);
    gate.close();
    expect(await sidecar.metric('pronoia_bootstrap_series_total{outcome="loaded"}')).toBe(SERIES + 2);
    expect(await sidecar.metric('pronoia_bootstrap_metrics_refused')).toBe(0);
    expect(await sidecar.metric('pronoia_bootstrap_metrics_done')).toBe(5);
    await expectJudgement(sidecar);
  });
});
