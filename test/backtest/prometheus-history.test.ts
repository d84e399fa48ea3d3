import { describe, expect, it } from 'vitest';
import { queryHistory } from '../../src/backtest/prometheus-history.ts';
import { ManualClock } from '../../src/model/clock.ts';

interface Asked {
  readonly url: string;
  readonly start: number;
  readonly end: number;
  readonly authorization: string | undefined;
}

/** A server that knows one series, whose value is its time, and gives at most so many steps at once. */
function server(mostSteps = 11_000, answer?: () => Response) {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: { body: string; headers: Record<string, string> }) => {
    const form = new URLSearchParams(init.body);
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name))) as [
      number,
      number,
      number,
    ];
    asked.push({ url, start, end, authorization: init.headers.Authorization });
    if (answer !== undefined) return answer();
    const count = Math.floor((end - start) / step) + 1;
    if (count > mostSteps) return json(422, { status: 'error', errorType: 'execution', error: 'too many samples' });
    const values = Array.from({ length: count }, (_, i) => [start + i * step, String(start + i * step)]);
    return json(200, {
      data: { resultType: 'matrix', result: [{ metric: { __name__: 'm', b: '2', a: '1' }, values }] },
    });
  };
  return { asked, fetch: fetch as unknown as typeof globalThis.fetch };
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

function ask(fetch: typeof globalThis.fetch, rest: Partial<Parameters<typeof queryHistory>[0]> = {}) {
  const request = { url: 'http://prom:9090', query: 'm', startMs: 0, endMs: 5000 * 60_000, stepMs: 60_000, ...rest };
  return queryHistory(request, { clock: new ManualClock(0), fetch, onProgress: () => {} });
}

describe('the history of a Prometheus', () => {
  it('is asked for in pieces that neither overlap nor leave anything out', async () => {
    const { asked, fetch } = server();
    const [series, ...others] = await ask(fetch, { startMs: 10_000 });
    expect(others).toEqual([]);
    expect(series!.name).toBe('m{a="1",b="2"}');
    expect([...series!.timestamps]).toEqual(Array.from({ length: 5001 }, (_, i) => i * 60_000));
    expect([...series!.values].at(-1)).toBe(300_000);
    expect(asked).toHaveLength(3);
  });

  it('is asked for in smaller pieces by a server that has less to give', async () => {
    const { fetch } = server(100);
    const [series] = await ask(fetch);
    expect(series!.values).toHaveLength(5001);
  });

  it('cannot be had where even the smallest piece is too much', async () => {
    await expect(ask(server(2).fetch)).rejects.toThrow(
      'the query is too much for Prometheus: too many samples; aggregate',
    );
  });

  it('is asked for with a password that no message shows', async () => {
    const { asked, fetch } = server(0, () => new Response('', { status: 404 }));
    const error: Error = await ask(fetch, { url: 'http://me:s%40cret@prom:9090/x' }).catch((reason) => reason);
    expect(asked[0]!.url).toBe('http://prom:9090/x/api/v1/query_range');
    expect(asked[0]!.authorization).toBe(`Basic ${Buffer.from('me:s@cret').toString('base64')}`);
    expect(error.message).toBe(
      'http://prom:9090/x does not answer as Prometheus does (status 404): check --prometheus',
    );
  });

  it.each<[string, Response, string]>([
    ['a wrong query', json(400, { errorType: 'bad_data', error: 'parse error' }), 'Prometheus says: parse error'],
    ['no password', new Response('', { status: 401 }), 'wants a user and a password (401)'],
    ['something else', new Response('<html>'), 'does not answer as Prometheus does (status 200)'],
    ['no series', json(200, { data: { result: [] } }), 'the query gives nothing between 1970-01-01T00:00:00.000Z and'],
    ['native histograms', json(200, { data: { result: [{ metric: {}, histograms: [] }] } }), 'ask for a number'],
    [
      'too many series',
      json(200, { data: { result: Array.from({ length: 101 }, (_, i) => ({ metric: { i: `${i}` }, values: [] })) } }),
      'the query gives more than 100 series: aggregate',
    ],
  ])('says what to do about %s', async (_, answer, message) => {
    await expect(ask(server(0, () => answer.clone()).fetch)).rejects.toThrow(message);
  });
});
