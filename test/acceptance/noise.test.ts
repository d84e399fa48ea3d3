import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { temporaryFolder } from './children.ts';
import { startPager } from './pager.ts';
import { until } from './polling.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const MINUTE = 60_000;

describe('what alerting has cost', () => {
  it('is measured from what is stored, over kill -9, and shown as JSON and as series', async () => {
    const folder = temporaryFolder();
    let sidecar = await startSidecar({ folder });
    const now = systemClock.now();
    const alert = (alertname: string, from: number, to?: number) => ({
      status: to === undefined ? 'firing' : 'resolved',
      labels: { alertname, namespace: 'shop', service: 'cart', severity: 'critical' },
      startsAt: new Date(now + from * MINUTE).toISOString(),
      ...(to !== undefined && { endsAt: new Date(now + to * MINUTE).toISOString() }),
    });
    for (const alerts of [
      [alert('Slow', -30), alert('Full', -29)],
      [alert('Slow', -30), alert('Full', -29), alert('Down', -28)],
      [alert('Slow', -30, -10), alert('Full', -29, -10), alert('Down', -28, -10)],
    ]) {
      await webhook(sidecar, alerts);
    }
    await until('the end to be told', async () => {
      return (await sidecar.metric('pronoia_incident_events_total{kind="resolved"}')) === 1;
    });
    const before = await noise(sidecar);
    expect(before).toMatchObject({
      firings: 3,
      ledger: { paged: 1, grouped: 2, duplicate: 0, late: 0 },
      incidents: 1,
      truncated: false,
    });
    expect(before.notifications).toMatchObject({ received: 2, groupBy: ['namespace'] });
    expect(before.times.resolve).toEqual({ count: 1, medianSeconds: 1200, p90Seconds: 1200 });
    expect(before.rules.map(({ alertname }: { alertname: string }) => alertname).sort()).toEqual([
      'Down',
      'Full',
      'Slow',
    ]);
    expect(await sidecar.metric('pronoia_ledger_firings{account="grouped"}')).toBe(2);
    expect(await sidecar.metric('pronoia_incident_time_to_resolve_seconds{percentile="50"}')).toBe(1200);

    sidecar.child.kill('SIGKILL');
    await sidecar.child.exited;
    sidecar = await startSidecar({ folder });
    const after = await noise(sidecar);
    expect({ ...after, from: '', to: '', notifications: '' }).toEqual({
      ...before,
      from: '',
      to: '',
      notifications: '',
    });
  });

  it('refuses what it does not understand', async () => {
    const sidecar = await startSidecar({ folder: temporaryFolder() });
    for (const query of ['window=soon', 'window=1s', 'group_by=a-b']) {
      const { status, text } = await sidecar.get(`/api/v1/noise?${query}`);
      expect([query, status, JSON.parse(text).errorType]).toEqual([query, 400, 'bad_data']);
    }
    expect((await sidecar.get('/api/v1/noise?window=7d&group_by=')).data.notifications.groupBy).toEqual([]);
  });
});

describe('a webhook that is told of incidents', () => {
  it('gets what it missed after kill -9, each message once or under the same key', async () => {
    const folder = temporaryFolder();
    const pager = await startPager();
    pager.status = 503;
    const config = `notify: [{ webhook: { url: "${pager.url}" } }]`;
    let sidecar = await startSidecar({ folder, config });
    const labels = { alertname: 'Slow', namespace: 'shop', service: 'cart', severity: 'critical' };
    const startsAt = new Date(systemClock.now() - 10 * MINUTE).toISOString();
    await webhook(sidecar, [{ status: 'firing', labels, startsAt }]);
    await until('an attempt', async () => {
      return (await sidecar.metric('pronoia_notification_failed_requests_total{receiver="notify[0].webhook"}'))! > 0;
    });
    sidecar.child.kill('SIGKILL');
    await sidecar.child.exited;
    pager.status = 200;
    sidecar = await startSidecar({ folder, config });
    const endsAt = new Date(systemClock.now() - 5 * MINUTE).toISOString();
    await webhook(sidecar, [{ status: 'resolved', labels, startsAt, endsAt }]);
    await until('the end', () => pager.pages.length === 2);
    expect(pager.pages.map(({ body }) => [body.sequence, body.event])).toEqual([
      [1, 'new'],
      [2, 'resolved'],
    ]);
    expect(pager.pages.map(({ headers, body }) => headers['idempotency-key'] === body.key)).toEqual([true, true]);
  });
});

async function webhook(sidecar: Sidecar, alerts: readonly object[]): Promise<void> {
  const body = { version: '4', groupKey: '{}', groupLabels: {}, truncatedAlerts: 0, receiver: 'pronoia', alerts };
  const { status, text } = await sidecar.post('/api/v1/alerts/webhook', JSON.stringify(body));
  expect([status, text]).toEqual([200, expect.any(String)]);
}

async function noise(sidecar: Sidecar) {
  const { status, data } = await sidecar.get('/api/v1/noise');
  expect(status).toBe(200);
  return data;
}
