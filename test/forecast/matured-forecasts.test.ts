import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/emit/metrics.ts';
import { MaturedForecasts } from '../../src/forecast/matured-forecasts.ts';
import { Members } from '../../src/forecast/members.ts';
import { PRESETS } from '../../src/forecast/presets.ts';
import { Resource } from '../../src/forecast/resource.ts';
import { ResourceHistory } from '../../src/forecast/resource-history.ts';
import { addScoreMetrics } from '../../src/score-lane-metrics.ts';
import { SnapshotFile } from '../../src/state/snapshot-file.ts';
import { gaussian, type TestLane } from '../test-lane.ts';
import { DISK, MINUTE, newLane } from './disk-lanes.ts';

/** A disk of 100 units of which so many are free in each minute from the first on. */
async function play(lane: TestLane, from: number, minutes: number, free: (minute: number) => number, size = 100) {
  const noise = gaussian(from + 1);
  for (let minute = from; minute < from + minutes; minute++) {
    lane.clock.advance(MINUTE);
    const at = lane.clock.now();
    await lane.send(
      { labels: { __name__: 'node_filesystem_size_bytes', ...DISK }, samples: [[at, size]] },
      {
        labels: { __name__: 'node_filesystem_avail_bytes', ...DISK },
        samples: [[at, Math.max(0, free(minute) + 0.02 * noise())]],
      },
    );
  }
}

/** What the own metrics say, by outcome; those that are 0 are left out. */
async function outcomes(lane: TestLane) {
  const metrics = createMetrics({ version: 'test', configReload: { isSuccessful: true, lastSuccessAt: 0 } });
  addScoreMetrics(metrics, lane.lane);
  const text = await metrics.render();
  const counts = text.matchAll(/^pronoia_forecasts_matured_total\{resource="filesystem",outcome="(\w+)"\} (\d+)$/gm);
  const error = /^pronoia_forecast_error_ratio\{resource="filesystem"\} (\S+)$/m.exec(text)?.[1];
  const found = [...counts].map(([, outcome, count]) => [outcome!, Number(count)] as const);
  const seen: Record<string, number> = Object.fromEntries(found.filter(([, count]) => count > 0));
  return { ...seen, error: Number(error) } as Record<string, number>;
}

describe('a forecast of which the truth is known', () => {
  it('was right when a steady fill ends within its band, with the error of its median', async () => {
    const lane = await newLane();
    await play(lane, 0, 620, (minute) => 60 - 0.1 * minute);
    const { within, error, ...others } = await outcomes(lane);
    expect(within).toBeGreaterThanOrEqual(3);
    expect(error).toBeLessThan(0.25);
    expect(others).toEqual({});
  });

  it('came too late when the fill suddenly goes sixty times as fast', async () => {
    const lane = await newLane();
    await play(lane, 0, 180, (minute) => 60 - 0.05 * minute);
    await play(lane, 180, 60, (minute) => 51 - 3 * (minute - 180));
    expect((await outcomes(lane)).early).toBeGreaterThanOrEqual(1);
  });

  it('was too soon when growth ends and the disk is not full at its latest time', async () => {
    const lane = await newLane();
    await play(lane, 0, 240, (minute) => 40 - 0.1 * minute);
    await play(lane, 240, 24 * 60, () => 16);
    const { late, error, ...others } = await outcomes(lane);
    expect(late).toBeGreaterThanOrEqual(1);
    expect(others).toEqual({});
    expect(error).toBeNaN();
  });

  it.each([
    ['room was made', 100],
    ['the disk was made larger', 200],
  ])('is judged by nobody when %s', async (_, size) => {
    const lane = await newLane();
    await play(lane, 0, 180, (minute) => 60 - 0.1 * minute);
    await play(lane, 180, 30, () => size - 20, size);
    const { averted, ...others } = await outcomes(lane);
    expect(averted).toBeGreaterThanOrEqual(1);
    expect(others).toEqual({ error: Number.NaN });
  });

  it('was missing when a disk becomes full out of the blue', async () => {
    const lane = await newLane();
    await play(lane, 0, 180, () => 60);
    await play(lane, 180, 10, () => 0);
    expect(await outcomes(lane)).toEqual({ unforeseen: 1, error: Number.NaN });
  });

  it('is judged once, and waits over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'matured-'));
    try {
      const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
      const lane = await newLane();
      await play(lane, 0, 400, (minute) => 60 - 0.1 * minute);
      await new SnapshotFile(folder, lane.lane, lane.clock, silent).write();
      const next = await newLane();
      next.clock.jumpTo(lane.clock.now());
      await new SnapshotFile(folder, next.lane, next.clock, silent).restore();
      await play(next, 400, 220, (minute) => 60 - 0.1 * minute);
      const judged = (await outcomes(next)).within;
      expect(judged).toBeGreaterThanOrEqual(3);
      await play(next, 620, 60, () => 0);
      expect((await outcomes(next)).within).toBe(judged);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('waits with eleven others at most, however long nothing is decided', () => {
    const rule = PRESETS.find(({ resource }) => resource === 'filesystem')!;
    const resource = new Resource(rule, '', new Members(0));
    resource.history = new ResourceHistory();
    resource.scale = 1000;
    resource.announce({ p10: 1800, p50: 3600, p90: 1e9, state: 'filling' });
    const matured = new MaturedForecasts();
    for (let hour = 1; hour <= 100; hour++) {
      resource.history.add(hour * 3600, hour, 1000);
      matured.see(resource, resource.forecast);
    }
    expect(resource.waiting).toHaveLength(12);
  });
});
