import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFederationRoutes } from '../../src/emit/federation.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLabels, type Labels } from '../../src/model/labels.ts';
import type { OutputGroup, OutputSource } from '../../src/model/output.ts';
import { parseExposition } from './exposition-parser.ts';
import { createGroup, createListSource, EXPECTED, SCORE } from './series-sources.ts';
import { serveRoutes } from './served-routes.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const clock = new ManualClock(NOW);
let sources: OutputSource[];
let source: ReturnType<typeof createListSource>;
let externalLabels: Labels;
let stats: { invalidNames: number };
let served: Awaited<ReturnType<typeof serveRoutes>>;

beforeEach(async () => {
  source = createListSource();
  sources = [source];
  externalLabels = createLabels([]);
  stats = { invalidNames: 0 };
  served = await serveRoutes(createFederationRoutes({ sources, externalLabels: () => externalLabels, clock, stats }));
});
afterEach(() => served.stop());

const federate = (query = '', init: RequestInit = {}) => fetch(`${served.url}/federate${query}`, init);
const select = (...selectors: string[]) =>
  `?${selectors.map((each) => `match[]=${encodeURIComponent(each)}`).join('&')}`;
const parse = async (query = '') => parseExposition(await (await federate(query)).text());

const incompressible = (seed: number) => createHash('sha512').update(String(seed)).digest('base64');

/** A source of that many groups that counts how far it has been read. */
function createLongSource(length: number) {
  const long = {
    families: [{ name: SCORE, help: 'A score.' }],
    visited: 0,
    *groups(): Generator<OutputGroup> {
      for (let i = 0; i < length; i++) {
        long.visited++;
        yield createGroup(i, { series: String(i), padding: incompressible(i) }, NOW);
      }
    },
  };
  return long;
}

describe('GET /federate', () => {
  it('shows every output series with its labels and time, family by family', async () => {
    source.list = [
      createGroup(1, { job: 'a', metric: 'm' }, NOW - 1, [[EXPECTED, 2.5], [SCORE, 0.1]]),
      createGroup(2, {}, NOW, [[SCORE, Number.POSITIVE_INFINITY]]),
      createGroup(3, { job: 'c' }, NOW, [[EXPECTED, Number.NEGATIVE_INFINITY], [SCORE, Number.NaN]]),
    ]; // biome-ignore format: a table
    const response = await federate();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe(
      [
        '# HELP anomaly_score How unusual the last sample was: above 1 is an anomaly.',
        '# TYPE anomaly_score gauge',
        `anomaly_score{job="a",metric="m"} 0.1 ${NOW - 1}`,
        `anomaly_score +Inf ${NOW}`,
        `anomaly_score{job="c"} NaN ${NOW}`,
        '# HELP anomaly_expected What was expected.',
        '# TYPE anomaly_expected gauge',
        `anomaly_expected{job="a",metric="m"} 2.5 ${NOW - 1}`,
        `anomaly_expected{job="c"} -Inf ${NOW}`,
        '',
      ].join('\n'),
    );
  });

  it('puts a family that two sources share out once', async () => {
    const other = createListSource([createGroup(1, { job: 'b' }, NOW)]);
    source.list = [createGroup(1, { job: 'a' }, NOW, [[SCORE, 1], [EXPECTED, 1]])]; // biome-ignore format: a table
    sources.push(other);
    const { lines } = await parse();
    expect(lines.map(({ name, labels }) => [name, labels.job])).toEqual([[SCORE, 'a'], [SCORE, 'b'], [EXPECTED, 'a']]); // biome-ignore format: a table
  });

  it.each([
    [['anomaly_score'], ['score a', 'score b']],
    [['{job="a"}'], ['score a', 'expected a']],
    [
      ['anomaly_score{job="a"}', 'anomaly_expected{job!="a"}'],
      ['score a', 'expected b'],
    ],
    [
      ['{__name__=~"anomaly_.*",job="b"}', 'anomaly_score{job="b"}'],
      ['score b', 'expected b'],
    ],
    [['{__name__!="anomaly_score",job=~"a|b"}'], ['expected a', 'expected b']],
    [['{job="none"}'], []],
    [['up'], []],
  ])('selects by %j', async (selectors, wanted) => {
    source.list = ['a', 'b'].map((job, i) => createGroup(i, { job }, NOW, [[SCORE, 1], [EXPECTED, 1]])); // biome-ignore format: a table
    const { families, lines } = await parse(select(...selectors));
    expect(lines.map(({ name, labels }) => `${name.replace('anomaly_', '')} ${labels.job}`)).toEqual(wanted);
    expect(families).toEqual([...new Set(lines.map(({ name }) => name))]);
  });

  it('reads an unescaped match[] as well', async () => {
    source.list = [createGroup(1, { job: 'a' }, NOW), createGroup(2, { job: 'b' }, NOW)];
    const { lines } = await parse('?match[]={job="a"}&x=1');
    expect(lines).toHaveLength(1);
  });

  it.each(['{job="a"', '{}', '', '{job=~"("}'])('refuses the selector %j', async (selector) => {
    const response = await federate(select('up', selector));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      status: 'error',
      errorType: 'bad_data',
      error: expect.stringContaining('selector'),
    });
  });

  it('leaves out what is older than five minutes, and counts names that the format can not carry', async () => {
    source.list = [
      createGroup(1, { job: 'old' }, NOW - 300_001),
      createGroup(2, { job: 'recent' }, NOW - 300_000),
      createGroup(3, { 'service.name': 'x' }, NOW),
    ];
    const { lines } = await parse();
    expect(lines.map(({ labels }) => labels)).toEqual([{ job: 'recent' }]);
    expect(stats.invalidNames).toBe(1);
  });

  it('adds external labels where they are absent, after selection', async () => {
    source.list = [createGroup(1, { job: 'a' }, NOW), createGroup(2, { job: 'b', region: 'own' }, NOW)];
    externalLabels = createLabels([['region', 'r']]);
    expect((await parse()).lines.map(({ labels }) => labels)).toEqual([
      { job: 'a', region: 'r' },
      { job: 'b', region: 'own' },
    ]);
    expect((await parse(select('{region="r"}'))).lines).toEqual([]);
  });

  it('can be read back for any label set and value', async () => {
    const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((text) => text !== '__name__');
    // Carriage returns and other control characters are legal in a label value, a lone surrogate is not.
    const value = fc.string({ minLength: 1, unit: 'binary' });
    const sets = fc.sample(fc.tuple(fc.dictionary(name, value), fc.double({ noNaN: true })), 500);
    source.list = sets.map(([labels, score], i) => createGroup(i, labels, NOW, [[SCORE, score]]));
    const { lines } = await parse();
    expect(lines).toHaveLength(sets.length);
    for (const [i, [labels, score]] of sets.entries()) {
      expect(lines[i]!.labels).toEqual(Object.fromEntries(Object.entries(labels)));
      expect(Number(lines[i]!.value.replace('Inf', 'Infinity'))).toBe(score === 0 ? 0 : score);
    }
  });

  it('answers HEAD without walking the sources', async () => {
    const long = createLongSource(10);
    sources.push(long);
    const response = await federate('', { method: 'HEAD' });
    expect([response.status, await response.text(), long.visited]).toEqual([200, '', 0]);
  });

  it.each([
    ['gzip', 'gzip'],
    ['deflate, gzip;q=0.5', 'gzip'],
    ['identity', undefined],
    ['gzip;q=0', undefined],
    [undefined, undefined],
  ])('with Accept-Encoding: %s answers in %s', async (accepted, encoding) => {
    source.list = [createGroup(1, { job: 'a' }, NOW)];
    const headers = accepted === undefined ? {} : { 'Accept-Encoding': accepted };
    const [response] = (await once(get(`${served.url}/federate`, { headers }), 'response')) as [IncomingMessage];
    response.resume();
    expect(response.headers['content-encoding']).toBe(encoding);
    if (encoding === undefined) return;
    expect(await (await federate('', { headers })).text()).toContain('anomaly_score{job="a"}');
  });
});

describe('a million series', () => {
  const start = async (headers = {}): Promise<[IncomingMessage, ClientRequest]> => {
    const client = request(`${served.url}/federate`, { headers, agent: false }).end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    return [response, client];
  };

  it.each([{}, { 'Accept-Encoding': 'gzip' }])('are not rendered ahead of a slow reader (%j)', async (headers) => {
    const long = createLongSource(1_000_000);
    sources.push(long);
    const [response, client] = await start(headers);
    await once(response, 'readable');
    let before = -1;
    await vi.waitFor(() => {
      const visited = long.visited;
      const hasPaused = visited === before;
      before = visited;
      expect(hasPaused).toBe(true);
    }, { interval: 200, timeout: 20_000 }); // biome-ignore format: one call
    expect(long.visited).toBeLessThan(500_000);
    client.destroy();
  });

  it('are not rendered for a client that has gone away', async () => {
    const ended = vi.fn();
    const long = createLongSource(1_000_000);
    const groups = long.groups;
    long.groups = function* () {
      try {
        yield* groups();
      } finally {
        ended();
      }
    };
    sources.push(long);
    const [response, client] = await start();
    await once(response, 'readable');
    client.destroy();
    await vi.waitFor(() => expect(ended).toHaveBeenCalled());
    expect(long.visited).toBeLessThan(500_000);
  });

  it('let other requests through while they are walked, even if none is selected', async () => {
    const long = createLongSource(1_000_000);
    sources.push(long);
    const walked = parse(select('{series="none"}'));
    await vi.waitFor(() => expect(long.visited).toBeGreaterThan(0));
    expect((await federate('', { method: 'HEAD' })).status).toBe(200);
    expect(long.visited).toBeLessThan(1_000_000);
    expect((await walked).lines).toEqual([]);
    expect(long.visited).toBe(1_000_000);
  });

  it('that break off end the connection, not with a complete answer', async () => {
    const long = createLongSource(10_000);
    const groups = long.groups;
    long.groups = function* () {
      yield* groups();
      throw new Error('broken');
    };
    sources.push(long);
    await expect(federate().then((response) => response.text())).rejects.toThrow('terminated');
  });
});
