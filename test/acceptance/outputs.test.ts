import { execFileSync } from 'node:child_process';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { type Alertmanager, type PostedAlert, startAlertmanager, startAlertmanagerAt } from './alertmanager.ts';
import { temporaryFolder, withFreePort } from './children.ts';
import { startPager } from './pager.ts';
import { commandOf, describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const SHOP = { namespace: 'shop', service: 'checkout', severity: 'critical' };
const firing = (alertname: string, labels: Record<string, string> = SHOP): PostedAlert => ({
  labels: { alertname, ...labels },
  annotations: { summary: `${alertname} in <shop> & elsewhere` },
  startsAt: new Date(systemClock.now() - 601_003).toISOString(),
});
/** It has been quiet since for longer than an incident takes to be believed to be over. */
const ended = (alert: PostedAlert): PostedAlert => ({
  ...alert,
  endsAt: new Date(systemClock.now() - 200_007).toISOString(),
});

describeWith(['alertmanager', 'amtool'], 'incidents for those who speak Alertmanager', () => {
  let sidecar: Sidecar;
  const post = (...alerts: PostedAlert[]) => sidecar.post('/api/v2/alerts', JSON.stringify(alerts));
  const amtool = (...args: string[]) =>
    execFileSync(commandOf('amtool'), [`--alertmanager.url=${sidecar.url}`, ...args], {
      encoding: 'utf8',
      // It warns that our version is not its own.
      stdio: ['ignore', 'pipe', 'ignore'],
    });

  beforeEach(async () => {
    sidecar = await startSidecar({ folder: temporaryFolder() });
  });

  it('are listed, filtered and shown by amtool', async () => {
    await post(firing('HighLatency'), firing('QueueFull'));
    await post(firing('DiskFull', { namespace: 'db', instance: 'db-1', severity: 'warning' }));
    const list = (...matchers: string[]) => JSON.parse(amtool('alert', 'query', '-o', 'json', ...matchers));
    expect(list()).toHaveLength(2);
    const [shop, ...others] = list('severity=critical', 'namespace=~sh.p');
    expect(others).toEqual([]);
    const [, incident] = await sidecar.incidents();
    expect(shop).toMatchObject({
      labels: {
        alertname: 'PronoiaIncident',
        pronoia_incident: incident.id,
        severity: 'critical',
        namespace: 'shop',
      },
      annotations: { summary: incident.title },
      startsAt: incident.startsAt,
      status: { state: 'active' },
    });
    expect(amtool('alert', 'query')).toContain(incident.title);
    expect(list('severity!=critical')).toHaveLength(1);
    expect(amtool('config', 'show')).toContain('receiver: pronoia');
    expect(JSON.parse(amtool('silence', 'query', '-o', 'json'))).toEqual([]);
    expect(await sidecar.get(`/api/v2/alerts?filter=${encodeURIComponent('severity=~"("')}`)).toMatchObject({
      status: 400,
      text: expect.stringContaining('bad matcher format'),
    });
  });
});

describeWith(['alertmanager'], "answers for readers of Alertmanager's API", () => {
  it('have the shape of a real one', async () => {
    const sidecar = await startSidecar({
      folder: temporaryFolder(),
      flags: ['--web.external-url=http://pronoia.example.org'],
    });
    const alertmanager = await startAlertmanager(`${sidecar.url}/api/v1/alerts/webhook`);
    await alertmanager.post([{ ...firing('HighLatency'), generatorURL: 'http://prometheus.example.org/graph' }]);
    await until('the incident', async () => (await sidecar.incidents()).length === 1);
    for (const path of ['alerts', 'alerts/groups', 'receivers', 'status', 'silences']) {
      const [ours, theirs] = await Promise.all(
        [sidecar, alertmanager].map(async ({ url }) => (await fetch(`${url}/api/v2/${path}`)).json()),
      );
      expect([path, shapeOf(ours)]).toEqual([path, shapeOf(theirs)]);
    }
  });
});

describeWith(['alertmanager'], 'incidents posted back to a real Alertmanager', () => {
  let folder: string;
  let port: number;
  let config: string;
  let pager: Awaited<ReturnType<typeof startPager>>;
  let sidecar: Sidecar;
  let alertmanager: Alertmanager;

  beforeEach(async () => {
    folder = temporaryFolder();
    pager = await startPager();
    const sidecarFolder = temporaryFolder();
    // The two have to know each other's address: the sidecar takes its port first.
    sidecar = await startSidecar({ folder: sidecarFolder });
    config = alertmanagerConfig(`${sidecar.url}/api/v1/alerts/webhook`, pager.url);
    alertmanager = await withFreePort((free) => {
      port = free;
      return startAlertmanagerAt(port, folder, config);
    });
    sidecar.child.kill('SIGTERM');
    await sidecar.child.exited;
    sidecar = await startSidecar({
      folder: sidecarFolder,
      port: sidecar.port,
      config: pronoiaConfig(alertmanager.url),
    });
  });

  it('page once for many alerts, are updated, and resolve', async () => {
    const alerts = ['HighLatency', 'QueueFull'].map((name) => firing(name));
    await alertmanager.post(alerts);
    const [page] = await until('the page', () => pager.pages.length > 0 && pager.pages);
    const { id } = await onlyIncident();
    expect(page!.body).toMatchObject({ status: 'firing', groupLabels: { pronoia_incident: id } });
    expect(page!.body.alerts).toHaveLength(1);
    expect(page!.body.alerts[0]).toMatchObject({
      labels: { alertname: 'PronoiaIncident', severity: 'critical', namespace: 'shop' },
    });

    const late = firing('ErrorRate');
    await alertmanager.post([...alerts, late]);
    await until('the update', async () => {
      const posted = await postedAlerts();
      expect(posted).toHaveLength(1);
      return posted[0].annotations.description.includes('ErrorRate');
    });
    // Our own alert comes round with the webhook, and is not taken for one of the user's.
    expect(await sidecar.metric('pronoia_alerts_received_total{outcome="own"}')).toBeGreaterThan(0);
    expect(pager.pages).toHaveLength(1);

    await alertmanager.post([...alerts, late].map(ended));
    await until('the resolution', () => pager.pages.length > 1);
    expect(pager.pages.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
    expect(await postedAlerts()).toEqual([]);
    expect((await onlyIncident()).alerts).toBe(3);
  });

  it('outlive a stop of Alertmanager: nothing is lost, and nobody is paged again', async () => {
    const alerts = [firing('HighLatency')];
    await alertmanager.post(alerts);
    await until('the page', () => pager.pages.length > 0);
    const { id } = await onlyIncident();
    await alertmanager.stop();
    await until('the sidecar to miss Alertmanager', async () => {
      return (
        (await sidecar.metric('pronoia_notification_failed_requests_total{receiver="notify[0].alertmanager[0]"}'))! > 0
      );
    });
    alertmanager = await startAlertmanagerAt(port, folder, config);
    // Alertmanager keeps no alerts over a restart: it is told again, and then knows that it has paged already.
    await until('the incident to be back', async () => (await postedAlerts()).length === 1);
    await alertmanager.post(alerts);
    await until('Alertmanager to send its alerts again', async () => {
      return (await sidecar.metric('pronoia_alerts_received_total{outcome="own"}'))! >= 2;
    });
    expect(pager.pages).toHaveLength(1);
    expect(await onlyIncident()).toMatchObject({ id, state: 'open', alerts: 1, firing: 1, reopened: 0 });
  });

  it('resolve for the pager also when Alertmanager was away at their end', async () => {
    const alert = firing('HighLatency');
    await alertmanager.post([alert]);
    await until('the page', () => pager.pages.length > 0);
    await alertmanager.stop();
    const over = { ...ended(alert), status: 'resolved' };
    const webhook = { version: '4', groupKey: '{}', groupLabels: {}, receiver: 'pronoia', alerts: [over] };
    await sidecar.post('/api/v1/alerts/webhook', JSON.stringify(webhook));
    await until('the end of the incident', async () => (await onlyIncident()).state === 'resolved');
    alertmanager = await startAlertmanagerAt(port, folder, config);
    await until('the resolution', () => pager.pages.length > 1);
    expect(pager.pages.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
  });

  async function postedAlerts() {
    return (await alertmanager.alerts()).filter(({ labels }) => labels.pronoia_incident !== undefined);
  }

  async function onlyIncident() {
    const incidents = await sidecar.incidents();
    expect(incidents).toHaveLength(1);
    return incidents[0];
  }
});

/** The kinds of the values, those of lists by their first item. What only newer or clustered ones have is left out. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  const newer = ['mutedBy', 'name'];
  const entries = Object.entries(value).filter(([key]) => !newer.includes(key) || 'alerts' in value);
  const isDictionary = (key: string) => key === 'labels' || key === 'annotations';
  return Object.fromEntries(entries.map(([key, inner]) => [key, isDictionary(key) ? 'dictionary' : shapeOf(inner)]));
}

function pronoiaConfig(alertmanagerUrl: string): string {
  return `alertmanagers: [{ url: "${alertmanagerUrl}" }]
notify: [{ alertmanager: { resolve_timeout: 10s } }]
incidents: { notify_interval: 1s }
`;
}

/** Everything goes to Pronoia, its incidents go to the pager as well. */
function alertmanagerConfig(webhookUrl: string, pagerUrl: string): string {
  return `route:
  receiver: pronoia
  group_by: [namespace, service]
  group_wait: 200ms
  group_interval: 500ms
  repeat_interval: 1s
  routes:
    - receiver: pager
      matchers: ['pronoia_incident=~".+"']
      group_by: [pronoia_incident]
      repeat_interval: 1h
      continue: true
    - receiver: pronoia
receivers:
  - name: pronoia
    webhook_configs: [{ url: "${webhookUrl}" }]
  - name: pager
    webhook_configs: [{ url: "${pagerUrl}" }]
`;
}
