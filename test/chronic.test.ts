import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeriesRoutes } from '../src/emit/series-routes.ts';
import { SnapshotFile } from '../src/state/snapshot-file.ts';
import { serveRoutes } from './emit/served-routes.ts';
import { gaussian, TestLane, times } from './test-lane.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const LABELS = { __name__: 'latency', job: 'api' };
const MARK = 'anomaly_recurring{job="api",metric="latency"}';
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let noise: () => number;
let lane: TestLane;
beforeEach(async () => {
  noise = gaussian(7);
  lane = await new TestLane().start();
});
afterEach(() => lane.stop());

const play = (minutes: number, level: number) =>
  lane.play(
    LABELS,
    times(minutes, () => level + 2 * noise()),
    60_000,
  );
/** So many minutes of noise around 100, an hour in a request. */
async function quiet(minutes: number): Promise<void> {
  for (let left = minutes; left > 0; left -= HOUR) {
    const part = Math.min(HOUR, left);
    const from = lane.clock.now();
    lane.clock.advance(part * 60_000);
    const samples = times(part, (i) => [from + (i + 1) * 60_000, 100 + 2 * noise()] as const);
    expect((await lane.send({ labels: LABELS, samples })).status).toBe(204);
  }
}
/** What is told of an excursion by so much, until after its end. */
async function excursion(size: number, minutes = 5) {
  const before = lane.anomalies.length;
  await play(minutes, 100 + size);
  const outputs = lane.outputs();
  await play(10, 100);
  const told = lane.anomalies.slice(before);
  return { told, recurring: told.map(({ recurring }) => recurring), outputs };
}
/** Excursions by these sizes, each a day and a half and some minutes after the one before. */
async function excursions(sizes: readonly number[]) {
  const all: Awaited<ReturnType<typeof excursion>>[] = [];
  for (const [i, size] of sizes.entries()) {
    await quiet(37 * HOUR + 13 * i);
    all.push(await excursion(size));
  }
  return all;
}
const FIVE = times(5, () => 60);

describe('an anomaly like five before it in 14 days', () => {
  beforeEach(async () => {
    await quiet(2 * DAY);
    const before = await excursions(FIVE);
    expect(before.flatMap(({ recurring }) => recurring)).toEqual(times(10, () => undefined));
    expect(Object.keys(before.at(-1)!.outputs)).not.toContain(MARK);
    await quiet(37 * HOUR);
  });

  it('is marked from its first step on, with the score that it has anyway', async () => {
    await play(1, 160);
    expect(lane.score('latency')).toBeGreaterThan(1);
    expect(lane.outputs()[MARK]).toBe(1);
    const { told } = await excursion(60);
    expect(told.map(({ recurring }) => recurring)).toEqual(times(2, () => 'the 6th like it in 14 days'));
    const [before] = lane.anomalies.slice(-3);
    expect(told[1]!.peakScore).toBeGreaterThan(0.9 * before!.peakScore);
    expect([lane.lane.anomalies.openedTotal, lane.lane.anomalies.recurring]).toEqual([6, 0]);
  });

  it('keeps its mark as long as a rule may look back, and then it is gone', async () => {
    await excursion(60);
    expect(lane.outputs()[MARK]).toBe(1);
    await play(10, 100);
    expect(Object.keys(lane.outputs())).not.toContain(MARK);
  });

  it('is explained as such', async () => {
    await play(3, 160);
    expect(lane.lane.anomalies.recurring).toBe(1);
    const served = await serveRoutes(createSeriesRoutes({ ...lane.lane, clock: lane.clock }));
    const response = await fetch(`${served.url}/api/v1/series/explain?match[]=latency`);
    const { data } = (await response.json()) as { data: [{ state: string; anomaly: { recurring: string } }] };
    await served.stop();
    expect(data[0].state).toBe('anomalous');
    expect(data[0].anomaly.recurring).toBe('the 6th like it in 14 days');
  });

  it.each([
    ['goes the other way', -60],
    ['goes much further', 150],
  ])('is news where it %s', async (_, size) => {
    const { recurring, outputs } = await excursion(size);
    expect(recurring).toEqual([undefined, undefined]);
    expect(Object.keys(outputs)).not.toContain(MARK);
  });

  it('is news where it stays much smaller, after its first steps', async () => {
    const { recurring, outputs } = await excursion(30, 10);
    expect(recurring).toEqual(['the 6th like it in 14 days', undefined, undefined]);
    expect(Object.keys(outputs)).not.toContain(MARK);
  });

  it('becomes news, and is told again, when it goes further than those did', async () => {
    await play(4, 160);
    expect(lane.anomalies.at(-1)).toMatchObject({ endsAt: undefined, recurring: 'the 6th like it in 14 days' });
    await play(1, 260);
    expect(lane.anomalies.at(-1)).toMatchObject({ endsAt: undefined });
    expect(lane.anomalies.at(-1)!.recurring).toBeUndefined();
    expect(Object.keys(lane.outputs())).not.toContain(MARK);
    expect([lane.lane.anomalies.openedTotal, lane.lane.anomalies.size, lane.lane.anomalies.recurring]).toEqual([
      6, 1, 0,
    ]);
  });

  it('is news again after 14 quiet days', async () => {
    await quiet(14 * DAY);
    expect((await excursion(60)).recurring).toEqual([undefined, undefined]);
  });

  it('is news of a series that has taken the slot of one that is forgotten', async () => {
    lane.lane.table.release(1);
    await quiet(5 * HOUR);
    expect(lane.lane.table.createdTotal).toBe(2);
    expect(lane.lane.table.highest).toBe(1);
    expect((await excursion(60)).recurring).toEqual([undefined, undefined]);
  });

  it('is known after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pronoia-chronic-'));
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).write();
    const now = lane.clock.now();
    await lane.stop();
    lane = await new TestLane().start();
    lane.clock.jumpTo(now);
    await new SnapshotFile(folder, lane.lane, lane.clock, silent).restore();
    rmSync(folder, { recursive: true });
    expect((await excursion(60)).recurring).toEqual(times(2, () => 'the 6th like it in 14 days'));
  });
});

it('an anomaly below what is expected recurs just as well, and is news when it goes further down', async () => {
  await quiet(2 * DAY);
  await excursions(FIVE.map((size) => -size));
  await quiet(37 * HOUR);
  await play(4, 40);
  expect(lane.outputs()[MARK]).toBe(1);
  await play(1, -60);
  expect(Object.keys(lane.outputs())).not.toContain(MARK);
});

describe('a series that is anomalous for more than half of six hours', () => {
  it('has recurring anomalies, however different they are', async () => {
    await quiet(3 * DAY);
    const sizes = [60, -100, 160, -260, 420];
    const all: Awaited<ReturnType<typeof excursion>>[] = [];
    for (const size of sizes) all.push(await excursion(size, 45));
    const words = 'the series was anomalous for 3.1 of the 6 hours before';
    expect(all.map(({ recurring }) => recurring)).toEqual([...times(4, () => [undefined, undefined]), [words, words]]);
    await quiet(6 * HOUR);
    expect((await excursion(-680)).recurring[0]).toBeUndefined();
  });
});
