import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { type Alertmanager, type PostedAlert, startAlertmanager } from './alertmanager.ts';
import { temporaryFolder } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { startTestExporter } from './test-exporter.ts';

const SERVICE = { namespace: 'shop', service: 'checkout' };

describeWith(['alertmanager'], 'webhooks of a real Alertmanager', () => {
  let folder: string;
  let sidecar: Sidecar;
  let alertmanager: Alertmanager;
  let alerts: PostedAlert[];

  beforeEach(async () => {
    folder = temporaryFolder();
    sidecar = await startSidecar({ folder });
    alertmanager = await startAlertmanager(`${sidecar.url}/api/v1/alerts/webhook`);
    const now = systemClock.now();
    // Odd milliseconds, which rounding anywhere on the way would change.
    alerts = ['HighLatency', 'HighErrorRate', 'QueueFull'].map((alertname, i) => ({
      labels: { alertname, severity: 'critical', ...SERVICE },
      annotations: { summary: `${alertname} & "more" <in> shop` },
      startsAt: new Date(now - 61_003 + i * 1007).toISOString(),
    }));
  });

  it('become one incident of three members: sent, repeated, ended', async () => {
    await alertmanager.post(alerts);
    const { id } = await incidentWith(3);
    await until('Alertmanager to repeat itself', async () => {
      return (await sidecar.metric('pronoia_alerts_received_total{outcome="repeated"}'))! >= 6;
    });
    await expectMembers(id, alerts);
    expect(await sidecar.incident(id)).toMatchObject({ state: 'open', startsAt: alerts[0]!.startsAt, firing: 3 });
    await endAndSee(id);
  });

  it('survive kill -9 between two deliveries', async () => {
    await alertmanager.post(alerts.slice(0, 2));
    const { id } = await incidentWith(2);
    await kill();
    sidecar = await startSidecar({ folder, port: sidecar.port });
    expect((await sidecar.incidents()).map((incident) => incident.id)).toEqual([id]);
    await expectMembers(id, alerts.slice(0, 2));
    await kill();
    await alertmanager.post(alerts);
    sidecar = await startSidecar({ folder, port: sidecar.port });
    expect((await incidentWith(3)).id).toBe(id);
    await expectMembers(id, alerts);
    await kill();
    const ended = await endAll();
    sidecar = await startSidecar({ folder, port: sidecar.port });
    await expectRecovering(id, ended);
  });

  it('go on with an incident when an alert comes back', async () => {
    await alertmanager.post(alerts);
    const { id } = await incidentWith(3);
    await endAndSee(id);
    const again = { ...alerts[0]!, startsAt: new Date(systemClock.now()).toISOString() };
    await alertmanager.post([again]);
    await until('the incident to be open again', async () => (await sidecar.incident(id)).state === 'open');
    expect(await sidecar.incident(id)).toMatchObject({ reopened: 0, endedAt: null, alerts: 3, firing: 1 });
    expect(await sidecar.incidents()).toHaveLength(1);
  });

  it('open two incidents when they are about two things', async () => {
    const others = alerts.map((alert) => ({
      ...alert,
      labels: { ...alert.labels, namespace: 'bank', service: 'ledger' },
    }));
    await alertmanager.post([...alerts, ...others]);
    const incidents = await until('two incidents', async () => {
      const found = await sidecar.incidents();
      return found.reduce((sum, { alerts }) => sum + alerts, 0) === 6 ? found : undefined;
    });
    expect(incidents.map((incident) => incident.alerts)).toEqual([3, 3]);
  });

  async function incidentWith(count: number) {
    return until(`an incident of ${count} alerts`, async () => {
      const incidents = await sidecar.incidents();
      expect(incidents).toHaveLength(1);
      return incidents[0].alerts === count ? incidents[0] : undefined;
    });
  }

  async function expectMembers(id: string, expected: readonly PostedAlert[]): Promise<void> {
    const { members } = await sidecar.incident(id);
    const shown = members.map(({ kind, labels, annotations, startsAt, endsAt }: Record<string, unknown>) => {
      return { kind, labels, annotations, startsAt, endsAt };
    });
    const wanted = expected.map((alert) => ({ kind: 'alert', endsAt: null, ...alert }));
    expect(shown).toHaveLength(wanted.length);
    expect(shown).toEqual(expect.arrayContaining(wanted));
  }

  async function endAndSee(id: string): Promise<void> {
    await expectRecovering(id, await endAll());
  }

  /** Ends the alerts, each at a millisecond of its own that has just passed. */
  async function endAll(): Promise<PostedAlert[]> {
    const now = systemClock.now();
    const ended = alerts.map((alert, i) => ({ ...alert, endsAt: new Date(now - 103 + 7 * i).toISOString() }));
    await alertmanager.post(ended);
    return ended;
  }

  /** An end counts at once; that the quiet lasts is confirmed three minutes later. */
  async function expectRecovering(id: string, ended: readonly PostedAlert[]): Promise<void> {
    await until('the incident to recover', async () => (await sidecar.incident(id)).state === 'recovering');
    await expectMembers(id, ended);
    expect(await sidecar.incidents()).toEqual([
      expect.objectContaining({
        id,
        startsAt: alerts[0]!.startsAt,
        endedAt: ended.at(-1)!.endsAt,
        alerts: 3,
        firing: 0,
      }),
    ]);
  }

  async function kill(): Promise<void> {
    sidecar.child.kill('SIGKILL');
    await sidecar.child.exited;
  }
});

describeWith(['prometheus'], "Prometheus' alerting section", () => {
  it('may point at the sidecar, without an Alertmanager', async () => {
    let level = 0;
    const sidecar = await startSidecar({ folder: temporaryFolder() });
    const exporter = await startTestExporter([{ name: 'queue_length', type: 'gauge', read: () => level }]);
    const prometheus = await startPrometheus('Prometheus', ['--rules.alert.resend-delay=1s'], (_address, folder) => {
      writeFileSync(join(folder, 'rules.yml'), RULES);
      return alertingConfig(exporter, sidecar);
    });
    level = 20;
    const { id } = await until('an incident', async () => (await sidecar.incidents())[0]);
    await until('Prometheus to repeat itself', async () => {
      return (await sidecar.metric('pronoia_alerts_received_total{outcome="repeated"}'))! >= 2;
    });
    const open = await sidecar.incident(id);
    expect(open).toMatchObject({ state: 'open', alerts: 1, firing: 1, severity: 'warning' });
    expect(open.members[0]).toMatchObject({
      labels: {
        alertname: 'QueueLong',
        severity: 'warning',
        job: 'exporter',
        instance: exporter,
        cluster: 'acceptance',
      },
      annotations: { summary: 'the queue has 20 entries' },
    });
    expect(open.members[0].startsAt).toBe(await activeSince(prometheus));
    level = 0;
    const recovering = await until('the incident to recover', async () => {
      const incident = await sidecar.incident(id);
      return incident.state === 'recovering' ? incident : undefined;
    });
    expect(Date.parse(recovering.endedAt)).toBeGreaterThan(Date.parse(recovering.startsAt));
    expect(Date.parse(recovering.endedAt)).toBeLessThanOrEqual(systemClock.now());
    expect(await sidecar.incidents()).toHaveLength(1);
  });
});

const RULES = `groups:
  - name: acceptance
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: { severity: warning }
        annotations: { summary: 'the queue has {{ $value }} entries' }
`;

function alertingConfig(exporter: string, { port }: Sidecar): string {
  return `global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: { cluster: acceptance }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['127.0.0.1:${port}'] }]
scrape_configs:
  - job_name: exporter
    static_configs: [{ targets: ['${exporter}'] }]
`;
}

/** When Prometheus itself says that its only alert began, to the millisecond. */
async function activeSince(prometheus: Prometheus): Promise<string> {
  const response = await fetch(`${prometheus.url}/api/v1/alerts`);
  const { data } = (await response.json()) as { data: { alerts: { activeAt: string }[] } };
  return new Date(data.alerts[0]!.activeAt).toISOString();
}
