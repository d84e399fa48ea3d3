import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIncidentLane } from '../../src/incident-lane.ts';
import { IncidentStore } from '../../src/incidents/store.ts';
import { type RecordedOnset, readRecording } from '../../src/ingest/recording.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { formatSeries } from '../../src/model/labels.ts';
import { createLogger } from '../../src/model/logger.ts';
import { learnStorm } from '../topology/storm-topology.ts';
import { OPTIONS } from './pipeline-bench.ts';

const STORM = join(import.meta.dirname, '../fixtures/storms/two-shared-1');
const topology = JSON.parse(readFileSync(join(STORM, 'topology.json'), 'utf8'));
const steps = readRecording(readFileSync(join(STORM, 'webhooks.jsonl'), 'utf8'), 'storm', {
  replicaLabel: 'prometheus_replica',
});
const CLUSTER = 'prod-1';
const logger = createLogger({ level: 'error', format: 'logfmt', now: () => 0 }, () => {});

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'storm-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes the storm in; the sidecar is killed, without a chance to say good-bye, after every so many steps. */
function run(name: string, killEvery: number): Map<string, string[]> {
  const path = join(folder, name);
  const stores: IncidentStore[] = [];
  const start = (now: number) => {
    const store = new IncidentStore(path);
    stores.push(store);
    const clock = new ManualClock(now);
    return {
      store,
      clock,
      lane: createIncidentLane({ store, clock, logger, options: OPTIONS, topology: learnStorm(topology, CLUSTER) }),
    };
  };
  const onsets = new Map<string, RecordedOnset>();
  let running = start(steps[0]!.at);
  for (const [index, step] of steps.entries()) {
    running.clock.advanceTo(step.at);
    if (step.kind === 'delivery') running.lane.deliver(step.delivery);
    else {
      running.lane.receiveOnset(step.onset);
      onsets.set(formatSeries(step.onset.labels), step.onset);
    }
    if ((index + 1) % killEvery !== 0) continue;
    const before = partitionOf(running.store);
    running = start(step.at);
    expect(partitionOf(running.store)).toEqual(before);
    // Prometheus goes on sending what holds.
    for (const onset of onsets.values()) if (onset.endedAt === undefined) running.lane.receiveOnset(onset);
  }
  running.clock.advance(60_000);
  const last = partitionOf(running.store);
  for (const store of stores) store.close();
  return last;
}

function partitionOf(store: IncidentStore): Map<string, string[]> {
  const incidents = store.incidents({ state: 'all', limit: 1000 }).filter(({ state }) => state !== 'merged');
  return new Map(
    incidents.map(({ id }) => [
      id,
      store
        .members(id)
        .flatMap((member) => (member.kind === 'alert' ? [member.key] : []))
        .sort(),
    ]),
  );
}

it('a storm is the same incidents when the sidecar is killed in the middle of it, again and again', () => {
  const steady = homes(run('steady.db', Number.POSITIVE_INFINITY));
  const killed = homes(run('killed.db', 50));
  expect(killed.size).toBe(steady.size);
  // What was there is where it was: that is looked at after each start. What comes later may be seen otherwise, because
  // after a start nothing moves for five minutes.
  const same = [...steady].filter(([key, id]) => killed.get(key) === id);
  expect(same.length / steady.size).toBeGreaterThan(0.95);
});

/** The incident of each firing. */
function homes(partition: Map<string, string[]>): Map<string, string> {
  return new Map([...partition].flatMap(([id, keys]) => keys.map((key) => [key, id] as const)));
}
