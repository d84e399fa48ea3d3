import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeriesRoutes } from '../src/emit/series-routes.ts';
import { FeedbackFile } from '../src/state/feedback-file.ts';
import { SnapshotFile } from '../src/state/snapshot-file.ts';
import { serveRoutes } from './emit/served-routes.ts';
import { gaussian, TestLane, times } from './test-lane.ts';

const HOUR = 60;
const noisy = (seed: number, level = 100, sigma = 2) => {
  const noise = gaussian(seed);
  return () => level + sigma * noise();
};
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let folder: string;
let lane: TestLane;
let served: Awaited<ReturnType<typeof serveRoutes>>;
async function start(): Promise<void> {
  lane = await new TestLane().start();
  lane.lane.scorer.feedbacks.open(new FeedbackFile(folder, silent));
  served = await serveRoutes(createSeriesRoutes({ ...lane.lane, clock: lane.clock }));
}
async function stop(): Promise<void> {
  await served.stop();
  await lane.stop();
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pronoia-feedback-'));
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function request(method: string, path: string, body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json' };
  const init: RequestInit = body === undefined ? { method } : { method, headers, body: text };
  const response = await fetch(`${served.url}/api/v1/series/${path}`, init);
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  return { status: response.status, body: (await response.json()) as any };
}

const play = (values: readonly number[]) => lane.play({ __name__: 'latency', job: 'api' }, values, 60_000);
const history = () => play(times(6 * HOUR, noisy(1)));
const excursion = (size: number) => play([...times(5, noisy(2, 100 + size)), ...times(HOUR, noisy(3))]);
const begun = () => lane.anomalies.filter(({ endsAt }) => endsAt === undefined).length;
const normal = { match: ['latency{job="api"}'], verdict: 'normal', by: 'operator', comment: 'the nightly job' };

describe('"this is normal"', () => {
  it('makes the same excursion no anomaly, and the larger one still one', async () => {
    await history();
    await excursion(60);
    expect(begun()).toBe(1);
    const { status, body } = await request('POST', 'feedback', normal);
    expect([status, body.status]).toEqual([200, 'success']);
    expect(body.data).toMatchObject({ id: '1', by: 'operator', verdict: 'normal', match: normal.match });
    expect(body.data.series[0].labels).toEqual({ __name__: 'latency', job: 'api' });
    await play(times(24 * HOUR, noisy(4)));
    await excursion(60);
    expect(begun()).toBe(1);
    await excursion(150);
    expect(begun()).toBe(2);
    await play([...times(5, noisy(2, 20)), ...times(5, noisy(3))]);
    expect(begun()).toBe(3);
  });

  it('ends the open anomaly as the new normal, at once', async () => {
    await history();
    await play(times(5, noisy(2, 160)));
    expect(lane.anomalies).toHaveLength(1);
    await request('POST', 'feedback', normal);
    expect(lane.anomalies.at(-1)).toMatchObject({ endReason: 'new_normal', endsAt: lane.clock.now() });
    await play(times(4 * HOUR, noisy(5, 160)));
    expect(lane.anomalies).toHaveLength(2);
    expect(lane.score('latency')).toBeLessThan(1);
  });

  it('survives a restart, with what was learnt or without', async () => {
    await history();
    await excursion(60);
    await request('POST', 'feedback', normal);
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).write();
    const now = lane.clock.now();
    await stop();
    await start();
    lane.clock.jumpTo(now);
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).restore();
    await excursion(60);
    expect(begun()).toBe(0);
    expect((await request('GET', 'feedback')).body.data).toHaveLength(1);
    await excursion(150);
    expect(begun()).toBe(1);
  });

  it('is listed, is part of the explanation, and can be taken back', async () => {
    await history();
    await excursion(60);
    await request('POST', 'feedback', normal);
    const [series] = (await request('GET', 'explain?match[]=latency')).body.data;
    expect(series.feedback).toMatchObject([{ id: '1', by: 'operator', comment: 'the nightly job' }]);
    expect((await request('DELETE', 'feedback/1')).body.data).toMatchObject({ id: '1' });
    expect((await request('GET', 'feedback')).body.data).toEqual([]);
    expect((await request('DELETE', 'feedback/1')).status).toBe(404);
    await play(times(24 * HOUR, noisy(4)));
    await excursion(70);
    expect(begun()).toBe(2);
  });

  it('about a flat line is heeded as well', async () => {
    await history();
    await play(times(25, () => 100));
    expect(begun()).toBe(1);
    await request('POST', 'feedback', normal);
    await play(times(2, () => 100));
    expect(lane.score('latency')).toBeLessThan(1);
  });

  it.each([
    [{ ...normal, verdict: 'real' }, 400, 'verdict'],
    [{ ...normal, by: ' ' }, 400, 'say who'],
    [{ ...normal, comment: 7 }, 400, 'comment'],
    [{ ...normal, match: [] }, 400, 'no match[]'],
    [{ ...normal, match: ['{'] }, 400, 'invalid parameter'],
    [{ ...normal, match: ['other'] }, 404, 'no series matches'],
    [normal, 409, 'nothing to call normal'],
    ['{', 400, "the body can't be read"],
    [[], 400, 'verdict'],
    ['null', 400, "the body can't be read"],
  ])('is refused when it is wrong: %j', async (body, status, message) => {
    await play([1, 2, 3]);
    const answer = await request('POST', 'feedback', body);
    expect([answer.status, answer.body.status]).toEqual([status, 'error']);
    expect(answer.body.error).toContain(message);
  });

  it('is refused with an example that is taken as it stands', async () => {
    await play([1, 2, 3]);
    const { error } = (await request('POST', 'feedback', { ...normal, by: '' })).body;
    const example = JSON.parse(/\{.*\}/.exec(error)![0]);
    expect((await request('POST', 'feedback', example)).body.error).toContain('no series matches');
  });

  it('is kept in a file that is set aside when it cannot be read', async () => {
    await history();
    await excursion(60);
    await request('POST', 'feedback', normal);
    const path = join(folder, 'feedback.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
    expect(new FeedbackFile(folder, silent).load()).toEqual([]);
    expect(readFileSync(`${path}.unreadable`, 'utf8')).toContain('operator');
  });
});
