import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLabels } from '../../src/model/labels.ts';
import { Learning, START } from './learning.ts';
import { learnStorm } from './storm-topology.ts';

/** Data that is not part of the repository. */
const DATA = process.env.SHARED_DATA ?? join(import.meta.dirname, '../../../shared/data');
const RULES = join(DATA, 'rules/catalog.json');
const STORMS = join(DATA, 'storms');

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly labels_in_annotations: readonly string[];
  readonly by: readonly string[];
}

describe.skipIf(!existsSync(RULES))('alerts of the rule catalogue', () => {
  const rules = existsSync(RULES) ? (JSON.parse(readFileSync(RULES, 'utf8')) as Rule[]) : [];
  const labelsOf = ({ alert, labels, labels_in_annotations, by }: Rule) =>
    createLabels([
      ...[...labels_in_annotations, ...by].map(
        (name) => [name, name === 'instance' ? '10.0.0.5:9100' : `some-${name}`] as const,
      ),
      ...Object.entries(labels),
      ['alertname', alert],
    ]);

  it('all have a subject or none, and every subject a name', () => {
    const { topology } = new Learning();
    for (const rule of rules) {
      const { entity, confidence } = topology.subjectOf(labelsOf(rule), START);
      expect(confidence > 0).toBe(entity !== undefined);
      if (entity !== undefined) expect(entity.name, rule.alert).not.toBe('');
    }
  });

  it('that name an instance, pod, workload, node or service have one', () => {
    const { topology } = new Learning();
    const names = [
      'instance',
      'pod',
      'deployment',
      'statefulset',
      'daemonset',
      'job_name',
      'node',
      'service',
      'persistentvolumeclaim',
    ];
    const lost = rules.filter((rule) => {
      const labels = labelsOf(rule);
      return names.some((name) => labels.has(name)) && topology.subjectOf(labels, START).entity === undefined;
    });
    expect(lost.map(({ alert }) => alert)).toEqual([]);
  });
});

describe.skipIf(!existsSync(STORMS))('alerts of the storms', () => {
  it('are about what the simulation says, nearly all', () => {
    let [right, all] = [0, 0];
    const folders = existsSync(STORMS) ? readdirSync(STORMS) : [];
    for (const folder of folders) {
      const read = (file: string) => readFileSync(join(STORMS, folder, file), 'utf8');
      const topology = learnStorm(JSON.parse(read('topology.json')), 'prod-1');
      const truth = JSON.parse(read('truth.json')) as {
        alerts: { fingerprint: string; startsAt: string; entity: string }[];
      };
      const entities = new Map(truth.alerts.map((alert) => [`${alert.fingerprint} ${alert.startsAt}`, alert.entity]));
      const deliveries = read('webhooks.jsonl').trim().split('\n');
      const alerts = deliveries.flatMap((line) => JSON.parse(line).payload.alerts);
      for (const [key, alert] of new Map(alerts.map((each) => [`${each.fingerprint} ${each.startsAt}`, each]))) {
        const expected = entities.get(key);
        if (expected === undefined) continue;
        const { entity } = topology.subjectOf(createLabels(Object.entries(alert.labels)), Date.parse(alert.startsAt));
        const name = entity?.kind === 'node' ? `node:${entity.name}` : entity?.name;
        all++;
        if (name === expected) right++;
      }
    }
    expect(right / all).toBeGreaterThan(0.98);
  });
});
