import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIncidentRoutes } from '../../src/incidents/api.ts';
import { serveRoutes } from '../emit/served-routes.ts';
import { alertOf, anomalyOf } from './alert-builders.ts';
import { OPTIONS, PipelineBench } from './pipeline-bench.ts';

const PATH = '/api/v1/incidents';
let bench: PipelineBench;
let served: Awaited<ReturnType<typeof serveRoutes>>;

beforeEach(async () => {
  bench = new PipelineBench();
  const { store, pipeline } = bench;
  served = await serveRoutes(
    createIncidentRoutes({ store, deeds: pipeline, now: () => bench.clock.now(), windows: () => OPTIONS }),
  );
});

afterEach(async () => {
  await served.stop();
  bench.remove();
});

async function get(path: string) {
  const response = await fetch(served.url + path);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function post(path: string, body: unknown, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(served.url + path, { method: 'POST', body: text, headers: { 'Content-Type': type } });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

const openOne = (service: string, at: number, to?: number) => {
  const labels = { alertname: 'Slow', severity: 'critical', namespace: 'shop', service };
  const times = to === undefined ? { from: at - 1, summary: 'it is slow' } : { from: at - 1, to };
  bench.deliver(at, [alertOf(labels, times)]);
  return bench.store.incidents({ state: 'all', limit: 1 })[0]!.id;
};

describe('one incident', () => {
  it('is shown with its members, why they are in it, and its timeline', async () => {
    const id = openOne('cart', 1);
    bench.pipeline.receiveAnomaly(anomalyOf({ __name__: 'latency', namespace: 'shop', service: 'cart' }, { from: 0 }));
    bench.clock.advance(1000);
    const { status, body } = await get(`${PATH}/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'success',
      data: {
        id,
        title: 'Slow on service shop/cart',
        state: 'open',
        severity: 'critical',
        cluster: '',
        startsAt: '2026-11-22T12:00:00.000Z',
        openedAt: '2026-11-22T12:01:00.000Z',
        acknowledgedAt: null,
        acknowledgedBy: '',
        resolvedAt: null,
        resolvedBy: '',
        reopened: 0,
        alerts: 1,
        firing: 1,
        anomalies: 1,
        members: [
          {
            kind: 'alert',
            role: 'symptom',
            startsAt: '2026-11-22T12:00:00.000Z',
            endsAt: null,
            labels: { alertname: 'Slow', namespace: 'shop', service: 'cart', severity: 'critical' },
            entity: { cluster: '', kind: 'service', namespace: 'shop', name: 'cart' },
            admittedAt: '2026-11-22T12:01:00.000Z',
            reasons: [{ kind: 'first', value: 1, text: 'opened the incident' }],
            fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
            annotations: { summary: 'it is slow' },
            generatorURL: '',
            extra: {},
          },
          expect.objectContaining({
            kind: 'anomaly',
            role: 'evidence',
            labels: { __name__: 'latency', namespace: 'shop', service: 'cart' },
            peakScore: 3,
            direction: 1,
            expected: 1,
            reasons: [
              { kind: 'entity', value: 1, text: 'same service:shop/cart' },
              { kind: 'time', value: 1, text: 'began while the incident grew' },
            ],
          }),
        ],
        timeline: [
          { at: '2026-11-22T12:01:00.000Z', kind: 'opened', by: '', comment: '', count: 1 },
          { at: '2026-11-22T12:01:01.000Z', kind: 'evidence', by: '', comment: '', count: 1 },
        ],
      },
    });
  });

  it('that does not exist is not found', async () => {
    for (const id of ['0123456789abcdef', 'x', "'; DROP TABLE incidents; --"]) {
      const { status, body } = await get(`${PATH}/${encodeURIComponent(id)}`);
      expect([status, body.status, body.errorType]).toEqual([404, 'error', 'not_found']);
    }
  });
});

describe('the list', () => {
  it('is newest first, by state, in pages', async () => {
    const ids = [openOne('a', 1, 1), openOne('b', 2), openOne('c', 3)];
    const list = async (query: string) => (await get(`${PATH}${query}`)).body.data;
    const idsOf = (data: { incidents: { id: string }[] }) => data.incidents.map(({ id }) => id);
    expect(idsOf(await list(''))).toEqual(ids.toReversed());
    expect(idsOf(await list('?state=open'))).toEqual([ids[2], ids[1]]);
    expect(idsOf(await list('?state=resolved'))).toEqual([ids[0]]);
    const first = await list('?state=all&limit=2');
    expect(idsOf(first)).toEqual([ids[2], ids[1]]);
    const second = await list(`?state=all&limit=2&after=${first.next}`);
    expect([idsOf(second), second.next]).toEqual([[ids[0]], null]);
  });

  it.each([
    ['state=closed', /state has to be one of open, resolved, all/],
    ['state=open&state=all', /state has to be one of/],
    ['limit=0', /limit has to be a number from 1 to 1000/],
    ['limit=1001', /limit/],
    ['limit=x', /limit/],
    ['after=x', /after has to be what the page before gave as next/],
  ])('refuses %s', async (query, sentence) => {
    const { status, body } = await get(`${PATH}?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringMatching(sentence) });
  });
});

describe('what people do', () => {
  it('is recorded with who and when', async () => {
    const id = openOne('cart', 1);
    const acknowledged = await post(`${PATH}/${id}/acknowledge`, { by: ' ann ', comment: 'on it' });
    expect(acknowledged).toMatchObject({
      status: 200,
      body: { data: { state: 'acknowledged', acknowledgedBy: 'ann' } },
    });
    const resolved = await post(`${PATH}/${id}/resolve`, { by: 'bob' });
    expect(resolved).toMatchObject({
      status: 200,
      body: { data: { state: 'resolved', resolvedBy: 'bob', resolvedAt: '2026-11-22T12:01:00.000Z' } },
    });
    const { timeline } = (await get(`${PATH}/${id}`)).body.data;
    expect(timeline.slice(1)).toEqual([
      { at: '2026-11-22T12:01:00.000Z', kind: 'acknowledged', by: 'ann', comment: 'on it', count: 0 },
      { at: '2026-11-22T12:01:00.000Z', kind: 'resolved', by: 'bob', comment: '', count: 0 },
    ]);
  });

  it.each<[string, unknown, string, number, RegExp]>([
    ['nobody', {}, 'application/json', 400, /say who does it/],
    ['an empty name', { by: ' ' }, 'application/json', 400, /say who does it/],
    ['a list', [], 'application/json', 400, /say who does it/],
    ['another type', { by: 'ann' }, 'text/plain', 400, /Content-Type: application\/json/],
    ['a comment that is no text', { by: 'ann', comment: 1 }, 'application/json', 400, /comment has to be a text/],
    ['broken JSON', '{"by":', 'application/json', 400, /can't be read/],
    ['a body of 100 kB', { by: 'ann', comment: 'x'.repeat(100_000) }, 'application/json', 413, /can't be read/],
  ])('is refused from %s', async (_, body, type, status, sentence) => {
    const id = openOne('cart', 1);
    const answer = await post(`${PATH}/${id}/acknowledge`, body, type);
    expect(answer).toEqual({
      status,
      body: { status: 'error', errorType: 'bad_data', error: expect.stringMatching(sentence) },
    });
  });

  it('is a conflict when it is done already, and not found for an unknown incident', async () => {
    const id = openOne('cart', 1, 1);
    const late = await post(`${PATH}/${id}/resolve`, { by: 'ann' });
    expect(late).toMatchObject({
      status: 409,
      body: { errorType: 'conflict', error: 'the incident is resolved already' },
    });
    expect((await post(`${PATH}/0123456789abcdef/resolve`, { by: 'ann' })).status).toBe(404);
  });
});
