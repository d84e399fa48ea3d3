import { expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { type Alertmanager, type PostedAlert, startAlertmanagerAt } from './alertmanager.ts';
import { temporaryFolder, withFreePort } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';
import { startSidecar } from './sidecar.ts';

const firing = (alertname: string): PostedAlert => ({
  labels: { alertname, namespace: 'shop', service: 'checkout', severity: 'warning' },
  annotations: { summary: alertname },
  startsAt: new Date(systemClock.now() - 61_003).toISOString(),
});

describeWith(['alertmanager'], 'what a webhook of a real Alertmanager does not tell', () => {
  it('is fetched at the start, but for what is silenced', async () => {
    const alertmanager = await start(config([]));
    const [heard, silenced] = [firing('HighLatency'), firing('Boring')];
    await silence(alertmanager, 'Boring');
    await alertmanager.post([heard, silenced]);
    await until('the silence to hold', async () => {
      const states = (await alertmanager.alerts()).map(({ status }) => status.state);
      return states.includes('suppressed') && states.includes('active');
    });
    const sidecar = await startSidecar({ folder: temporaryFolder(), config: pronoiaConfig(alertmanager) });
    const [incident] = await until('an incident', async () => {
      const incidents = await sidecar.incidents();
      return incidents.length > 0 && incidents;
    });
    const { members } = await sidecar.incident(incident.id);
    expect(members).toHaveLength(1);
    expect(members[0]).toMatchObject({ labels: heard.labels, startsAt: heard.startsAt, endsAt: null });
    expect(await sidecar.metric('pronoia_reconciled_alerts_total{difference="missed"}')).toBe(1);
  });

  it('is fetched when a message was cut short by max_alerts', async () => {
    const folder = temporaryFolder();
    const sidecar = await startSidecar({ folder });
    const webhook = `- { url: "${sidecar.url}/api/v1/alerts/webhook", max_alerts: 1 }`;
    const alertmanager = await start(config([webhook]));
    sidecar.child.kill('SIGTERM');
    await sidecar.child.exited;
    const again = await startSidecar({ folder, port: sidecar.port, config: pronoiaConfig(alertmanager) });
    await until('the first comparison', async () => {
      return (await again.metric('pronoia_reconciliations_total{result="succeeded"}')) === 1;
    });
    await alertmanager.post(['HighLatency', 'QueueFull', 'ErrorRate'].map(firing));
    await until('all three alerts', async () => (await again.incidents())[0]?.alerts === 3);
    expect(await again.incidents()).toHaveLength(1);
    // One came by webhook, and perhaps another with the next message, before the comparison.
    expect(await again.metric('pronoia_reconciled_alerts_total{difference="missed"}')).toBeGreaterThanOrEqual(1);
    expect(await again.metric('pronoia_reconciled_alerts_total{difference="ended"}')).toBe(0);
  });
});

function start(text: string): Promise<Alertmanager> {
  return withFreePort((port) => startAlertmanagerAt(port, temporaryFolder(), text));
}

async function silence({ url }: Alertmanager, alertname: string): Promise<void> {
  const now = systemClock.now();
  const response = await fetch(`${url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      matchers: [{ name: 'alertname', value: alertname, isRegex: false }],
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + 3_600_000).toISOString(),
      createdBy: 'somebody',
      comment: 'known',
    }),
  });
  expect(response.status).toBe(200);
}

function config(webhooks: readonly string[]): string {
  return `route: { receiver: pronoia, group_by: [namespace], group_wait: 200ms, group_interval: 500ms }
receivers:
  - name: pronoia
    webhook_configs: ${webhooks.length === 0 ? '[]' : `\n      ${webhooks.join('\n      ')}`}
`;
}

function pronoiaConfig({ url }: Alertmanager): string {
  return `alertmanagers: [{ url: "${url}" }]`;
}
