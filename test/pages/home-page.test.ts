import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import { createLabels } from '../../src/model/labels.ts';
import type { OutputGroup } from '../../src/model/output.ts';
import { createHomePage } from '../../src/pages/home-page.ts';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function page(
  groups: OutputGroup[],
  incidents: Partial<Incident>[] = [],
  forecasts: OutputGroup[] = [],
): Promise<{ html: string; policy: string | null }> {
  const routes = createHomePage({
    version: '1.2.3',
    seriesCount: () => 12_345,
    anomalyOutput: { families: [], groups: () => groups },
    forecastOutput: { families: [], groups: () => forecasts },
    openIncidents: () => incidents as Incident[],
    now: () => 3_600_000,
    externalUrl: 'https://ops.example.org/pronoia',
  });
  server = createServer(express().use(routes)).listen(0);
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return { html: await response.text(), policy: response.headers.get('content-security-policy') };
}

const group = (id: number, score: number, labels: Record<string, string>): OutputGroup => ({
  id,
  labels: () => createLabels(Object.entries({ metric: 'load', ...labels })),
  timestampMs: 0,
  values: [
    ['anomaly_score', score],
    ['anomaly_direction', 1],
    ['anomaly_expected', 1234.5678],
  ],
});

describe('the page for people', () => {
  it('says so when all is calm', async () => {
    const { html } = await page([group(1, 0.04, {})]);
    expect(html).toContain('<b>12,345</b> series known');
    expect(html).toContain('No incident is open.');
    expect(html).toContain('Nothing is unusual.');
  });

  it('shows what is most unusual first, and escapes what strangers wrote', async () => {
    const { html, policy } = await page([group(1, 0.7, { host: 'calm' }), group(2, 3.14, { host: '<script>"' })]);
    expect(html.indexOf('3.1 ↑')).toBeLessThan(html.indexOf('0.7 ↑'));
    expect(html).toContain('<b>1</b> series unusual now');
    expect(html).toContain('load{host=&#34;&#60;script&#62;\\&#34;&#34;}');
    expect(html).not.toContain('<script>');
    expect(html).toContain('1,235');
    expect(policy).toContain("default-src 'none'");
  });

  it('marks what recurs, and shows what is news before it', async () => {
    const recurring = group(1, 5, { host: 'chronic' });
    const { html } = await page([
      { ...recurring, values: [...recurring.values, ['anomaly_recurring', 1]] },
      group(2, 1.2, { host: 'news' }),
    ]);
    expect(html.indexOf('news')).toBeLessThan(html.indexOf('chronic'));
    expect(html.split('<small>recurring</small>')).toHaveLength(2);
  });

  it('shows what fills up next, the most urgent first, and leaves out what does not fill', async () => {
    const forecast = (mountpoint: string, quantile: string, seconds: number): OutputGroup => ({
      id: 0,
      labels: () => createLabels(Object.entries({ resource: 'filesystem', mountpoint, quantile })),
      timestampMs: 0,
      values: [['predict_full_in_seconds', seconds]],
    });
    const { html } = await page(
      [],
      [],
      [
        forecast('/later', '0.5', 200_000),
        forecast('/later', '0.1', 100_000),
        forecast('/never', '0.5', Number.POSITIVE_INFINITY),
        forecast('/soon', '0.5', 5400),
      ],
    );
    expect(html.indexOf('/soon')).toBeLessThan(html.indexOf('/later'));
    expect(html).toContain('<td>1h30m</td>');
    expect(html).toContain('<td>2d8h</td><td>1d4h</td><td>filesystem</td>');
    expect(html).not.toContain('/never');
  });

  it('shows open incidents with a link below the external URL', async () => {
    const incident = {
      id: 'abc',
      lead: 'HighLatency on service shop/cart',
      severity: 'critical',
      state: 'open',
      causes: [],
      impacted: [],
      alerts: 3,
      openedAt: 0,
      startsAt: 0,
    };
    const { html } = await page([], [incident as Partial<Incident>]);
    expect(html).toContain('href="https://ops.example.org/pronoia/incidents/abc"');
    expect(html).toContain('HighLatency on service shop/cart and 2 more');
    expect(html).toContain('<td>1h</td>');
    expect(html).toContain('<title>(1) Pronoia</title>');
  });
});
