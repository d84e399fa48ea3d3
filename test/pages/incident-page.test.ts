import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIncidentPage } from '../../src/pages/incident-page.ts';
import { alertOf, anomalyOf } from '../incidents/alert-builders.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';

let bench: PipelineBench;
let server: Server;

beforeEach(async () => {
  bench = new PipelineBench();
  const { store, clock } = bench;
  const routes = createIncidentPage({ store, now: () => clock.now(), externalUrl: 'https://ops.example.org/pronoia' });
  server = createServer(express().use(routes)).listen(0);
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  bench.remove();
});

async function get(id: string): Promise<{ status: number; html: string; policy: string | null }> {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/incidents/${id}`);
  const policy = response.headers.get('content-security-policy');
  return { status: response.status, html: await response.text(), policy };
}

const cart = { alertname: 'Slow<b>', namespace: 'shop', service: 'cart', severity: 'critical' };
const onlyId = () => bench.store.incidents({ state: 'all', limit: 2 })[0]!.id;

it('tells of an incident what a person needs, and lets nobody write markup into it', async () => {
  bench.pipeline.receiveAnomaly(anomalyOf({ __name__: 'latency', namespace: 'shop', service: 'cart' }, { from: 0 }));
  bench.deliver(1, [alertOf(cart, { from: 0 })]);
  const id = onlyId();
  bench.pipeline.people.acknowledge(id, { by: 'ann <i>', comment: 'looking' });
  const { html, policy, status } = await get(id);
  expect(status).toBe(200);
  expect(policy).toContain("default-src 'none'");
  expect(html).toContain('Slow&#60;b&#62; on service shop/cart');
  expect(html).toContain('critical · acknowledged · since ');
  expect(html).toContain('1 of 1 alert firing');
  expect(html).toContain('taken on by ann &#60;i&#62;');
  for (const heading of ['Probable causes', 'What to look at', 'Alerts', 'Unusual series', 'What happened']) {
    expect(html).toContain(`<h2>${heading}</h2>`);
  }
  expect(html).toContain(`href="https://ops.example.org/pronoia/api/v1/incidents/${id}"`);
  expect(html).not.toMatch(/<b>|<i>|undefined|NaN/);
});

it('marks anomalies that recur', async () => {
  const anomaly = anomalyOf({ __name__: 'latency', namespace: 'shop', service: 'cart' }, { from: 0 });
  bench.pipeline.receiveAnomaly({
    ...anomaly,
    reason: '9 where 1 is expected',
    recurring: 'the 6th like it in 14 days',
  });
  bench.deliver(1, [alertOf(cart, { from: 0 })]);
  bench.clock.advance(1000);
  expect((await get(onlyId())).html).toContain('recurring, the 6th like it in 14 days: 9 where 1 is expected');
});

it('links to where an alert is from only if that is a page', async () => {
  const from = (generatorUrl: string, instance: string) => ({
    ...alertOf({ ...cart, instance }, { from: 0 }),
    generatorUrl,
  });
  bench.deliver(1, [from('javascript:alert(1)', 'a'), from('http://prometheus/graph?g0.expr=x&g0.tab=1', 'b')]);
  const { html } = await get(onlyId());
  expect(html).not.toContain('javascript:');
  expect(html).toContain('href="http://prometheus/graph?g0.expr=x&#38;g0.tab=1"');
});

it('leads on from one that became part of another', async () => {
  bench.deliver(1, [alertOf(cart, { from: 0 })]);
  bench.deliver(2, [alertOf({ ...cart, alertname: 'Down', service: 'orders' }, { from: 1 })]);
  const [younger, older] = bench.store.incidents({ state: 'all', limit: 2 });
  bench.pipeline.people.merge(older!.id, younger!.id, { by: 'ann', comment: '' });
  const { html } = await get(younger!.id);
  expect(html).toContain(`href="https://ops.example.org/pronoia/incidents/${older!.id}">another incident</a>`);
  expect(html).not.toContain('<h2>Probable causes</h2>');
});

it('says so when there is none', async () => {
  const { status, html } = await get('<script>');
  expect(status).toBe(404);
  expect(html).toContain('there is no incident');
  expect(html).not.toContain('<script>');
});
