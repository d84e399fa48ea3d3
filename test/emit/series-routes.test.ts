import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeriesRoutes } from '../../src/emit/series-routes.ts';
import type { ColumnArray, Columns } from '../../src/series/columns.ts';
import { gaussian, rule, TestLane, times } from '../test-lane.ts';
import { serveRoutes } from './served-routes.ts';

const HOUR = 60;
const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};

let lane: TestLane;
let served: Awaited<ReturnType<typeof serveRoutes>>;
beforeEach(async () => {
  lane = await new TestLane({
    rules: [rule('{__name__=~"tolerant.*"}', { minDeviation: { absolute: 1000, relative: 0 } })],
  }).start();
  served = await serveRoutes(createSeriesRoutes({ ...lane.lane, clock: lane.clock }));
});
afterEach(async () => {
  await served.stop();
  await lane.stop();
});

async function explain(...parameters: [name: string, value: string][]) {
  const response = await fetch(`${served.url}/api/v1/series/explain?${new URLSearchParams(parameters)}`);
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  return { status: response.status, body: (await response.json()) as any };
}

const play = (name: string, values: readonly number[]) => lane.play({ __name__: name, job: 'api' }, values, 60_000);

describe('explain', () => {
  it('says in words and numbers why a series is anomalous, and the anomaly says the same', async () => {
    await play('latency', times(6 * HOUR, noisy(1)));
    const startsAt = lane.clock.now() + 60_000;
    await play('latency', [160, 161, 160]);
    const { status, body } = await explain(['match[]', 'latency{job="api"}']);
    expect([status, body.status, body.data.length]).toEqual([200, 'success', 1]);
    const [series] = body.data;
    expect(series).toMatchObject({
      labels: { __name__: 'latency', job: 'api' },
      kind: 'gauge',
      state: 'anomalous',
      value: 160,
      direction: 1,
      anomaly: { startsAt: new Date(startsAt).toISOString(), endsAt: null },
      learnt: { steps: 6 * HOUR + 3, stepSeconds: 60, season: 'on trial' },
    });
    expect(series.score).toBe(lane.outputs()['anomaly_score{job="api",metric="latency"}']);
    expect(series.value).toBeGreaterThan(series.baseline.upper);
    expect(series.baseline.expected).toBeGreaterThan(series.baseline.lower);
    const found =
      /^16\d(\.\d+)? where \d+(\.\d+)? is expected \(normal: [\d.]+ to [\d.]+\): .*(standard deviations above|above all that was seen).*; /;
    // When it began nothing like it was known; by now its first minutes are.
    expect(series.reason).toMatch(found);
    expect(series.reason).toMatch(/; 1 in [\d,]+ of its own steps is as far out, about once in \d+ (days|hours)$/);
    expect(lane.anomalies[0]!.reason).toMatch(found);
    expect(lane.anomalies[0]!.reason).toMatch(/; none of its own 360 steps that are remembered was as far out$/);
    expect(series.anomaly.reason).toBe(lane.anomalies[0]!.reason);
  });

  it('tells what is normal, too young, constant or gone, and how much was learnt', async () => {
    await play('steady', times(3 * HOUR, noisy(2)));
    const { body } = await explain(['match[]', 'steady']);
    expect(body.data[0]).toMatchObject({ state: 'normal', anomaly: null, gate: null });
    expect(body.data[0].score).toBeLessThan(1);
    await play('young', [1, 2, 3]);
    expect((await explain(['match[]', 'young'])).body.data[0]).toMatchObject({
      state: 'warming',
      score: 0,
      baseline: null,
    });
    await play(
      'constant',
      times(30, () => 7),
    );
    expect((await explain(['match[]', 'constant'])).body.data[0]).toMatchObject({
      state: 'constant',
      value: 7,
      score: 0,
    });
    lane.clock.advance(6 * 60_000);
    expect((await explain(['match[]', 'constant'])).body.data[0]).toMatchObject({ state: 'ended' });
  });

  it('names the gate that made an excursion normal, and the flat line', async () => {
    await play('tolerant', [...times(6 * HOUR, noisy(3)), 160]);
    expect((await explain(['match[]', 'tolerant'])).body.data[0]).toMatchObject({
      gate: 'min_deviation',
      state: 'normal',
    });
    await play('stuck', [...times(6 * HOUR, noisy(4)), ...times(25, () => 100)]);
    const [stuck] = (await explain(['match[]', 'stuck'])).body.data;
    expect(stuck).toMatchObject({ spokesman: 'flatline', state: 'anomalous' });
    expect(stuck.reason).toContain('stood still');
  });

  it('changes nothing: scores go on as if nobody had asked', async () => {
    const asked = noisy(5);
    const other = noisy(5);
    await play('asked', times(2 * HOUR, asked));
    lane.clock.jumpTo(lane.clock.now() - 2 * HOUR * 60_000);
    await play('other', times(2 * HOUR, other));
    const before = firstValues(lane.lane.columns);
    await explain(['match[]', '{job="api"}']);
    const after = firstValues(lane.lane.columns);
    expect(after).toEqual(before);
  });

  it('takes several selectors and a limit, and says when there is more', async () => {
    for (const name of ['a', 'b', 'c']) await play(name, [1]);
    expect((await explain(['match[]', 'a'], ['match[]', '{__name__="c"}'])).body.data).toHaveLength(2);
    const { body } = await explain(['match[]', '{job="api"}'], ['limit', '2']);
    expect(body.data).toHaveLength(2);
    expect(body.warnings).toEqual(['results truncated due to limit']);
    expect((await explain(['match[]', 'nothing'])).body).toEqual({ status: 'success', data: [] });
  });

  it.each([
    [[], 'no match[] parameter provided'],
    [[['match[]', '{']], 'invalid parameter "match[]"'],
    [[['match[]', '{job=~"("}']], 'invalid parameter "match[]"'],
    [[['match[]', '{job=""}']], 'invalid parameter "match[]"'],
    [
      [
        ['match[]', 'up'],
        ['limit', '0'],
      ],
      'limit',
    ],
    [
      [
        ['match[]', 'up'],
        ['limit', '1e9'],
      ],
      'limit',
    ],
  ] as [[string, string][], string][])('refuses %j', async (parameters, message) => {
    const { status, body } = await explain(...parameters);
    expect([status, body.status, body.errorType]).toEqual([400, 'error', 'bad_data']);
    expect(body.error).toContain(message);
  });
});

/** The beginning of all columns, those of pools included. */
function firstValues(columns: Columns): ColumnArray[] {
  const own = columns.all().map(({ values }) => values.slice(0, 4 * 24));
  return [...own, ...columns.pools().flatMap((pool) => firstValues(pool.columns))];
}
