// npm run -s bench:bootstrap [-- --series N] [--days N] [--kill]: how long a first start takes to learn the past of a real
// Prometheus, as JSON lines: the past as it was scraped every 15 seconds, the load while live samples come each second, and
// what the first live sample of each series is judged after it. With --kill that Prometheus is killed in the middle of it,
// and started again on the same folder. A third of the series are counters, a fifth belongs to disks of which forecasts are
// made, the rest are gauges with a daily wave.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findProgram, freePort, Programs } from '../../examples/demo/programs.ts';
import { encodeBody, type TestSeries } from '../ingest/write-request-builder.ts';
import { gaussian } from '../test-lane.ts';

const STEP_MS = 15_000;
const DAY_MS = 86_400_000;
const SAMPLES_PER_REQUEST = 20;
const SERIES_PER_REQUEST = 250;
const SERIES_OF_A_METRIC = 50;
const DISK_BYTES = 1e12;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const { values: options } = parseArgs({
  options: {
    series: { type: 'string', default: '1000' },
    days: { type: 'string', default: '14' },
    kill: { type: 'boolean', default: false },
  },
});
const count = Number(options.series);
const all = Array.from({ length: count }, (_, i) => i);
const lookbackMs = Number(options.days) * DAY_MS;
const folder = mkdtempSync(join(tmpdir(), 'pronoia-bootstrap-'));
const programs = new Programs(folder);
const noise = gaussian(3);
const totals = new Float64Array(count);
const startOfPast = Math.floor((Date.now() - lookbackMs) / STEP_MS) * STEP_MS;

try {
  await run();
} finally {
  await programs.stop();
  rmSync(folder, { recursive: true });
}

async function run(): Promise<void> {
  const [prometheus, pronoia] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const startPrometheus = prometheusAt(prometheus);
  const server = await startPrometheus();
  const filledAt = Date.now();
  const end = await fill(`http://${prometheus}/api/v1/write`);
  await untilCalm(prometheus);
  print({ step: 'past', series: count, days: Number(options.days), seconds: since(filledAt) });

  const config = join(folder, 'pronoia.yml');
  writeFileSync(config, `bootstrap: { prometheus: "http://${prometheus}", lookback: ${options.days}d }\n`);
  const startedAt = Date.now();
  const storage = `--storage.path=${join(folder, 'pronoia')}`;
  const flags = [MAIN, `--config.file=${config}`, storage, `--web.listen-address=${pronoia}`];
  await programs.start('pronoia', process.execPath, flags, `http://${pronoia}/-/ready`);
  print({ step: 'ready', seconds: since(startedAt) });

  const killInTheMiddle = async (metricsDone: number) => {
    server.kill('SIGKILL');
    print({ step: 'killed', seconds: since(startedAt), metricsDone });
    await startPrometheus();
  };
  const lived = await untilLoaded(pronoia, end, options.kill ? killInTheMiddle : undefined);
  const metrics = await metricsOf(pronoia);
  print({
    step: 'loaded',
    seconds: since(startedAt),
    loaded: metrics('pronoia_bootstrap_series_total{outcome="loaded"}'),
    samples: metrics('pronoia_bootstrap_samples_total'),
    forecasts: metrics('pronoia_bootstrap_resources'),
    refused: metrics('pronoia_bootstrap_metrics_refused'),
    cpuSeconds: metrics('process_cpu_seconds_total'),
    residentMiB: Math.round(metrics('process_resident_memory_bytes') / 2 ** 20),
    liveRequests: lived.requests,
    slowestMs: lived.slowestMs,
  });
  await judge(pronoia, Math.max(lived.at + STEP_MS, Date.now()));
}

/**
 * Sends live samples each second until the history is learnt.
 * @param after time of the last sample of the past
 * @param inTheMiddle done once, when half of the metrics are loaded
 * @returns the time of the last live sample, and how long requests took
 */
async function untilLoaded(pronoia: string, after: number, inTheMiddle?: (metricsDone: number) => Promise<void>) {
  const lived = { at: after, requests: 0, slowestMs: 0 };
  for (let pending = inTheMiddle; ; await sleep(1000)) {
    const metrics = await metricsOf(pronoia);
    const done = metrics('pronoia_bootstrap_metrics_done');
    if (metrics('pronoia_bootstrap_state{state="failed"}') === 1) throw new Error('the history cannot be loaded');
    if (metrics('pronoia_bootstrap_state{state="done"}') === 1) return lived;
    if (done > 0 && done >= metrics('pronoia_bootstrap_metrics') / 2) {
      await pending?.(done);
      pending = undefined;
    }
    const sentAt = Date.now();
    lived.at = Math.max(lived.at + 1, sentAt);
    const request = all.map((i) => live(i, lived.at));
    await write(`http://${pronoia}/api/v1/write`, request);
    lived.slowestMs = Math.max(lived.slowestMs, Date.now() - sentAt);
    lived.requests++;
  }
}

/** The first live samples: as usual for one half of the gauges, far too high for the other one. */
async function judge(pronoia: string, at: number): Promise<void> {
  const gauges = all.filter((i) => kindOf(i) === 'gauge');
  const isOdd = (i: number) => i % 2 === 1;
  const request = all.map((i) => live(i, at, kindOf(i) === 'gauge' && isOdd(i) ? 60 : 0));
  await write(`http://${pronoia}/api/v1/write`, request);
  await sleep(1000);
  const scores = await (await fetch(`http://${pronoia}/federate?match[]=anomaly_score`)).text();
  const found = new Map(
    [...scores.matchAll(/^anomaly_score\{.*instance="i(\d+)".*\} (\S+)/gm)].map(([, i, score]) => [
      Number(i),
      Number(score),
    ]),
  );
  const above = gauges.filter((i) => (found.get(i) ?? 0) > 1);
  print({
    step: 'first live samples',
    oddFound: above.filter(isOdd).length,
    odd: gauges.filter(isOdd).length,
    usualAbove1: above.filter((i) => !isOdd(i)).length,
    usual: gauges.filter((i) => !isOdd(i)).length,
  });
  const sentAt = Date.now();
  print({ step: 'forecasts', disks: await forecasts(pronoia), seconds: since(sentAt) });
}

/** How many disks have one, as soon as there is one. */
async function forecasts(pronoia: string): Promise<number> {
  const query = `match[]=${encodeURIComponent('predict_full_in_seconds{resource="filesystem",quantile="0.5"}')}`;
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(500)) {
    const text = await (await fetch(`http://${pronoia}/federate?${query}`)).text();
    const found = text.split('\n').filter((line) => line.startsWith('predict_full_in_seconds{')).length;
    if (found > 0) return found;
  }
  return 0;
}

/** @returns what starts it, and starts it again on the same folder */
function prometheusAt(address: string) {
  const command = findProgram('prometheus');
  if (command === undefined) throw new Error('Prometheus is not on PATH');
  writeFileSync(join(folder, 'prometheus.yml'), 'global: { external_labels: { cluster: bench } }\n');
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    `--web.listen-address=${address}`,
    '--web.enable-remote-write-receiver',
    '--log.level=warn',
  ];
  return () => programs.start('prometheus', command, flags, `http://${address}/-/ready`);
}

/** Lets it have scraped everything. @returns time of the last scrape */
async function fill(url: string): Promise<number> {
  let at = startOfPast;
  for (; at < Date.now() - STEP_MS; at += SAMPLES_PER_REQUEST * STEP_MS) {
    const times = Array.from({ length: SAMPLES_PER_REQUEST }, (_, k) => at + k * STEP_MS);
    const live = times.filter((time) => time <= Date.now());
    for (let from = 0; from < count; from += SERIES_PER_REQUEST) {
      const indices = Array.from({ length: Math.min(SERIES_PER_REQUEST, count - from) }, (_, k) => from + k);
      await write(
        url,
        indices.map((i) => ({ labels: labelsOf(i), samples: live.map((time) => [time, levelOf(i, time)] as const) })),
      );
    }
  }
  return at - STEP_MS;
}

/** As Prometheus would send it. */
function live(i: number, at: number, tooMuch = 0): TestSeries {
  return { labels: { ...labelsOf(i), cluster: 'bench' }, samples: [[at, levelOf(i, at) + tooMuch]] };
}

function kindOf(i: number): 'free' | 'size' | 'counter' | 'gauge' {
  if (i % 5 === 0) return i % 10 === 0 ? 'free' : 'size';
  return i % 3 === 0 ? 'counter' : 'gauge';
}

function labelsOf(i: number): Record<string, string> {
  const kind = kindOf(i);
  if (kind === 'counter' || kind === 'gauge') {
    const group = Math.floor(i / SERIES_OF_A_METRIC);
    return { __name__: kind === 'counter' ? `work_${group}_total` : `work_${group}`, instance: `i${i}`, job: 'work' };
  }
  const disk = `i${i - (i % 10)}`;
  const name = kind === 'free' ? 'node_filesystem_avail_bytes' : 'node_filesystem_size_bytes';
  return { __name__: name, instance: disk, job: 'node', device: '/dev/sda1', fstype: 'ext4', mountpoint: '/' };
}

function levelOf(i: number, at: number): number {
  const wave = 100 + 20 * Math.sin((2 * Math.PI * at) / DAY_MS + i) + noise();
  switch (kindOf(i)) {
    case 'size':
      return DISK_BYTES;
    case 'free':
      return DISK_BYTES * (0.9 - (0.7 * (at - startOfPast)) / lookbackMs) + 1e8 * noise();
    case 'counter':
      totals[i]! += Math.round(Math.max(0, wave));
      return totals[i]!;
    case 'gauge':
      return wave;
  }
}

async function write(url: string, series: TestSeries[]): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const body = encodeBody(series) as Uint8Array<ArrayBuffer>;
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
}

/** Waits until a Prometheus has compacted what it was given. */
async function untilCalm(address: string): Promise<void> {
  for (let before = Number.NEGATIVE_INFINITY; ; ) {
    const used = (await metricsOf(address))('process_cpu_seconds_total');
    if (used - before < 0.2) return;
    before = used;
    await sleep(2000);
  }
}

async function metricsOf(address: string): Promise<(series: string) => number> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  return (series) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1] ?? 0,
    );
}

function since(startedAt: number): number {
  return Math.round((Date.now() - startedAt) / 100) / 10;
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
