import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAlertmanagerView } from '../../src/alertmanager/view.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLabels } from '../../src/model/labels.ts';
import { serveRoutes } from '../emit/served-routes.ts';
import { minute } from '../incidents/alert-builders.ts';
import { summaryOf } from '../notify/summaries.ts';

const INCIDENTS = [
  summaryOf({ id: 'a', severity: 'critical', cluster: 'east' }),
  summaryOf({ id: 'b', namespaces: ['shop', 'db'], title: 'Down on node n1' }),
];
let served: Awaited<ReturnType<typeof serveRoutes>>;

beforeEach(async () => {
  served = await serveRoutes(
    createAlertmanagerView({
      clock: new ManualClock(minute(10)),
      version: '1.2.3',
      openIncidents: () => INCIDENTS,
      alertOptions: () => ({ externalLabels: createLabels([['region', 'eu']]), clusterLabel: 'k8s', externalUrl: '' }),
    }),
  );
});
afterEach(() => served.stop());

async function get(path: string) {
  const response = await fetch(served.url + path);
  // biome-ignore lint/suspicious/noExplicitAny: tests read the API as strangers do.
  return { status: response.status, body: (await response.json()) as any };
}

async function idsOf(query: string): Promise<string[]> {
  const { body } = await get(`/api/v2/alerts?${query}`);
  return body.map(({ labels }: { labels: Record<string, string> }) => labels.pronoia_incident);
}

it('shows an open incident as an alert that fires', async () => {
  const { body } = await get('/api/v2/alerts');
  expect(body).toHaveLength(2);
  expect(body[0]).toEqual({
    labels: {
      alertname: 'PronoiaIncident',
      k8s: 'east',
      namespace: 'shop',
      pronoia_incident: 'a',
      region: 'eu',
      severity: 'critical',
    },
    annotations: {
      summary: 'Slow on service shop/cart',
      description: '1 alert, 1 firing: Slow\nAbout service:shop/cart',
    },
    startsAt: new Date(minute(-1)).toISOString(),
    endsAt: new Date(minute(15)).toISOString(),
    updatedAt: new Date(minute(0)).toISOString(),
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    receivers: [{ name: 'pronoia' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
  });
  expect(body[1].labels).not.toHaveProperty('namespace');
});

it('shows each as a group of its own', async () => {
  const { body } = await get('/api/v2/alerts/groups?filter=severity=critical');
  expect(body).toEqual([
    {
      labels: expect.objectContaining({ pronoia_incident: 'a' }),
      receiver: { name: 'pronoia' },
      alerts: [expect.anything()],
    },
  ]);
});

it.each([
  ['filter=severity="critical"', ['a']],
  ['filter=severity=critical', ['a']],
  ['filter=severity!=critical', ['b']],
  ['filter=namespace=~"sh.*"&filter=k8s=east', ['a']],
  ['filter=namespace=""', ['b']],
  ['filter="severity"=~"crit.*|warning"', ['a', 'b']],
  ['filter=severity!~"crit"', ['a', 'b']],
  ['active=false', []],
  ['silenced=false&inhibited=false&unprocessed=false&active=true', ['a', 'b']],
  ['receiver=pro.*', ['a', 'b']],
  ['receiver=pro', []],
])('takes the parameters of Alertmanager: %s', async (query, expected) => {
  const encoded = query
    .replace(/"/g, '%22')
    .replace(/\|/g, '%7C')
    .replace(/(filter=)([^&]*)/g, (_, name, value) => {
      return name + value.replaceAll('=', '%3D');
    });
  expect(await idsOf(encoded)).toEqual(expected);
});

it.each(['filter=severity', 'filter=a=~"("', 'filter=a="b', 'active=maybe', 'receiver=('])(
  'refuses %s with a sentence, as Alertmanager does',
  async (query) => {
    const { status, body } = await get(`/api/v2/alerts?${query}`);
    expect([status, typeof body]).toEqual([400, 'string']);
  },
);
