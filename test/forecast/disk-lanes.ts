import { afterEach } from 'vitest';
import { TestLane } from '../test-lane.ts';

export const MINUTE = 60_000;
/** A disk as node_exporter names it, apart from the metric. */
export const DISK = { device: '/dev/sda1', fstype: 'ext4', instance: 'a:9100', job: 'node', mountpoint: '/' };

const lanes: TestLane[] = [];
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.stop();
});

/** A lane with the rules that are built in; it is stopped after the test. */
export async function newLane(): Promise<TestLane> {
  const lane = await new TestLane({ rules: [] }).start();
  lanes.push(lane);
  return lane;
}
