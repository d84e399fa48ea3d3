import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IncidentReplay } from '../../src/incident-replay.ts';
import { type RecordedStep, readRecording } from '../../src/ingest/recording.ts';
import { type Entity, formatEntity } from '../../src/model/entity.ts';
import type { AlertMember } from '../../src/model/incident.ts';
import { learnStorm, type StormTopology } from '../topology/storm-topology.ts';
import { ProcessorTime } from './processor-time.ts';

const MINUTE_MS = 60_000;
const OPTIONS = {
  joinWindowMs: 15 * MINUTE_MS,
  freezeAfterMs: 90 * MINUTE_MS,
  reopenWithinMs: 30 * MINUTE_MS,
  retentionMs: 90 * 24 * 60 * MINUTE_MS,
  clusterLabel: 'cluster',
  heartbeats: [],
};

/** An alert as the scorer refers to it. */
interface Instance {
  readonly fingerprint: string;
  readonly startsAt: string;
}

/** A change of an incident, at the time (epoch seconds) at which a user of the sidecar can see it. */
interface Update {
  readonly at: number;
  readonly added: Instance[];
  readonly removed: Instance[];
  rootCauses?: string[];
}

/** An incident as the scorer of storms wants it. */
interface PredictedIncident {
  readonly id: string;
  readonly openedAt: number;
  readonly updates: Update[];
}

/** What a storm became, and what that cost. */
export interface StormOutcome {
  readonly incidents: readonly PredictedIncident[];
  /** Alerts that arrived, repetitions included. */
  readonly receivedAlerts: number;
  /** What it took to do all that was done with them. */
  readonly time: ProcessorTime;
  /** What Alertmanager's default grouping made of the same input. */
  readonly alertmanager: { readonly groups: number; readonly notifications: number };
  readonly openIncidents: number;
}

/** Folders of storms below a folder, by name; one storm's own folder is itself. */
export function stormFolders(data: string): string[] {
  const isStorm = (folder: string) => existsSync(join(folder, 'webhooks.jsonl'));
  if (isStorm(data)) return [data];
  return readdirSync(data)
    .sort()
    .map((name) => join(data, name))
    .filter(isStorm);
}

/** Takes a recorded storm through lane B of production on a virtual clock. */
export function replayStorm(folder: string, change = (steps: readonly RecordedStep[]) => steps): StormOutcome {
  const read = (name: string) =>
    readRecording(readFileSync(join(folder, name), 'utf8'), name, { replicaLabel: 'prometheus_replica' });
  const topology = JSON.parse(readFileSync(join(folder, 'topology.json'), 'utf8')) as StormTopology;
  // Notifications and states of rules, in two files or in one.
  const recordings = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const steps = change(
    recordings
      .sort()
      .reverse()
      .flatMap(read)
      .sort((a, b) => a.at - b.at),
  );
  const deliveries = steps.flatMap((step) => (step.kind === 'delivery' ? [step.delivery] : []));
  const cluster = deliveries[0]?.alerts[0]?.labels.get('cluster') ?? '';
  const predictions = new Predictions();
  const time = new ProcessorTime();
  const replay = new IncidentReplay(
    {
      options: OPTIONS,
      topology: learnStorm(topology, cluster),
      onChange: (at, changed) => {
        const ids = changed.map(({ id }) => id);
        // For the scorer only: no part of what production does.
        time.leaveOut(() => predictions.note(at, ids, replay));
      },
    },
    steps[0]!.at,
  );
  time.add(() => {
    for (const step of steps) replay.take(step);
    replay.advanceTo(steps.at(-1)!.at + 10_000);
  });
  replay.close();
  return {
    incidents: predictions.incidents(),
    receivedAlerts: deliveries.reduce((sum, { alerts }) => sum + alerts.length, 0),
    time,
    alertmanager: {
      groups: new Set(deliveries.map(({ envelope }) => envelope.groupKey)).size,
      notifications: deliveries.length,
    },
    openIncidents: predictions.open(),
  };
}

/** Writes down how incidents change. */
class Predictions {
  readonly #incidents = new Map<string, PredictedIncident>();
  readonly #members = new Map<string, Map<string, Instance>>();
  readonly #causes = new Map<string, string>();

  note(at: number, ids: readonly string[], { pipeline }: IncidentReplay): void {
    for (const id of ids) {
      const members = this.#members.get(id) ?? new Map<string, Instance>();
      const { added, removed } = difference(members, [...pipeline.live.alertsOf(id)]);
      const rootCauses = (pipeline.live.get(id)?.causes ?? []).map(({ entity }) => nameOf(entity));
      const update: Update = { at: at / 1000, added, removed };
      if (this.#causes.get(id) !== rootCauses.join()) update.rootCauses = rootCauses;
      if (update.added.length + update.removed.length === 0 && update.rootCauses === undefined) continue;
      this.#members.set(id, members);
      this.#causes.set(id, rootCauses.join());
      const incident = this.#incidents.get(id) ?? { id, openedAt: at / 1000, updates: [] };
      incident.updates.push(update);
      this.#incidents.set(id, incident);
    }
  }

  incidents(): PredictedIncident[] {
    return [...this.#incidents.values()];
  }

  open(): number {
    return [...this.#members.values()].filter(({ size }) => size > 0).length;
  }
}

/** Brings what was noted of an incident to what it is. A change concerns few of its members: the others are passed over. */
function difference(noted: Map<string, Instance>, now: readonly AlertMember[]) {
  const added: Instance[] = [];
  const removed: Instance[] = [];
  for (const member of now) {
    if (noted.has(member.key)) continue;
    const instance = instanceOf(member);
    added.push(instance);
    noted.set(member.key, instance);
  }
  if (noted.size > now.length) {
    const keys = new Set(now.map(({ key }) => key));
    for (const [key, instance] of noted) {
      if (keys.has(key)) continue;
      removed.push(instance);
      noted.delete(key);
    }
  }
  return { added, removed };
}

/** As it was first delivered: its start may have moved back since. */
function instanceOf({ key, firing }: AlertMember): Instance {
  return { fingerprint: firing.alert.fingerprint, startsAt: new Date(Number(key.split(' ')[1])).toISOString() };
}

/** Names as the truth of the storms spells them. */
function nameOf(entity: Entity): string {
  return entity.kind === 'node' ? `node:${entity.name}` : entity.name || formatEntity(entity);
}
