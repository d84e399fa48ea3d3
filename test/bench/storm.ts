// npm run -s bench:storm -- --data DIR --out FILE
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CorrelatedFiring, ObservedOnset } from '../../src/correlate/correlator.ts';
import { ExplainingCorrelator } from '../../src/correlate/explaining-correlator.ts';
import { parseWebhook } from '../../src/ingest/webhook.ts';
import { createLabels } from '../../src/model/labels.ts';
import { StormTopology } from './storm-topology.ts';

const { values: options } = parseArgs({
  options: { data: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' } },
});
if (options.data === undefined || options.out === undefined) {
  process.stderr.write('usage: bench:storm --data DIR --out FILE\n');
  process.exit(2);
}

interface Line {
  isDelivery: boolean;
  at: number;
  run: (correlator: ExplainingCorrelator) => void;
}
type Json = Record<string, any>;

function replay(folder: string): Json[] {
  const topology = new StormTopology(join(folder, 'topology.json'), 'prod-1');
  const correlator = new ExplainingCorrelator(topology, () => 30 * 60_000);
  const lines = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
  const events: Line[] = [];
  let alerts = 0;
  const startsAt = new Map<string, string>();
  const done = new Set<string>();
  for (const { at, payload } of lines('webhooks.jsonl')) {
    const delivery = parseWebhook(payload, at * 1000, { replicaLabel: 'prometheus_replica' });
    for (const a of payload.alerts) startsAt.set(`${a.fingerprint} ${Date.parse(a.startsAt)}`, a.startsAt);
    events.push({
      isDelivery: true,
      at: at * 1000,
      run: (c) => {
        const firings: CorrelatedFiring[] = [];
        for (const alert of delivery.alerts) {
          const key = `${alert.fingerprint} ${alert.startsAt}`;
          alerts++;
          if (alert.endsAt !== undefined) done.add(key);
          else if (done.has(key)) continue;
          firings.push({
            key,
            alert,
            cluster: alert.labels.get('cluster') ?? '',
            onset: { earliest: alert.startsAt, latest: alert.startsAt },
            subject: topology.subjectOf(alert.labels, alert.startsAt),
          });
        }
        c.take(firings, at * 1000);
      },
    });
  }
  for (const line of lines('alerts_for_state.jsonl')) {
    const { __name__, ...rest } = line.labels as Record<string, string>;
    const labels = createLabels(Object.entries(rest));
    const observed: ObservedOnset = {
      cluster: rest.cluster ?? '',
      labels,
      subject: topology.subjectOf(labels, line.value * 1000),
      activeAt: line.value * 1000,
      endedAt: undefined,
    };
    events.push({ isDelivery: false, at: (line.firstSampleAt + 5) * 1000, run: (c) => c.takeOnsets([observed], 0) });
    if (line.staleAt !== null)
      events.push({
        isDelivery: false,
        at: (line.staleAt + 5) * 1000,
        run: (c) => c.takeOnsets([{ ...observed, endedAt: line.staleAt * 1000 }], 0),
      });
  }
  events.sort((a, b) => a.at - b.at);
  const incidents = new Map<string, Json>();
  const home = new Map<string, string>();
  let cpu = 0;
  const emit = (now: number) => {
    const before = cpuMs();
    const decision = correlator.decide(now);
    cpu += cpuMs() - before;
    const updates = new Map<string, Json>();
    const update = (id: string) => {
      let it = incidents.get(id);
      if (it === undefined) {
        it = { id, openedAt: now / 1000, updates: [] };
        incidents.set(id, it);
      }
      let u = updates.get(id);
      if (u === undefined) {
        u = { at: now / 1000, added: [], removed: [] };
        updates.set(id, u);
        it.updates.push(u);
      }
      return u;
    };
    const ref = (key: string) => ({ fingerprint: key.split(' ')[0], startsAt: startsAt.get(key)! });
    for (const { key, incidentId } of decision.placements) {
      const old = home.get(key);
      if (old !== undefined) update(old).removed.push(ref(key));
      update(incidentId).added.push(ref(key));
      home.set(key, incidentId);
    }
    for (const { incidentId, causes } of decision.incidents) {
      update(incidentId).rootCauses = causes.map(({ entity }) =>
        entity.kind === 'node' ? `node:${entity.name}` : entity.name,
      );
    }
  };
  let second = 0;
  for (const { at, run, isDelivery } of events) {
    const before = cpuMs();
    if (Math.floor(at / 1000) !== second) {
      emit(Math.min(second * 1000 + 1000, at));
      second = Math.floor(at / 1000);
    }
    run(correlator);
    cpu += cpuMs() - before;
    if (isDelivery) emit(at);
  }
  process.stderr.write(
    `${folder.split('/').at(-1)}: ${alerts} alerts received, ${((cpu / alerts) * 1000).toFixed(0)} ms per 1000\n`,
  );
  return [...incidents.values()];
}

if (existsSync(join(options.data, 'webhooks.jsonl'))) writeFileSync(options.out, JSON.stringify(replay(options.data)));
else {
  const all: Json = {};
  for (const name of readdirSync(options.data).sort())
    if (
      (options.only === undefined || new RegExp(options.only).test(name)) &&
      existsSync(join(options.data, name, 'webhooks.jsonl'))
    )
      all[name] = replay(join(options.data, name));
  writeFileSync(options.out, JSON.stringify(all));
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
