import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PRESETS } from '../../src/forecast/presets.ts';
import { Resources } from '../../src/forecast/resources.ts';
import { TestLane, times } from '../test-lane.ts';

const DISK = { device: '/dev/sda1', fstype: 'ext4', instance: 'a:9100', job: 'node', mountpoint: '/' };

describe('a series that is of no resource', () => {
  let lane: TestLane;
  beforeEach(async () => {
    lane = await new TestLane({ rules: [] }).start();
  });
  afterEach(() => lane.stop());

  it('costs a look at its name when it is new: its labels are not read', () => {
    const labels = vi.fn(() => new Map());
    const resources = new Resources(1000, labels, () => {});
    resources.configure(PRESETS, '');
    for (let slot = 0; slot < 1000; slot++) resources.add(slot, `http_requests_${slot % 50}_total`);
    expect(labels).not.toHaveBeenCalled();
    expect(resources.isMember.every((each) => each === 0)).toBe(true);
  });

  it('costs a look at one byte for each sample: only those of whole resources go further', async () => {
    const take = vi.spyOn(lane.lane.forecasts, 'take');
    for (let minute = 0; minute < 9; minute++) {
      lane.clock.advance(60_000);
      const sample = (value: number) => [[lane.clock.now(), value]] as const;
      await lane.send(
        ...times(200, (i) => ({ labels: { __name__: 'requests', path: `/${i}` }, samples: sample(i) })),
        // A level without a limit.
        { labels: { __name__: 'redis_connected_clients', instance: 'b' }, samples: sample(1) },
        { labels: { __name__: 'node_filesystem_avail_bytes', ...DISK }, samples: sample(50) },
        { labels: { __name__: 'node_filesystem_size_bytes', ...DISK }, samples: sample(100) },
      );
    }
    expect(take).toHaveBeenCalledTimes(2 * 9);
  });

  it('costs nothing when outputs are walked, and the labels of a resource are read once in a walk', async () => {
    for (let minute = 0; minute < 40; minute++) {
      lane.clock.advance(60_000);
      const sample = (value: number) => [[lane.clock.now(), value]] as const;
      await lane.send(
        { labels: { __name__: 'requests' }, samples: sample(1) },
        { labels: { __name__: 'node_filesystem_avail_bytes', ...DISK }, samples: sample(50) },
        { labels: { __name__: 'node_filesystem_size_bytes', ...DISK }, samples: sample(100) },
      );
    }
    const labels = vi.spyOn(lane.lane.table, 'labels');
    const groups = [...lane.lane.forecastOutputs.groups()];
    expect(groups).toHaveLength(5);
    expect(labels).not.toHaveBeenCalled();
    for (const group of groups) group.labels();
    expect(labels).toHaveBeenCalledTimes(1);
  });
});
