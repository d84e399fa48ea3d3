import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../src/app.ts';
import { parseCommandLine } from '../../src/config/flags.ts';
import { LiveIncidents } from '../../src/incidents/live-incidents.ts';
import { createIncidentOutput } from '../../src/incidents/output.ts';
import { systemClock } from '../../src/model/clock.ts';
import { createScoreLane } from '../../src/score-lane.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { encodeBody } from '../ingest/write-request-builder.ts';

const OWN_INTRODUCTION = `# Metrics

This page is made from a running sidecar (\`npx vitest run test/repo -u\` writes it anew); a test fails when it is out of
date.

## Own metrics

At \`/metrics\`, beside the \`process_*\` and \`nodejs_*\` metrics of prom-client.

| metric | type | labels | meaning |
|---|---|---|---|
`;

const OUTPUT_INTRODUCTION = `
## Output series

At \`/federate\` and in what \`remote_write:\` sends; those of incidents at \`/metrics\` as well. All are gauges. An
\`anomaly_*\` series has the labels of the series that it speaks of, whose name is in the label \`metric\` (a label of that
name becomes \`exported_metric\`), and the timestamp of its latest sample.

| series | labels | meaning |
|---|---|---|
`;

const OWN_LABELS: Readonly<Record<string, string>> = {
  anomaly_rate:
    'those that the entry of `groups:` names; of [presets](presets.md), preset and what tells targets apart',
  incident_info: 'incident, root_cause, severity, state, title',
  predict_full_in_seconds: 'resource, quantile, and those of the series',
  predict_full_state: 'resource, state, and those of the series',
  predict_used_ratio: 'resource, and those of the series',
};

/** docs/metrics.md: every metric and every output series, as a running sidecar describes them. */
export async function metricsPage(): Promise<string> {
  const exposition = await ownMetrics();
  const help = new Map(
    [...exposition.matchAll(/^# HELP (pronoia_\S+) (.*)$/gm)].map(([, name, text]) => [name!, text!]),
  );
  const types = [...exposition.matchAll(/^# TYPE (pronoia_\S+) (\S+)$/gm)];
  const own = types
    .map(([, name, type]) => `| \`${name}\` | ${type} | ${labelNames(exposition, name!)} | ${help.get(name!)} |\n`)
    .sort();
  const output = outputFamilies().map(({ name, help }) => `| \`${name}\` | ${outputLabelNames(name)} | ${help} |\n`);
  return OWN_INTRODUCTION + own.join('') + OUTPUT_INTRODUCTION + output.join('');
}

/** What a sidecar shows after one of everything that makes a labelled metric have a series. */
async function ownMetrics(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pronoia-metrics-'));
  const configFile = join(folder, 'pronoia.yml');
  writeFileSync(
    configFile,
    'remote_write: [{ url: "http://127.0.0.1:9/" }]\nnotify: [{ webhook: { url: "http://127.0.0.1:9/" } }]',
  );
  const commandLine = parseCommandLine([
    '--web.listen-address=127.0.0.1:0',
    `--storage.path=${folder}`,
    `--config.file=${configFile}`,
  ]);
  if (commandLine.command !== 'serve') throw new Error('wrong flags');
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const app = await startApp({ flags: commandLine.flags, clock: systemClock, logger: silent, onQuit: () => {} });
  try {
    const url = `http://127.0.0.1:${app.port}`;
    const labels = { __name__: 'temperature' };
    const body = encodeBody([
      {
        labels,
        samples: [
          [0, 1],
          [systemClock.now(), 1],
        ],
      },
    ]);
    await fetch(`${url}/api/v1/write`, { method: 'POST', headers: { 'content-encoding': 'snappy' }, body });
    const alerts = JSON.stringify([{ labels: { alertname: 'Any' } }]);
    await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: alerts,
    });
    // Makes the measures of noise, which are otherwise made every five minutes.
    await (await fetch(`${url}/api/v1/noise`)).text();
    return await (await fetch(`${url}/metrics`)).text();
  } finally {
    await app.stop();
    rmSync(folder, { recursive: true });
  }
}

function labelNames(exposition: string, name: string): string {
  const line = exposition.split('\n').find((each) => new RegExp(`^${name}(_bucket)?{`).test(each)) ?? '';
  const names = [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label!);
  return names.filter((label) => label !== 'le').join(', ');
}

function outputFamilies() {
  const settings = { rules: [], replicaLabel: '', clusterLabel: '' };
  const topology = new LearntTopology({ clusterLabel: 'cluster' });
  const lane = createScoreLane({
    maxSeries: 1,
    settings,
    timezone: 'UTC',
    clock: systemClock,
    topology,
    onAnomaly: () => {},
  });
  lane.stop();
  return [
    ...lane.outputs.families,
    ...lane.groupOutputs.families,
    ...lane.forecastOutputs.families,
    ...createIncidentOutput(new LiveIncidents(), systemClock).families,
  ];
}

function outputLabelNames(name: string): string {
  return OWN_LABELS[name] ?? (name.startsWith('incident_') ? 'incident' : 'metric, and those of the series');
}
