import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { forecastOf } from '../../src/forecast/forecaster.ts';
import { PRESETS } from '../../src/forecast/presets.ts';
import { Resources } from '../../src/forecast/resources.ts';
import type { Labels } from '../../src/model/labels.ts';

const DISKS = 100_000;
const NAMES = ['node_filesystem_avail_bytes', 'node_filesystem_size_bytes'];

/** Labels of a series of a file system, as a table reads them anew each time. */
function labelsOf(slot: number): Labels {
  const disk = slot >> 1;
  return new Map([
    ['__name__', NAMES[slot & 1]!],
    ['device', `/dev/disk/by-id/${disk % 40}`],
    ['fstype', 'ext4'],
    ['instance', `10.${disk >> 16}.${(disk >> 8) & 255}.${disk & 255}:9100`],
    ['job', 'node-exporter'],
    ['mountpoint', `/var/lib/volumes/${disk % 40}`],
  ]);
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('a hundred thousand file systems take at most 2.4 kB each, all that belongs to them included', () => {
  const before = usedBytes();
  const resources = new Resources(2 * DISKS, labelsOf, () => {});
  resources.configure(PRESETS, '');
  for (let slot = 0; slot < 2 * DISKS; slot++) resources.add(slot, NAMES[slot & 1]!);
  const start = 1_800_000_000_000;
  for (let minute = 0; minute < 40; minute += 6) {
    for (let slot = 0; slot < 2 * DISKS; slot++) {
      const value = slot % 2 === 1 ? 1e12 : 5e11 - minute * 1e9;
      for (const resource of resources.of(slot)) resource.take(slot, start + minute * 60_000, value);
    }
  }
  for (const resource of resources.all()) resource.forecast = forecastOf(resource.history, resource.scale);
  const each = (usedBytes() - before) / DISKS;
  expect(resources.size).toBe(DISKS);
  expect(each).toBeLessThan(2400);
  expect(each).toBeGreaterThan(1000);
}, 120_000);
