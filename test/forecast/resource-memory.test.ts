import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { forecastOf } from '../../src/forecast/forecaster.ts';
import { PRESETS } from '../../src/forecast/presets.ts';
import { Resources } from '../../src/forecast/resources.ts';
import { MAX_WAITING } from '../../src/forecast/waiting-forecasts.ts';
import { createLabels, type Labels } from '../../src/model/labels.ts';
import { times } from '../test-lane.ts';

const COUNT = 20_000;
/** What a resource may take, in bytes. */
const ALLOWED = 2048;

interface Kind {
  readonly metrics: readonly string[];
  readonly values: (minute: number) => readonly number[];
  readonly labels: (thing: number) => Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'file systems and their inodes, as node_exporter shows them with six series': {
    metrics: [
      'node_filesystem_avail_bytes',
      'node_filesystem_size_bytes',
      'node_filesystem_files_free',
      'node_filesystem_files',
      'node_filesystem_readonly',
      'node_filesystem_device_error',
    ],
    values: (minute) => [5e11 - minute * 4e9, 1e12, 5e8 - minute * 4e6, 1e9, 0, 0],
    labels: (disk) => ({
      device: `/dev/disk/by-id/${disk % 40}`,
      fstype: 'ext4',
      instance: `10.${disk >> 16}.${(disk >> 8) & 255}.${disk & 255}:9100`,
      job: 'node-exporter',
      mountpoint: `/var/lib/volumes/${disk % 40}`,
    }),
  },
  'containers of workloads with two pods each': {
    metrics: ['container_memory_working_set_bytes', 'kube_pod_container_resource_limits'],
    values: (minute) => [1e9 + minute * 2e7, 4e9],
    labels: (container) => ({
      container: 'web',
      namespace: 'shop',
      pod: `web-${container >> 1}-5d4f6b7c8${'bc'[container & 1]}-q2x4z`,
      resource: 'memory',
    }),
  },
};

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('a resource that fills takes at most 2 kB, with all that belongs to it and twelve forecasts that wait for the truth:', () => {
  it.each(Object.entries(KINDS))(
    '%s',
    (_, { metrics, values, labels }) => {
      const slots = metrics.length * COUNT;
      const nameOf = (slot: number) => metrics[slot % metrics.length]!;
      // As a table reads them: anew each time.
      const labelsOf = (slot: number): Labels =>
        createLabels(Object.entries({ __name__: nameOf(slot), ...labels(Math.floor(slot / metrics.length)) }));
      const before = usedBytes();
      const resources = new Resources(slots, labelsOf, () => {});
      resources.configure(PRESETS, '');
      for (let slot = 0; slot < slots; slot++) resources.add(slot, nameOf(slot));
      const start = 1_800_000_000_000;
      for (let minute = 0; minute < 50; minute += 3) {
        const now = values(minute);
        for (let slot = 0; slot < slots; slot++) resources.take(slot, start + minute * 60_000, now[slot % now.length]!);
      }
      for (const resource of resources.all()) {
        resource.announce(forecastOf(resource.history, resource.scale));
        resource.waiting = times(MAX_WAITING, (i) => ({ at: i, p10: 1, p50: 2, p90: 3, peak: 4, hasTeeth: false }));
      }
      const each = (usedBytes() - before) / resources.size;
      expect([...resources.all()].every(({ forecast }) => forecast!.p50 < 86_400)).toBe(true);
      expect(each).toBeLessThan(ALLOWED);
      expect(each).toBeGreaterThan(1000);
    },
    120_000,
  );
});
