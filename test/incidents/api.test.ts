import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIncidentRoutes } from '../../src/incidents/api.ts';
import { serveRoutes } from '../emit/served-routes.ts';
import { alertOf, anomalyOf, MINUTE } from './alert-builders.ts';
import { OPTIONS, PipelineBench } from './pipeline-bench.ts';

const PATH = '/api/v1/incidents';
let bench: PipelineBench;
let served: Awaited<ReturnType<typeof serveRoutes>>;

beforeEach(async () => {
  bench = new PipelineBench('disk');
  await serve();
});

async function serve() {
  const { store, pipeline } = bench;
  served = await serveRoutes(
    createIncidentRoutes({ store, deeds: pipeline.people, now: () => bench.clock.now(), windows: () => OPTIONS }),
  );
}

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
        growing: true,
        frozen: false,
        acknowledged: false,
        severity: 'critical',
        cluster: '',
        startsAt: '2026-11-22T12:00:00.000Z',
        openedAt: '2026-11-22T12:01:00.000Z',
        promotedAt: '2026-11-22T12:01:00.000Z',
        acknowledgedAt: null,
        acknowledgedBy: '',
        endedAt: null,
        resolvedAt: null,
        resolvedBy: '',
        reopened: 0,
        mergedInto: null,
        recurrenceOf: null,
        alerts: 1,
        firing: 1,
        anomalies: 1,
        servicesAffected: 0,
        rootCause: 'service:shop/cart',
        causes: [{ entity: 'service:shop/cart', p: 0.5, text: expect.any(String), evidence: ['Slow'] }],
        impact: { confirmed: ['service:shop/cart'], possible: [] },
        suggestedActions: expect.arrayContaining([
          {
            kind: 'check',
            text: 'Are its instances up, and are they saturated?',
            url: null,
            entity: 'service:shop/cart',
          },
        ]),
        feedback: [],
        members: [
          {
            kind: 'alert',
            role: 'symptom',
            startsAt: '2026-11-22T12:00:00.000Z',
            endsAt: null,
            labels: { alertname: 'Slow', namespace: 'shop', service: 'cart', severity: 'critical' },
            entity: { cluster: '', kind: 'service', namespace: 'shop', name: 'cart' },
            admittedAt: '2026-11-22T12:01:00.000Z',
            reasons: [{ kind: 'first', value: 1, text: expect.any(String) }],
            onsetAt: '2026-11-22T12:00:00.000Z',
            weak: false,
            pinned: false,
            alternatives: [],
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
            reasons: [expect.objectContaining({ kind: 'entity', text: 'on a thing of this incident' })],
          }),
        ],
        timeline: [
          { id: 1, at: '2026-11-22T12:01:00.000Z', kind: 'opened', by: '', comment: '', count: 1, detail: {} },
          { id: 2, at: '2026-11-22T12:01:01.000Z', kind: 'evidence', by: '', comment: '', count: 1, detail: {} },
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
    const ids = [openOne('a', 1, 1), openOne('b', 4), openOne('c', 5)];
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

describe('merge, split, undo and feedback', () => {
  const shown = async (id: string) => (await get(`${PATH}/${id}`)).body.data;
  const services = async (id: string) =>
    (await shown(id)).members.map(({ labels }: { labels: { service: string } }) => labels.service).sort();

  it('make one incident of two, the older one; a tombstone points there; undo brings both back', async () => {
    const [a, b] = [openOne('a', 1), openOne('b', 2)];
    const merged = await post(`${PATH}/${b}/merge`, { by: 'ann', comment: 'same', with: a });
    expect(merged).toMatchObject({ status: 200, body: { data: { id: a, state: 'open', alerts: 2, firing: 2 } } });
    expect(await shown(b)).toMatchObject({ state: 'merged', mergedInto: a, alerts: 0, members: [] });
    expect(await services(a)).toEqual(['a', 'b']);
    const { members, timeline } = await shown(a);
    expect(members[1]).toMatchObject({
      pinned: true,
      reasons: [{ kind: 'person', text: `ann merged ${b} into this incident` }],
    });
    expect(timeline.at(-1)).toMatchObject({
      kind: 'absorbed',
      by: 'ann',
      comment: 'same',
      count: 1,
      detail: { incident: b },
    });
    expect((await post(`${PATH}/${a}/merge`, { by: 'ann', with: b })).body.error).toMatch(/part of .* already/);

    await served.stop();
    bench.killAndStart();
    await serve();
    const undone = await bench.pipeline.people.undo(a, undefined, { by: 'bob', comment: '' });
    expect(undone).toMatchObject({ id: a, alerts: 1, firing: 1 });
    expect([await services(a), await services(b)]).toEqual([['a'], ['b']]);
    expect(await shown(b)).toMatchObject({ state: 'open', mergedInto: null });
    expect((await shown(a)).timeline.at(-1)).toMatchObject({ kind: 'undone', by: 'bob', count: 1 });
  });

  it('take firings out into an incident of their own, where later deliveries leave them', async () => {
    const [a, b] = [openOne('a', 1), openOne('b', 2)];
    await post(`${PATH}/${a}/merge`, { by: 'ann', with: b });
    const split = await post(`${PATH}/${a}/split`, { by: 'ann', entities: ['service:shop/b'] });
    expect(split).toMatchObject({ status: 200, body: { data: { state: 'open', alerts: 1 } } });
    const { id } = split.body.data;
    expect([a, b]).not.toContain(id);
    openOne('b', 2);
    bench.deliver(9, [
      alertOf({ alertname: 'Slow', severity: 'critical', namespace: 'shop', service: 'b' }, { from: 1, to: 3 }),
    ]);
    expect(await shown(id)).toMatchObject({ state: 'resolved', firing: 0 });
    expect(await services(id)).toEqual(['b']);
    const back = await post(`${PATH}/${a}/undo`, { by: 'ann' });
    expect(back.body.data).toMatchObject({ id: a, alerts: 2, firing: 1 });
    expect(await shown(id)).toMatchObject({ state: 'merged', mergedInto: a });
  });

  it('take back an acknowledgement, a resolve, or a certain deed', async () => {
    const id = openOne('a', 1);
    await post(`${PATH}/${id}/acknowledge`, { by: 'ann' });
    await post(`${PATH}/${id}/resolve`, { by: 'ann' });
    expect((await post(`${PATH}/${id}/undo`, { by: 'ann' })).body.data.state).toBe('acknowledged');
    const { timeline } = await shown(id);
    const event = timeline.find(({ kind }: { kind: string }) => kind === 'acknowledged').id;
    expect((await post(`${PATH}/${id}/undo`, { by: 'ann', event })).body.data.state).toBe('open');
    expect((await post(`${PATH}/${id}/undo`, { by: 'ann' })).body.error).toBe('there is nothing to undo');
    expect((await post(`${PATH}/${id}/undo`, { by: 'ann', event: 1 })).body.error).toBe('event 1 cannot be undone');
  });

  it('keep what people think of the cause, until they take it back', async () => {
    const id = openOne('a', 1);
    const verdict = { by: 'ann', about: 'cause', verdict: 'wrong', entity: 'database:orders' };
    expect((await post(`${PATH}/${id}/feedback`, verdict)).status).toBe(200);
    expect((await shown(id)).feedback).toEqual([
      { at: '2026-11-22T12:01:00.000Z', comment: '', cause: 'service:shop/a', ...verdict },
    ]);
    await post(`${PATH}/${id}/undo`, { by: 'ann' });
    expect((await shown(id)).feedback).toEqual([]);
  });

  it.each<[string, string, unknown, number, RegExp]>([
    ['merge', 'no other', {}, 400, /say what to merge with/],
    ['merge', 'an unknown other', { with: '0123456789abcdef' }, 404, /there is no incident "0123456789abcdef"/],
    ['merge', 'itself', { with: 'self' }, 409, /with itself/],
    ['split', 'nothing', {}, 400, /say what to split off/],
    ['split', 'what is not there', { fingerprints: ['x'] }, 409, /none of these/],
    ['split', 'everything', { entities: ['service:shop/a'] }, 409, /leave something/],
    ['undo', 'no number', { event: 'x' }, 400, /event has to be/],
    ['feedback', 'no verdict', {}, 400, /verdict has to be "right" or "wrong"/],
    ['feedback', 'another subject', { about: 'weather', verdict: 'right' }, 400, /about has to be/],
    ['feedback', 'an entity that is no text', { verdict: 'wrong', entity: 1 }, 400, /entity has to be/],
  ])('%s is refused with %s', async (name, _, body, status, sentence) => {
    const id = openOne('a', 1);
    const own = (body as { with?: string }).with === 'self' ? { with: id } : body;
    const answer = await post(`${PATH}/${id}/${name}`, { by: 'ann', ...(own as object) });
    expect(answer).toMatchObject({ status, body: { status: 'error', error: expect.stringMatching(sentence) } });
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
      expect.objectContaining({ at: '2026-11-22T12:01:00.000Z', kind: 'acknowledged', by: 'ann', comment: 'on it' }),
      expect.objectContaining({ at: '2026-11-22T12:01:00.000Z', kind: 'resolved', by: 'bob', comment: '' }),
    ]);
  });

  it.each<[string, unknown, string, number, RegExp]>([
    ['nobody', {}, 'application/json', 400, /say who does it/],
    ['an empty name', { by: ' ' }, 'application/json', 400, /say who does it/],
    ['a list', [], 'application/json', 400, /say who does it/],
    ['another type', { by: 'ann' }, 'text/plain', 400, /Content-Type: application\/json/],
    ['a comment that is no text', { by: 'ann', comment: 1 }, 'application/json', 400, /comment has to be a text/],
    ['broken JSON', '{"by":', 'application/json', 400, /can't be read/],
    ['a body of 2 MB', { by: 'ann', comment: 'x'.repeat(2_000_000) }, 'application/json', 413, /can't be read/],
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
    bench.clock.advance(3 * MINUTE);
    const late = await post(`${PATH}/${id}/resolve`, { by: 'ann' });
    expect(late).toMatchObject({
      status: 409,
      body: { errorType: 'conflict', error: 'the incident is resolved already' },
    });
    expect((await post(`${PATH}/0123456789abcdef/resolve`, { by: 'ann' })).status).toBe(404);
  });
});
