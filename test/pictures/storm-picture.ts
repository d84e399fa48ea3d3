import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IncidentReplay } from '../../src/incident-replay.ts';
import { readRecording } from '../../src/ingest/recording.ts';
import { type AlertMember, type Incident, incidentTitle, servicesAffected } from '../../src/model/incident.ts';
import { OPTIONS } from '../incidents/pipeline-bench.ts';
import { learnStorm } from '../topology/storm-topology.ts';
import { box, line, onPaper, type Point, text } from './paper.ts';

const STORM = join(import.meta.dirname, '../fixtures/storms/two-shared-1');
const [WIDTH, LEFT, RIGHT, TOP] = [1000, 16, 984, 48];
const ROW = 5;
const INCIDENT_ROW = 34;
const HOUR = 3_600_000;

/** What a recorded storm became: incidents that affect other services first, then by size. */
interface Storm {
  readonly notifications: number;
  readonly incidents: readonly { readonly incident: Incident; readonly alerts: readonly AlertMember[] }[];
}

/** Two failures at once, simulated, through lane B of production on a virtual clock. */
export function replayedStorm(): Storm {
  const topology = JSON.parse(readFileSync(join(STORM, 'topology.json'), 'utf8'));
  const recording = readFileSync(join(STORM, 'webhooks.jsonl'), 'utf8');
  const steps = readRecording(recording, 'storm', { replicaLabel: 'prometheus_replica' });
  const replay = new IncidentReplay({ options: OPTIONS, topology: learnStorm(topology, 'prod-1') }, steps[0]!.at);
  for (const step of steps) replay.take(step);
  replay.advanceTo(steps.at(-1)!.at + HOUR);
  const incidents = replay.store
    .incidents({ state: 'all', limit: 1000 })
    .filter(({ state }) => state !== 'merged')
    .map((incident) => ({
      incident,
      alerts: replay.store.members(incident.id).filter((member) => member.kind === 'alert'),
    }))
    .sort((a, b) => rank(b.incident) - rank(a.incident));
  replay.close();
  return { notifications: steps.filter(({ kind }) => kind === 'delivery').length, incidents };
}

function rank(incident: Incident): number {
  return servicesAffected(incident) * 1000 + incident.alerts;
}

/** Each alert as a line from its start to its end, and below them the incidents that they became. @returns SVG */
export function stormPicture({ notifications, incidents }: Storm): string {
  const shadeOf = (i: number) => (['first', 'second'] as const)[i] ?? 'faint';
  const alerts = incidents
    .flatMap(({ alerts }, i) => alerts.map(({ firing }) => ({ ...spanOf(firing), shade: shadeOf(i) })))
    .sort((a, b) => a.from - b.from);
  const [start, end] = [alerts[0]!.from, Math.max(...alerts.map(({ to }) => to))];
  const x = (at: number) => LEFT + ((at - start) / (end - start)) * (RIGHT - LEFT);
  const below = TOP + alerts.length * ROW + 46;
  const named = incidents.slice(0, 2);
  const rest = incidents.slice(2);
  const height = below + named.length * INCIDENT_ROW + 42;
  const bar = (from: number, to: number, y: number, tall: number, shade: string) =>
    box([x(from), y], Math.max(2, x(to) - x(from)), tall, shade, 'rx="1.5"');
  return onPaper(WIDTH, height, 'A storm of alerts, and the incidents that it became', [
    text(
      [LEFT, 22],
      `${alerts.length} alerts in ${notifications} notifications of Alertmanager, each from its start to its end`,
      'font-weight="600"',
    ),
    ...clock(start, end).map((at) => timeLine([x(at), TOP - 8], height - 30, at)),
    ...alerts.map(({ from, to, shade }, i) => bar(from, to, TOP + i * ROW, ROW - 1.5, shade)),
    text([LEFT, below - 12], 'what they became', 'font-weight="600"'),
    ...named.flatMap(({ incident, alerts: members }, i) => {
      const spans = members.map(({ firing }) => spanOf(firing));
      const [from, to] = [Math.min(...spans.map((s) => s.from)), Math.max(...spans.map((s) => s.to))];
      const y = below + i * INCIDENT_ROW;
      return [
        bar(from, to, y, 10, shadeOf(i)),
        text([x(from), y + 25], `${incidentTitle(incident)}: ${members.length} alerts`),
      ];
    }),
    text(
      [LEFT, height - 30],
      `and ${rest.length} small ones for the ${rest.reduce((sum, { alerts: members }) => sum + members.length, 0)} alerts that belong to neither (grey)`,
    ),
  ]);
}

function spanOf({ alert: { startsAt, endsAt } }: AlertMember['firing']): { from: number; to: number } {
  return { from: startsAt, to: endsAt ?? startsAt };
}

/** Every ten minutes. */
function clock(from: number, to: number): number[] {
  const step = HOUR / 6;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => first + i * step);
}

function timeLine([x, y]: Point, bottom: number, at: number): string {
  const label = text([x, bottom + 16], new Date(at).toISOString().slice(11, 16), 'text-anchor="middle"');
  return `${line(
    [
      [x, y],
      [x, bottom],
    ],
    'faint',
    'stroke-opacity=".5"',
  )}${label}`;
}
