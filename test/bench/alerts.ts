// npm run -s bench:alerts: what alerts cost, as JSON lines. Starts the sidecar as users run it and sends it webhooks: 1,000
// alerts a second by webhooks of 100, then 20,000 in one, and in the end 100,000 that are open at the same time.
import { parseArgs } from 'node:util';
import { startPronoia } from './receivers.ts';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(options.seconds);
const PER_WEBHOOK = 100;
const WEBHOOKS_PER_SECOND = 10;
const LARGE = 20_000;
const OPEN = 100_000;

let sent = 0;
const sidecar = await startPronoia();
const url = `http://127.0.0.1:${sidecar.port}`;
try {
  await steady();
  await large();
  await many();
} finally {
  await sidecar.stop();
}

/** Webhooks come when they are due, whether the one before was answered or not. */
async function steady(): Promise<void> {
  for (let i = 0; i < 5; i++) await post(body(PER_WEBHOOK));
  const cpuBefore = sidecar.cpuSeconds();
  const startedAt = performance.now();
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  for (let i = 0; i < SECONDS * WEBHOOKS_PER_SECOND; i++) {
    const dueAt = startedAt + (i * 1000) / WEBHOOKS_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
    const payload = body(PER_WEBHOOK);
    const postedAt = performance.now();
    pending.push(post(payload).then(() => void latencies.push(performance.now() - postedAt)));
  }
  await Promise.all(pending);
  const alerts = latencies.length * PER_WEBHOOK;
  latencies.sort((a, b) => a - b);
  const at = (quantile: number) =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(quantile * latencies.length))]!);
  print({
    case: 'steady',
    alerts_per_second: PER_WEBHOOK * WEBHOOKS_PER_SECOND,
    seconds: SECONDS,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    max_ms: at(1),
    cpu_ms_per_1000_alerts: round(((sidecar.cpuSeconds() - cpuBefore) * 1000) / (alerts / 1000)),
  });
}

async function large(): Promise<void> {
  const payload = body(LARGE);
  const cpuBefore = sidecar.cpuSeconds();
  const startedAt = performance.now();
  await post(payload);
  const answeredMs = performance.now() - startedAt;
  // It is answered when it is stored, and asked for when its alerts are members.
  await fetch(`${url}/api/v1/incidents?limit=1`);
  print({
    case: 'one webhook',
    alerts: LARGE,
    bytes: payload.length,
    answered_ms: round(answeredMs),
    visible_ms: round(performance.now() - startedAt),
    cpu_ms: round((sidecar.cpuSeconds() - cpuBefore) * 1000),
  });
}

async function many(): Promise<void> {
  while (sent < OPEN) await post(body(Math.min(1000, OPEN - sent)));
  const list = await fetch(`${url}/api/v1/incidents?state=open&limit=1000`);
  const { data } = (await list.json()) as { data: { incidents: unknown[] } };
  print({
    case: 'open alerts',
    alerts: sent,
    incidents_at_least: data.incidents.length,
    resident_mib: Math.round(sidecar.residentBytes() / 2 ** 20),
  });
}

/** Webhooks of up to 2,000 alerts arrive at an incident when they are answered: it is stored before. */
async function post(payload: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/alerts/webhook`, { method: 'POST', body: payload });
  const text = await response.text();
  if (!response.ok) throw new Error(`a webhook was answered ${response.status}: ${text}`);
}

/** Alerts that were never sent before: pods of 500 services in 20 namespaces, under 50 rules, with usual annotations. */
function body(count: number): string {
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  const alerts = Array.from({ length: count }, () => {
    const i = sent++;
    const service = i % 500;
    return {
      status: 'firing',
      labels: {
        alertname: `Rule${(i >> 3) % 50}`,
        namespace: `ns${service % 20}`,
        pod: `service-${service}-7d9f8b6c5d-${i.toString(36).padStart(5, 'b')}`,
        severity: i % 3 === 0 ? 'critical' : 'warning',
      },
      annotations: { summary: 'something is wrong', description: 'what it means and what to do. '.repeat(10) },
      startsAt,
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example.com/graph?g0.expr=up',
      fingerprint: '0000000000000000',
    };
  });
  return JSON.stringify({ version: '4', groupKey: `{}:{namespace="x"}`, receiver: 'pronoia', alerts });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
