/**
 * `npm run demo`: a simulated shop, a real Prometheus, Alertmanager and node_exporter, and Pronoia beside them. A day of
 * history is there from the start; after a minute the shop's orders database fails. Ends at Ctrl-C, or by itself with
 * --for=SECONDS, and leaves nothing behind.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exposition, fillPast } from './past.ts';
import { findProgram, freePort, Programs } from './programs.ts';
import { alertmanagerConfig, EMPTY_CONFIG, prometheusConfig, RULES } from './prometheus-config.ts';
import { type Shop, STEP_SECONDS, shopAt } from './shop.ts';

const { values } = parseArgs({
  options: { for: { type: 'string', default: '0' }, 'fault-after': { type: 'string', default: '60' } },
});
const PAST_SECONDS = 86_400;
const now = () => Math.floor(Date.now() / 1000);
const say = (text: string) => process.stdout.write(`${text}\n`);

const prometheus = findProgram('prometheus');
if (prometheus === undefined) {
  say(
    'The demonstration needs Prometheus on PATH. On Debian: apt-get install prometheus prometheus-alertmanager prometheus-node-exporter',
  );
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'pronoia-demo-'));
const programs = new Programs(folder);
const shop: Shop = { openedAt: Math.floor(now() / STEP_SECONDS) * STEP_SECONDS, failedAt: undefined };
const exporter = createServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4');
  response.end(exposition(shopAt(shop, now())));
});
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
const pause = (seconds: number) => sleep(seconds * 1000, undefined, { signal: stopped.signal });

try {
  await run(prometheus);
} catch (error) {
  if (!stopped.signal.aborted) {
    process.exitCode = 1;
    say((error as Error).message);
  }
} finally {
  await programs.stop();
  exporter.close();
  exporter.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
  say('Everything has been stopped and removed.');
}

/** Starts everything, lets the database fail, and waits for the end. */
async function run(prometheusCommand: string): Promise<void> {
  const [shopAddress, prometheusAddress, pronoiaAddress, alertmanagerAddress, nodeAddress] = (await Promise.all(
    Array.from({ length: 5 }, async () => `127.0.0.1:${await freePort()}`),
  )) as [string, string, string, string, string];
  const nodeExporter = findProgram('prometheus-node-exporter', 'node_exporter');
  const alertmanager = findProgram('prometheus-alertmanager', 'alertmanager');
  exporter.listen(Number(shopAddress.split(':')[1]), '127.0.0.1');

  if (nodeExporter !== undefined) {
    await programs.start(
      'node_exporter',
      nodeExporter,
      [`--web.listen-address=${nodeAddress}`],
      `http://${nodeAddress}/`,
    );
  }
  if (alertmanager !== undefined) {
    write('alertmanager.yml', alertmanagerConfig(pronoiaAddress));
    const flags = [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${alertmanagerAddress}`,
      '--cluster.listen-address=',
    ];
    await programs.start('alertmanager', alertmanager, flags, `http://${alertmanagerAddress}/-/ready`);
  }

  // It scrapes nothing before the past is in it: samples have to come in order.
  write('rules.yml', RULES);
  write('prometheus.yml', EMPTY_CONFIG);
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    `--web.listen-address=${prometheusAddress}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-lifecycle',
    '--log.level=warn',
  ];
  await programs.start('prometheus', prometheusCommand, flags, `http://${prometheusAddress}/-/ready`);
  const samples = await fillPast(`http://${prometheusAddress}`, shop, shopAddress, PAST_SECONDS);
  say(`Prometheus has a day of the shop: ${samples} samples.`);

  write('pronoia.yml', `bootstrap: { prometheus: "http://${prometheusAddress}", lookback: 1d }\n`);
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const pronoiaFlags = [
    main,
    `--config.file=${join(folder, 'pronoia.yml')}`,
    `--storage.path=${join(folder, 'pronoia')}`,
    `--web.listen-address=${pronoiaAddress}`,
  ];
  await programs.start('pronoia', process.execPath, pronoiaFlags, `http://${pronoiaAddress}/-/ready`);
  await historyLoaded(pronoiaAddress);
  say('Pronoia has learnt it.');
  write(
    'prometheus.yml',
    prometheusConfig({
      shop: shopAddress,
      pronoia: pronoiaAddress,
      alertmanager: alertmanager && alertmanagerAddress,
      nodeExporter: nodeExporter && nodeAddress,
    }),
  );
  const reload = await fetch(`http://${prometheusAddress}/-/reload`, { method: 'POST' });
  if (!reload.ok) throw new Error(`Prometheus does not take its configuration: ${await reload.text()}`);

  const graph = (expression: string) =>
    `http://${prometheusAddress}/graph?g0.tab=0&g0.range_input=15m&g0.expr=${encodeURIComponent(expression)}`;
  say(`
  What is unusual, open incidents, what is full next   http://${pronoiaAddress}/
  Incidents as JSON                                    http://${pronoiaAddress}/api/v1/incidents
  Scores in Prometheus                                 ${graph('anomaly_score')}
  What is full next, in hours                          ${graph('predict_full_in_seconds{quantile="0.5"} / 3600')}
  Alerts${alertmanager === undefined ? ' in Prometheus                                ' : ' in Alertmanager                              '}http://${alertmanager === undefined ? prometheusAddress : alertmanagerAddress}/
  Logs                                                 ${folder}
  Grafana's dashboards, drawn without Grafana          npm run pictures:dashboards -- --prometheus=http://${prometheusAddress} --out=${folder}
`);
  const faultAfter = Number(values['fault-after']);
  say(`In ${faultAfter} seconds the orders database fails. Ctrl-C ends everything.`);
  await pause(faultAfter);
  shop.failedAt = now();
  say('The orders database has failed: watch the page.');
  await tell(pronoiaAddress);
}

/** Tells what becomes of the incidents until the end. */
async function tell(pronoia: string): Promise<void> {
  const endsAt = Number(values.for) === 0 ? Number.POSITIVE_INFINITY : shop.openedAt + Number(values.for);
  let told = '';
  while (now() < endsAt) {
    const answer = await fetch(`http://${pronoia}/api/v1/incidents?state=open`);
    const { data } = (await answer.json()) as { data: { incidents: { id: string; title: string; alerts: number }[] } };
    for (const { id, title, alerts } of data.incidents.toSorted((a, b) => b.alerts - a.alerts).slice(0, 1)) {
      const line = `${title} (${alerts} alerts)  http://${pronoia}/incidents/${id}`;
      if (line === told) continue;
      told = line;
      say(`${new Date().toISOString().slice(11, 19)}  ${line}`);
      say(`          ${await noiseSoFar(pronoia)}`);
    }
    await pause(2);
  }
}

/** What the alerts would have cost people, and what they cost. */
async function noiseSoFar(pronoia: string): Promise<string> {
  const answer = await fetch(`http://${pronoia}/api/v1/noise`);
  const { data } = (await answer.json()) as {
    data: { notifications: Record<string, number>; rules: { alertname: string; firings: number }[] };
  };
  const [noisiest] = data.rules;
  const { received, incidents } = data.notifications;
  return `so far ${received} notifications from Alertmanager, ${incidents} about incidents${noisiest === undefined ? '' : `; the noisiest rule is ${noisiest.alertname}, with ${noisiest.firings} firings`}`;
}

async function historyLoaded(pronoia: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`http://${pronoia}/metrics`)).text();
    if (metrics.includes('pronoia_bootstrap_state{state="done"} 1')) return;
    if (metrics.includes('pronoia_bootstrap_state{state="failed"} 1')) throw new Error('the history cannot be loaded');
    await pause(0.2);
  }
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}
