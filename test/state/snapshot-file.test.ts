import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/model/logger.ts';
import type { Columns } from '../../src/series/columns.ts';
import { readSnapshot } from '../../src/state/snapshot.ts';
import { SnapshotFile } from '../../src/state/snapshot-file.ts';
import { gaussian, rule, TestLane, times } from '../test-lane.ts';
import { wholeSnapshot } from './whole-snapshot.ts';

const HOUR = 240;
let folder: string;
let lines: string[];
const lanes: TestLane[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
  lines = [];
});
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function newLane(options: ConstructorParameters<typeof TestLane>[0] = {}): Promise<TestLane> {
  const lane = await new TestLane(options).start();
  lanes.push(lane);
  return lane;
}

function snapshotOf(lane: TestLane): SnapshotFile {
  const logger = createLogger({ level: 'debug', format: 'logfmt', now: () => lane.clock.now() }, (line) =>
    lines.push(line),
  );
  return new SnapshotFile(folder, lane.lane, lane.clock, logger);
}

/** A lane that starts on the snapshot of another one, at the same time of the clock. */
async function restart(lane: TestLane, options: ConstructorParameters<typeof TestLane>[0] = {}): Promise<TestLane> {
  const next = await newLane(options);
  next.clock.jumpTo(lane.clock.now());
  await snapshotOf(next).restore();
  return next;
}

const values = (seed: number, count: number) => {
  const noise = gaussian(seed);
  return times(count, () => 100 + 2 * noise());
};
const current = () => join(folder, 'series.snapshot');

describe('after a restart', () => {
  it('the topology is known', async () => {
    const lane = await newLane();
    const call = { __name__: 'traces_service_graph_request_total', client: 'web', server: 'cart' };
    await lane.play(call, [1, 2, 3]);
    await snapshotOf(lane).write();
    const next = await restart(lane);
    expect(next.lane.topology.graph.edges).toMatchObject([
      { from: { name: 'web' }, to: { name: 'cart' }, edge: 'calls' },
    ]);
  });

  it('forecasts that another version has learnt begin anew, which is said, and all else is known', async () => {
    const lane = await newLane();
    for (let i = 0; i < 3; i++) {
      lane.clock.advance(15_000);
      const samples = (value: number) => [[lane.clock.now(), value] as const];
      await lane.send(
        { labels: { __name__: 'redis_connected_clients', instance: 'db' }, samples: samples(i) },
        { labels: { __name__: 'redis_config_maxclients', instance: 'db' }, samples: samples(1000) },
      );
    }
    const blocks = [...lane.lane.forecasts.save()];
    for (const block of blocks) block.write('{"historyBytes":9999', 4);
    const parts = { ...lane.lane, forecasts: Object.assign(lane.lane.forecasts, { save: () => blocks.values() }) };
    await snapshotOf({ ...lane, lane: parts } as TestLane).write();
    const next = await restart(lane);
    expect(next.lane.table.size).toBe(2);
    expect([...next.lane.forecasts.resources.all()].map(({ history }) => history.age)).toEqual([0]);
    const said = lines.filter((line) => line.includes('forecasts of another version are not read'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('resources=1');
  });

  it('scores go on as if it had not happened, anomalies included', async () => {
    const lane = await newLane();
    await lane.play({ __name__: 'gauge', job: 'a' }, [...values(1, 3 * HOUR), ...times(8, () => 140)]);
    const counts = values(2, 3 * HOUR);
    lane.clock.advance(-counts.length * 15_000);
    await lane.play(
      { __name__: 'requests_total' },
      times(counts.length, (i) => i * 1000 + counts[i]!),
    );
    expect(lane.anomalies).toHaveLength(1);
    await snapshotOf(lane).write();
    const restarted = await restart(lane);
    expect(restarted.lane.table.size).toBe(2);
    expect(restarted.lane.anomalies.size).toBe(1);
    for (const each of [lane, restarted]) {
      await each.play({ __name__: 'gauge', job: 'a' }, [139, 141, 100, 99]);
    }
    expect(restarted.outputs()).toMatchObject(
      Object.fromEntries(Object.entries(lane.outputs()).filter(([series]) => series.includes('gauge'))),
    );
    await restarted.play({ __name__: 'gauge', job: 'a' }, values(3, 20));
    // It was reported before the restart, so only its end is news.
    expect(restarted.anomalies.map(({ endReason }) => endReason)).toEqual(['recovered']);
  });

  it('more than one block of series is there, and what metadata said', async () => {
    const lane = await newLane({ maxSeries: 20_000 });
    await lane.send(
      ...times(9000, (i) => ({ labels: { __name__: 'm', i: `${i}` }, samples: [[lane.clock.now(), i]] as const })),
    );
    lane.lane.table.setTypes([{ family: 'requests', type: 'counter' }]);
    await snapshotOf(lane).write();
    const restarted = await restart(lane, { maxSeries: 20_000 });
    expect(restarted.lane.table.size).toBe(9000);
    await restarted.send(
      ...times(9000, (i) => ({ labels: { __name__: 'm', i: `${i}` }, samples: [[lane.clock.now(), i]] as const })),
    );
    expect(restarted.lane.table.size).toBe(9000);
    expect(restarted.lane.stats.ignored.get('duplicate_timestamp')).toBe(9000);
    expect(restarted.lane.table.types()).toEqual(new Map([['requests', 'counter']]));
  });

  it('rules count for the series that they speak of, by name or by another label', async () => {
    const rules = [
      rule('{__name__=~"node_.*",device="sda"}', { sensitivity: 2 }),
      rule('{__name__!="up",job="quiet"}', { sensitivity: 0.5 }),
    ];
    const series = [
      { __name__: 'node_disk', device: 'sda' },
      { __name__: 'node_disk', device: 'sdb' },
      { __name__: 'up', job: 'quiet' },
      { __name__: 'http_requests', job: 'quiet' },
      { __name__: 'other', anomaly_name: 'mine' },
    ];
    const before = await newLane({ rules });
    for (const labels of series) await before.play(labels, [1]);
    await snapshotOf(before).write();
    const after = await restart(before, { rules });
    const policies = ({ lane }: TestLane) =>
      times(series.length, (i) => lane.policies.get(lane.table.policyNumbers[i + 1]!));
    expect(policies(after)).toEqual(policies(before));
    expect(policies(after).map(({ sensitivity }) => sensitivity)).toEqual([2, 1, 1, 0.5, 1]);
    expect(policies(after).at(-1)!.emit).toBe('all');
  });

  it('a series that the rules make another kind now starts anew', async () => {
    const lane = await newLane();
    await lane.play({ __name__: 'odd' }, values(1, 2 * HOUR));
    await snapshotOf(lane).write();
    const restarted = await restart(lane, { rules: [rule('{__name__="odd"}', { emit: 'all', kind: 'counter' })] });
    await restarted.play({ __name__: 'odd' }, [1, 2, 3]);
    expect(restarted.score('odd')).toBe(0);
    expect(Object.keys(restarted.outputs())).not.toContain('anomaly_expected{metric="odd"}');
  });
});

describe('a snapshot of before some columns', () => {
  /** The same table without some of its columns, as a version wrote it that did not have them. Profiles had another pool. */
  const without = (columns: Columns, names: readonly string[]): Columns => {
    const pools = columns.pools().map((pool) => ({
      name: pool.name === 'profile' && names.includes('season_begins_at') ? 'season' : pool.name,
      rowOf: (slot: number) => pool.rowOf(slot),
      columns: without(pool.columns, names),
    }));
    const all = columns.all().filter(({ name }) => !names.includes(name));
    return { all: () => all, pools: () => pools } as unknown as Columns;
  };

  const restartWithout = async (lane: TestLane, names: readonly string[]) => {
    const parts = { ...lane.lane, columns: without(lane.lane.columns, names) };
    const bytes = wholeSnapshot(parts, lane.clock.now());
    const next = await newLane();
    next.clock.jumpTo(lane.clock.now());
    let at = 0;
    await readSnapshot(next.lane, async (count) => {
      at += count;
      return bytes.subarray(at - count, at);
    });
    return { next, bytes };
  };

  it.each([
    ['of logarithms', ['log_offset', 'below_mean']],
    ['of single samples', ['sample_scale', 'sample_record', 'sample_largest']],
    ['of flat lines', ['flat_run', 'longest_flat_run']],
  ])('goes on without those %s, which are learnt anew', async (_what, names) => {
    const before = await newLane();
    await before.play({ __name__: 'gauge' }, values(3, 10 * HOUR));
    const { next, bytes } = await restartWithout(before, names);
    const whole = wholeSnapshot(before.lane, before.clock.now());
    for (const name of names) expect([whole.includes(name), bytes.includes(name)]).toEqual([true, false]);
    for (const value of values(4, HOUR)) {
      await next.play({ __name__: 'gauge' }, [value]);
      expect(next.score('gauge') ?? 0).toBeLessThan(1);
    }
    await next.play({ __name__: 'gauge' }, [130, 130, 130, 130]);
    expect(next.score('gauge')).toBeGreaterThan(1);
  });

  it('sets profiles aside whose numbers meant something else, and begins to learn others at once', async () => {
    const before = await newLane();
    const daily = (noise: number, i: number) => 100 + 40 * Math.sin((2 * Math.PI * i) / 1440) + noise;
    const samples = values(5, 3 * 1440).map(daily);
    await before.play({ __name__: 'gauge' }, samples, 60_000);
    const seasonOf = ({ lane }: TestLane) => lane.scorer.engine.experience(1, false).season;
    expect(seasonOf(before)).toBe('in use');
    const { next } = await restartWithout(before, ['season_begins_at']);
    expect(seasonOf(next)).toBe('none');
    await next.play({ __name__: 'gauge' }, [samples[0]!, samples[1]!], 60_000);
    expect(seasonOf(next)).toBe('on trial');
    const scores = [];
    for (const value of samples.slice(2, 300)) {
      await next.play({ __name__: 'gauge' }, [value], 60_000);
      scores.push(next.score('gauge') ?? 0);
    }
    expect(Math.max(...scores)).toBeLessThan(1);
  });
});

describe('a snapshot that cannot be read', () => {
  const written = async () => {
    const lane = await newLane();
    await lane.play({ __name__: 'gauge' }, values(1, 2 * HOUR));
    const file = snapshotOf(lane);
    await file.write();
    return { lane, file };
  };
  const versionLine = () => {
    const bytes = readFileSync(current());
    return Buffer.from(bytes.toString('latin1').replace(/"version":\d/, '"version":9'), 'latin1');
  };

  it.each<[string, () => Buffer, string]>([
    ['cut off', () => readFileSync(current()).subarray(0, -20), 'it ends too early'],
    ['with a flipped bit', () => flipped(readFileSync(current()), 400), 'the checksum of a block is wrong'],
    ['of a newer version with a checksum that does not fit', versionLine, 'the checksum of a block is wrong'],
    ['empty', () => Buffer.alloc(0), 'it ends too early'],
    ['of something else', () => Buffer.from('SQLite format 3\0'.repeat(20)), 'a block has an impossible length'],
  ])('%s is named and set aside, and the one before stands in', async (_what, spoil, reason) => {
    const { lane, file } = await written();
    await file.write();
    writeFileSync(current(), spoil());
    const restarted = await restart(lane);
    expect(lines.find((line) => line.includes('level=error'))).toContain(`reason="${reason}"`);
    expect(readdirSync(folder).filter((name) => name.includes('unreadable'))).toHaveLength(1);
    expect(restarted.lane.table.size).toBe(1);
    await restarted.play({ __name__: 'gauge' }, [140]);
    expect(restarted.score('gauge')).toBeGreaterThan(1);
  });

  it('is not fatal when there is no other', async () => {
    const { lane } = await written();
    writeFileSync(current(), flipped(readFileSync(current()), 400));
    const restarted = await restart(lane);
    expect(restarted.lane.table.size).toBe(0);
  });

  it('of a newer version is named so', async () => {
    const { lane } = await written();
    const { writeNewerSnapshot } = await import('./newer-snapshot.ts');
    writeFileSync(current(), writeNewerSnapshot());
    await restart(lane);
    expect(lines.find((line) => line.includes('level=error'))).toContain(
      'it has version 99, this program reads version 3',
    );
  });
});

describe('writing', () => {
  it('leaves the old snapshot as it is when the disk refuses', async () => {
    const lane = await newLane();
    const file = snapshotOf(lane);
    rmSync(folder, { recursive: true });
    await file.write();
    expect(file.stats).toMatchObject({ writtenTotal: 0, failedTotal: 1 });
    expect(lines.at(-1)).toContain('snapshot not written');
  });

  it('keeps the snapshot before, and no half one', async () => {
    const lane = await newLane();
    const file = snapshotOf(lane);
    await file.write();
    await Promise.all([file.write(), file.write()]);
    expect(readdirSync(folder).toSorted()).toEqual(['series.snapshot', 'series.snapshot.previous']);
    expect(file.stats.writtenTotal).toBe(2);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 0x10;
  return bytes;
}
