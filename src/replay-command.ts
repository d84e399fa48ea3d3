import { readFileSync } from 'node:fs';
import type { ReplayFlags } from './config/flag-table.ts';
import { loadFile } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { checkTopology, type TopologyFile, topologySchema } from './config/topology-schema.ts';
import { loadFiles } from './config/web-load.ts';
import { IncidentReplay } from './incident-replay.ts';
import { incidentToJson } from './incidents/api-json.ts';
import { type RecordedStep, readRecording } from './ingest/recording.ts';
import { factsOfFile } from './topology/file-facts.ts';
import { LearntTopology } from './topology/learnt-topology.ts';

/** What Alertmanager made of the same alerts: its groups, and how often it spoke. */
interface Grouping {
  readonly groups: number;
  readonly notifications: number;
}

/** What a replay found out. */
interface ReplayReport {
  readonly from: string;
  readonly to: string;
  readonly alerts: number;
  readonly alertmanager: Grouping;
  readonly incidents: readonly ReturnType<typeof incidentToJson>[];
}

const MAX_INCIDENTS = 1_000_000;
/** What fires at the end of the recording may be decided a little later. */
const TAIL_MS = 10_000;

/**
 * `pronoia replay`: recorded deliveries through the production path, and the incidents that they would have become.
 * @returns what is to be printed
 * @throws ConfigError, or an Error that names the file and line that cannot be read
 */
export function replay(files: readonly string[], flags: ReplayFlags): string {
  const { config, topology } = loadKnown(flags);
  const options = { replicaLabel: config.global.replicaLabel };
  const steps = files
    .flatMap((file) => readRecording(readFileSync(file, 'utf8'), file, options))
    .sort((a, b) => a.at - b.at);
  const first = steps[0];
  if (first === undefined) throw new Error(`nothing is recorded in ${files.join(', ')}`);
  const { incidents, storage, global } = config;
  const lane = new IncidentReplay(
    {
      options: { ...incidents, retentionMs: storage.retentionMs, clusterLabel: global.clusterLabel },
      topology: known(topology, global.clusterLabel, first.at),
    },
    first.at,
  );
  try {
    for (const step of steps) lane.take(step);
    lane.advanceTo(steps.at(-1)!.at + TAIL_MS);
    const report = reportOf(steps, lane, incidents.freezeAfterMs);
    return flags.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : textOf(report);
  } finally {
    lane.close();
  }
}

function loadKnown({ configFile, topologyFile }: ReplayFlags): { config: Config; topology: TopologyFile | undefined } {
  const { config, topology } = loadFiles({ configFile, webConfigFile: undefined }, 0);
  return {
    config,
    topology: topologyFile === undefined ? topology : loadFile(topologySchema, topologyFile, checkTopology),
  };
}

function known(file: TopologyFile | undefined, clusterLabel: string, at: number): LearntTopology {
  const topology = new LearntTopology({ clusterLabel });
  topology.useFile(file === undefined ? [] : factsOfFile(file), at);
  return topology;
}

function reportOf(
  steps: readonly RecordedStep[],
  { store, clock }: IncidentReplay,
  freezeAfterMs: number,
): ReplayReport {
  const deliveries = steps.flatMap((step) => (step.kind === 'delivery' ? [step.delivery] : []));
  const moment = { now: clock.now(), freezeAfterMs };
  const incidents = store
    .incidents({ state: 'all', limit: MAX_INCIDENTS })
    .filter(({ state }) => state !== 'merged')
    .sort((a, b) => a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1));
  return {
    from: time(steps[0]!.at),
    to: time(steps.at(-1)!.at),
    alerts: deliveries.reduce((sum, { alerts }) => sum + alerts.length, 0),
    alertmanager: {
      groups: new Set(deliveries.map(({ envelope }) => JSON.stringify([envelope.receiver, envelope.groupKey]))).size,
      notifications: deliveries.length,
    },
    incidents: incidents.map((incident) => incidentToJson(incident, moment)),
  };
}

function textOf({ from, to, alerts, alertmanager, incidents }: ReplayReport): string {
  const shared = incidents.filter((incident) => incident.alerts > 1).length;
  const held = incidents.filter(({ promotedAt }) => promotedAt === null).length;
  const head = [
    `${from} to ${to}`,
    `received      ${alerts} alerts in ${alertmanager.notifications} notifications`,
    `Alertmanager  ${alertmanager.groups} groups, ${alertmanager.notifications} notifications`,
    `Pronoia       ${incidents.length} incidents, ${shared} of more than one alert, ${held} over before anybody was told`,
  ];
  return `${[...head, '', ...incidents.flatMap(linesOf)].join('\n')}\n`;
}

function linesOf(incident: ReplayReport['incidents'][number]): string[] {
  const { openedAt, id, severity, alerts, title, state, causes } = incident;
  const lines = [`${openedAt}  ${id}  ${(severity || '-').padEnd(8)}  ${state.padEnd(12)}  ${alerts} alerts  ${title}`];
  for (const { p, text } of causes.slice(0, 3)) lines.push(`    ${Math.round(p * 100)} %  ${text}`);
  return lines;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
