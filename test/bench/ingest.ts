// npm run -s bench:ingest: what it costs to receive samples, as JSON lines. Sends the same bodies to Pronoia (with its
// baseline on) and, where they are installed, to Prometheus and VictoriaMetrics, and compares CPU time, which holds on a
// noisy machine where wall time does not.
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { Load, SHARDS } from './load.ts';
import { type Receiver, startReceivers } from './receivers.ts';

const SCRAPE_INTERVAL_MS = 15_000;
/** One round makes all series; then so many samples, at least two rounds, warm up caches and compilers … */
const WARM_UP_SAMPLES = 1_000_000;
/** … and so many count. */
const COUNTED_SAMPLES = 4_000_000;
/** Share of all pods that is replaced before each round. */
const CHURN = 0.002;

interface Tally {
  readonly receiver: Receiver;
  readonly agents: Agent[];
  cpuSeconds: number;
  wallSeconds: number;
}

const { values: options } = parseArgs({ options: { series: { type: 'string', multiple: true } } });
for (const series of options.series ?? ['100000', '1000000']) await measure(Number(series));

async function measure(seriesCount: number): Promise<void> {
  const load = new Load(seriesCount);
  const receivers = await startReceivers((name) =>
    print({ receiver: name, series: seriesCount, skipped: 'not installed' }),
  );
  const tallies: Tally[] = receivers.map((receiver) => ({
    receiver,
    agents: Array.from({ length: SHARDS }, () => new Agent({ keepAlive: true, maxSockets: 1 })),
    cpuSeconds: 0,
    wallSeconds: 0,
  }));
  const warmUpRounds = 1 + Math.max(2, Math.ceil(WARM_UP_SAMPLES / seriesCount));
  const rounds = warmUpRounds + Math.ceil(COUNTED_SAMPLES / seriesCount);
  const startAt = Date.now() - rounds * SCRAPE_INTERVAL_MS;
  let samples = 0;
  let newSeries = 0;
  let bodyBytes = 0;
  for (let round = 0; round < rounds; round++) {
    const isCounted = round >= warmUpRounds;
    if (round === warmUpRounds) for (const tally of tallies) tally.cpuSeconds = -tally.receiver.cpuSeconds();
    const created = round === 0 ? 0 : load.churn(CHURN, round);
    const requests = [...load.requests(startAt + round * SCRAPE_INTERVAL_MS)];
    for (const tally of tallies) {
      const startedAt = performance.now();
      await sendAll(tally, requests);
      if (isCounted) tally.wallSeconds += (performance.now() - startedAt) / 1000;
    }
    if (!isCounted) continue;
    samples += seriesCount;
    newSeries += created;
    bodyBytes += requests.reduce((sum, { body }) => sum + body.length, 0);
  }
  for (const tally of tallies) tally.cpuSeconds += tally.receiver.cpuSeconds();
  for (const { receiver, cpuSeconds, wallSeconds } of tallies) {
    print({
      receiver: receiver.name,
      version: receiver.version,
      series: seriesCount,
      samples,
      new_series: newSeries,
      compressed_bytes_per_sample: round(bodyBytes / samples, 1),
      cpu_seconds_per_million_samples: round(cpuSeconds / (samples / 1e6), 3),
      samples_per_second: Math.round(samples / wallSeconds),
      resident_bytes: receiver.residentBytes(),
      resident_bytes_per_series: Math.round(receiver.residentBytes() / seriesCount),
    });
  }
  const [own, ...peers] = tallies;
  for (const peer of peers) {
    const ratio = round(peer.cpuSeconds / own!.cpuSeconds, 1);
    print({ compare: `${peer.receiver.name} / pronoia`, series: seriesCount, cpu_seconds_ratio: ratio });
  }
  for (const { receiver, agents } of tallies) {
    for (const agent of agents) agent.destroy();
    await receiver.stop();
  }
}

/** Each shard sends its requests one after the other over a connection of its own. */
async function sendAll(tally: Tally, requests: readonly { shard: number; body: Buffer }[]): Promise<void> {
  await Promise.all(
    tally.agents.map(async (agent, own) => {
      for (const { shard, body } of requests) if (shard === own) await send(tally.receiver, agent, body);
    }),
  );
}

function send({ name, port }: Receiver, agent: Agent, body: Buffer): Promise<void> {
  const headers = {
    'Content-Type': 'application/x-protobuf',
    'Content-Encoding': 'snappy',
    'X-Prometheus-Remote-Write-Version': '0.1.0',
    'Content-Length': body.length,
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/api/v1/write', method: 'POST', agent, headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          if (response.statusCode === 204) resolve();
          else reject(new Error(`${name} answered ${response.statusCode}: ${Buffer.concat(chunks)}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
