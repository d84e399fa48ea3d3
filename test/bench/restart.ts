// npm run -s bench:restart [-- --series N]: what a snapshot and a restart cost, as JSON lines. How long a write request may
// have to wait for a snapshot (CPU time of one turn of the event loop), and how long after its start a Pronoia with so many
// series takes its first request, and knows all of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ManualClock } from '../../src/model/clock.ts';
import { createScoreLane } from '../../src/score-lane.ts';
import { SnapshotFile } from '../../src/state/snapshot-file.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { sendAs } from './lane-request.ts';
import { Load } from './load.ts';

const ROUNDS = 4;
const STEP_MS = 60_000;
const SETTLING_TURNS = 10;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SILENT = {
  debug() {},
  info() {},
  warn() {},
  error: (text: string, fields?: object) => print({ text, ...fields }),
};

const { values: options } = parseArgs({ options: { series: { type: 'string', default: '1000000' } } });
const folder = mkdtempSync(join(tmpdir(), 'pronoia-restart-'));
try {
  await writeSnapshot(Number(options.series));
  await restart();
} finally {
  rmSync(folder, { recursive: true });
}

async function writeSnapshot(series: number): Promise<void> {
  const clock = new ManualClock(Date.now() - ROUNDS * STEP_MS);
  const lane = createScoreLane({
    maxSeries: 2_000_000,
    settings: { rules: [], replicaLabel: '__replica__', clusterLabel: 'cluster' },
    timezone: 'UTC',
    clock,
    topology: new LearntTopology({ clusterLabel: 'cluster' }),
    onAnomaly: () => {},
  });
  await fill(lane.receiver, clock, series);
  // What the load itself has left behind is collected, and given back, first: it is not what a snapshot costs.
  globalThis.gc!();
  for (let turn = 0; turn < SETTLING_TURNS; turn++) await nextTurn();
  const file = new SnapshotFile(folder, lane, clock, SILENT);
  const startedAt = cpuMs();
  let isWritten = false;
  void file.write().then(() => {
    isWritten = true;
  });
  const turns: number[] = [];
  for (let before = startedAt; !isWritten; ) {
    await nextTurn();
    const now = cpuMs();
    turns.push(now - before);
    before = now;
  }
  turns.sort((a, b) => b - a);
  const longest_turns_ms = turns.slice(0, 5).map((ms) => Math.round(ms * 10) / 10);
  const { lastBytes: bytes } = file.stats;
  print({ what: 'snapshot', series, bytes, cpu_ms: Math.round(cpuMs() - startedAt), longest_turns_ms });
  lane.stop();
}

async function fill(receiver: Parameters<typeof sendAs>[0], clock: ManualClock, series: number): Promise<void> {
  const load = new Load(series);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { body } of load.requests(clock.now())) await sendAs(receiver, body);
    clock.advance(STEP_MS);
  }
}

async function restart(): Promise<void> {
  const [body] = [...new Load(10).requests(Date.now())].map(({ body }) => body);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN, `--storage.path=${folder}`, '--web.listen-address=127.0.0.1:0']);
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const said = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(log);
      if (found !== null) return found;
      await once(child.stderr, 'data');
    }
  };
  const [, port] = await said(/msg=listening port=(\d+)/);
  const status = await post(Number(port), body!);
  const first_write_s = seconds(startedAt);
  const [, series] = await said(/msg=ready .*series=(\d+)/);
  print({ what: 'restart', status, first_write_s, ready_s: seconds(startedAt), series: Number(series) });
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function post(port: number, body: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: '/api/v1/write', method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** User and system time of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
