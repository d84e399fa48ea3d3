import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIncidentOutput } from '../../src/incidents/output.ts';
import { formatSeries } from '../../src/model/labels.ts';
import type { OutputSource } from '../../src/model/output.ts';
import { alertOf, minute } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';

let bench: PipelineBench;
let source: OutputSource;

beforeEach(() => {
  bench = new PipelineBench();
  source = createIncidentOutput(bench.pipeline.live, bench.clock);
});
afterEach(() => bench.remove());

const alert = (instance: string, times: { from: number; to?: number }) =>
  alertOf({ alertname: 'Slow', job: 'api', severity: 'critical', instance }, times);
const lines = () =>
  [...source.groups()].flatMap((group) =>
    group.values.map(
      ([name, value]) => `${name}${formatSeries(group.labels())} ${value} @${group.timestampMs - minute(0)}`,
    ),
  );

it('puts out one set of series for each open incident', () => {
  bench.deliver(1, [alert('a', { from: 0 }), alert('b', { from: 1 })]);
  const { id } = bench.store.incidents({ state: 'all', limit: 1 })[0]!;
  expect(lines()).toEqual([
    `incident_info{incident="${id}",root_cause="instance:a",severity="critical",state="open",title="Slow on instance a and 1 more"} 1 @60000`,
    `incident_alerts{incident="${id}"} 2 @60000`,
    `incident_services_affected{incident="${id}"} 0 @60000`,
    `incident_started_timestamp_seconds{incident="${id}"} ${minute(0) / 1000} @60000`,
  ]);
  const names = [...source.groups()].flatMap(({ values }) => values.map(([name]) => name));
  expect(names).toEqual(source.families.map(({ name }) => name));
});

it('ends the series with the incident, and the one of incident_info when its labels change', () => {
  const ids = () => [...source.groups()].map((group) => group.id);
  bench.deliver(1, [alert('a', { from: 0 })]);
  const [info, counts] = ids();
  expect(ids()).toEqual([info, counts]);
  bench.deliver(2, [alert('b', { from: 1 })]);
  const [changedInfo, sameCounts] = ids();
  expect(changedInfo).not.toBe(info);
  expect(sameCounts).toBe(counts);
  bench.deliver(6, [alert('a', { from: 0, to: 3 }), alert('b', { from: 1, to: 3 })]);
  expect(ids()).toEqual([]);
  bench.deliver(6, [alert('a', { from: 5 })]);
  expect(new Set([info, counts, changedInfo, ...ids()]).size).toBe(5);
});
