import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPeer } from '../../src/alertmanager/peer.ts';
import type { loadConfig } from '../../src/config/load.ts';
import { Secret } from '../../src/config/secret.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLabels } from '../../src/model/labels.ts';
import { createReceivers } from '../../src/notify/receivers.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';
import { notificationOf, summaryOf } from './summaries.ts';

type Notify = ReturnType<typeof loadConfig>['notify'];
type Entry = Notify[number];

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it as strangers do.
  readonly body: any;
}

const TOKEN = 'hunter2';
const OPEN = new AbortController().signal;
let server: Server;
let base: string;
let received: Received[];
let status: number;
let clock: ManualClock;
const files = new Map<string, string>();

beforeEach(async () => {
  received = [];
  status = 200;
  clock = new ManualClock(minute(5));
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({ url: request.url!, headers: request.headers, body: JSON.parse(text) });
    response.writeHead(status).end(`no: ${request.headers.authorization}, ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

function receiversOf(entry: Partial<Entry>) {
  const options = {
    clock,
    fetch,
    version: '1',
    externalUrl: 'https://pronoia.example.org',
    externalLabels: createLabels([
      ['region', 'eu'],
      ['severity', 'none'],
    ]),
    clusterLabel: 'cluster',
    readSecret: async (path: string) => files.get(path) ?? Promise.reject(new Error('no such file')),
  };
  const peers = ['/a', '/b/'].map((path) =>
    createPeer({ url: base + path, headers: new Map(), timeoutMs: 1000, ...NOTHING }, options),
  );
  return createReceivers([{ webhook: undefined, slack: undefined, alertmanager: undefined, ...entry }], peers, options);
}

const NOTHING = { basicAuth: undefined, bearerToken: undefined, bearerTokenFile: undefined, receiver: undefined };
const webhookTo = (url: string, more: object = {}) => ({
  webhook: { url: new Secret(url), urlFile: undefined, headers: new Map(), timeoutMs: 1000, ...NOTHING, ...more },
});

describe('a webhook', () => {
  it('gets the message as JSON, with a key by which a repetition is known', async () => {
    const [webhook] = receiversOf(webhookTo(`${base}/hook`, { bearerToken: new Secret(TOKEN) }));
    const incident = summaryOf({ causes: [{ entity: 'database:shop/db', p: 0.8, text: 'it is the database' }] });
    expect(await webhook!.send(notificationOf({ incident }), OPEN)).toMatchObject({ kind: 'sent' });
    expect(webhook!.name).toBe('notify[0].webhook');
    const { headers, body } = received[0]!;
    expect(headers).toMatchObject({
      'idempotency-key': '00000000000000a1/1',
      authorization: `Bearer ${TOKEN}`,
      'user-agent': 'pronoia/1',
    });
    expect(body).toEqual({
      version: '1',
      key: '00000000000000a1/1',
      event: 'new',
      sequence: 1,
      at: '2026-11-22T12:01:00.000Z',
      text: 'Probable cause: it is the database (80 %)\n1 alert, 1 firing: Slow\nAbout service:shop/cart',
      url: 'https://pronoia.example.org/incidents/00000000000000a1',
      incident: expect.objectContaining({
        id: '00000000000000a1',
        state: 'open',
        startsAt: '2026-11-22T11:59:00.000Z',
        resolvedAt: null,
        kinds: [{ alertname: 'Slow', alerts: 1, firing: 1 }],
        causes: [{ entity: 'database:shop/db', p: 0.8, text: 'it is the database' }],
      }),
    });
  });

  it('whose answer is not 2xx is tried again or given up, and no secret is in what it said', async () => {
    const [webhook] = receiversOf(webhookTo(`${base}/${TOKEN}/hook`, { bearerToken: new Secret(TOKEN) }));
    for (const [answer, kind] of [
      [503, 'later'],
      [429, 'later'],
      [404, 'never'],
      [302, 'never'],
    ] as const) {
      status = answer;
      const outcome = await webhook!.send(notificationOf(), OPEN);
      expect(outcome).toMatchObject({ kind, status: answer });
      expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    }
  });

  it('whose URL is in a file is found there at each message, and waited for when it is not', async () => {
    const [webhook] = receiversOf(webhookTo('', { url: undefined, urlFile: '/run/url' }));
    expect(await webhook!.send(notificationOf(), OPEN)).toMatchObject({ kind: 'later', answer: /cannot be read/ });
    files.set('/run/url', 'nothing');
    expect(await webhook!.send(notificationOf(), OPEN)).toMatchObject({ kind: 'later', answer: /does not hold a URL/ });
    files.set('/run/url', `${base}/from-file\n`);
    expect(await webhook!.send(notificationOf(), OPEN)).toMatchObject({ kind: 'sent' });
    expect(received[0]!.url).toBe('/from-file');
  });
});

describe('Slack', () => {
  const slack = () =>
    receiversOf({ slack: { url: new Secret(`${base}/T0/B0`), urlFile: undefined, timeoutMs: 1000 } })[0]!;

  it('gets text and blocks, in which nothing of an alert is markup', async () => {
    const incident = summaryOf({ title: 'A <!channel> & B|C' });
    await slack().send(notificationOf({ incident }), OPEN);
    const { text, blocks } = received[0]!.body;
    expect(text).toBe('New incident: A &lt;!channel&gt; &amp; B|C');
    expect(
      blocks[0].text.text,
    ).toBe(`:rotating_light: *New incident* (warning): <https://pronoia.example.org/incidents/00000000000000a1|A &lt;!channel&gt; &amp; B/C>
1 alert, 1 firing: Slow
About service:shop/cart`);
    expect(blocks[1].elements[0].text).toBe('incident 00000000000000a1 · message 1');
  });

  it('gets no text that it would refuse for its length', async () => {
    const kinds = Array.from({ length: 8 }, (_, i) => ({ alertname: `${i}<`.repeat(1000), alerts: 1, firing: 1 }));
    await slack().send(notificationOf({ incident: summaryOf({ kinds }) }), OPEN);
    expect(received[0]!.body.blocks[0].text.text.length).toBeLessThanOrEqual(3000);
  });
});

describe('Alertmanager', () => {
  const receivers = () => receiversOf({ alertmanager: { resolveTimeoutMs: 2 * MINUTE } });
  const iso = (at: number) => new Date(minute(at)).toISOString();

  it('gets one alert for an incident, each peer by itself', async () => {
    const [a, b] = receivers();
    expect([a!.name, b!.name]).toEqual(['notify[0].alertmanager[0]', 'notify[0].alertmanager[1]']);
    await a!.send(notificationOf({ incident: summaryOf({ cluster: 'east' }) }), OPEN);
    await b!.send(notificationOf(), OPEN);
    expect(received.map(({ url }) => url)).toEqual(['/a/api/v2/alerts', '/b/api/v2/alerts']);
    expect(received[0]!.body).toEqual([
      {
        labels: {
          alertname: 'PronoiaIncident',
          pronoia_incident: '00000000000000a1',
          severity: 'warning',
          namespace: 'shop',
          cluster: 'east',
          region: 'eu',
        },
        annotations: {
          summary: 'Slow on service shop/cart',
          description: '1 alert, 1 firing: Slow\nAbout service:shop/cart',
          incident_url: 'https://pronoia.example.org/incidents/00000000000000a1',
        },
        startsAt: iso(-1),
        endsAt: iso(7),
        generatorURL: 'https://pronoia.example.org/incidents/00000000000000a1',
      },
    ]);
  });

  it('keeps the labels, whatever else changes, until the end', async () => {
    const [a] = receivers();
    await a!.send(notificationOf({ severityBefore: 'warning', event: 'grew' }), OPEN);
    const incident = summaryOf({ state: 'resolved', namespaces: ['shop', 'db'], alerts: 9 });
    await a!.send(notificationOf({ severityBefore: 'warning', event: 'resolved', at: minute(4), incident }), OPEN);
    expect(received.map(({ body }) => body.length)).toEqual([1, 1]);
    expect(received[1]!.body[0].labels).toEqual(received[0]!.body[0].labels);
    expect(received[1]!.body[0].endsAt).toBe(iso(4));
  });

  it('ends the alert of the severity before', async () => {
    const [a] = receivers();
    const incident = summaryOf({ severity: 'critical' });
    await a!.send(notificationOf({ event: 'severity_changed', severityBefore: '', at: minute(4), incident }), OPEN);
    const shown = received[0]!.body.map(({ labels, endsAt }: Received['body']) => [labels.severity, endsAt]);
    expect(shown).toEqual([
      ['critical', iso(7)],
      ['none', iso(4)],
    ]);
  });

  it('is told of many open incidents in requests of 256', async () => {
    const [a] = receivers();
    expect(a!.refresh!.everyMs).toBe(MINUTE);
    const open = Array.from({ length: 300 }, (_, i) => notificationOf({ incident: summaryOf({ id: String(i) }) }));
    await a!.refresh!.send(open, OPEN);
    expect(received.map(({ body }) => body.length)).toEqual([256, 44]);
  });
});
