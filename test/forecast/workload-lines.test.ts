import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STALE_MARKER } from '../ingest/write-request-builder.ts';
import { gaussian, TestLane } from '../test-lane.ts';

const MINUTE = 60_000;
const LIMIT = 1000;

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane({ rules: [] }).start();
});
afterEach(() => lane.stop());

const labelsOf = (pod: string, name: string) => ({
  __name__: name,
  container: 'web',
  namespace: 'shop',
  pod,
  ...(name === 'kube_pod_container_resource_limits' && { resource: 'memory', unit: 'byte' }),
});

/** The memory of a pod's container, a sample a minute; then it ends. */
async function live(pod: string, minutes: number, used: (minute: number) => number): Promise<void> {
  const noise = gaussian(minutes);
  for (let minute = 0; minute < minutes; minute++) {
    lane.clock.advance(MINUTE);
    const at = lane.clock.now();
    await lane.send(
      { labels: labelsOf(pod, 'kube_pod_container_resource_limits'), samples: [[at, LIMIT]] },
      { labels: labelsOf(pod, 'container_memory_working_set_bytes'), samples: [[at, used(minute) + noise()]] },
    );
  }
}

async function end(pod: string): Promise<void> {
  const at = lane.clock.now() + 1;
  for (const name of ['container_memory_working_set_bytes', 'kube_pod_container_resource_limits']) {
    await lane.send({ labels: labelsOf(pod, name), samples: [[at, STALE_MARKER]] });
  }
}

const resourceOf = (pod: string) =>
  [...lane.lane.forecasts.resources.all()].find(
    (resource) => lane.lane.forecasts.resources.labelsOf(resource).get('pod') === pod,
  )!;

describe('the memory of a container whose pods come and go', () => {
  const PODS = [
    'web-5d4f6b7c88-q2x4z',
    'web-5d4f6b7c88-w7k2m',
    'web-7f9c6b5d44-b8n5x',
    'web-7f9c6b5d44-z4h6t',
  ] as const;
  const leaking = (minute: number) => 100 + 2.5 * minute;

  it('goes on with the history of its workload', async () => {
    await live(PODS[0], 120, () => 300);
    await end(PODS[0]);
    await live(PODS[2], 10, () => 310);
    const { history } = resourceOf(PODS[2]);
    expect(history.age / 60).toBeGreaterThan(125);
    expect(history.used).toBeGreaterThan(300);
  });

  it('says nothing while a pod warms up, and after that what it is like', async () => {
    await live(PODS[0], 120, () => 500);
    await end(PODS[0]);
    await live(PODS[1], 20, (minute) => 100 + 15 * minute);
    expect(resourceOf(PODS[1]).forecast).toMatchObject({ p50: Infinity, state: 'insufficient' });
    await live(PODS[1], 40, () => 500);
    expect(resourceOf(PODS[1]).forecast).toMatchObject({ p50: Infinity, state: 'flat' });
  });

  it('that is replaced every three hours before it is full is a sawtooth, and pages no more', async () => {
    for (const pod of PODS) {
      await live(pod, 180, leaking);
      await end(pod);
    }
    const before = lane.lane.forecasts.urgentTotal;
    await live('web-7f9c6b5d44-k2j6p', 180, leaking);
    expect(resourceOf('web-7f9c6b5d44-k2j6p').forecast!.state).toBe('sawtooth');
    expect(lane.lane.forecasts.urgentTotal).toBe(before);
  });

  it('is no business of another workload, nor of a pod whose name shows none', async () => {
    await live(PODS[0], 60, () => 300);
    await end(PODS[0]);
    await live('api-5d4f6b7c88-q2x4z', 10, () => 300);
    await live('web', 10, () => 300);
    expect(resourceOf('api-5d4f6b7c88-q2x4z').history.age).toBeLessThan(900);
    expect(resourceOf('web').history.age).toBeLessThan(900);
  });

  it('is its own where pods begin together', async () => {
    const series = (pod: string, used: number) =>
      [
        ['kube_pod_container_resource_limits', LIMIT],
        ['container_memory_working_set_bytes', used],
      ].map(([name, value]) => ({
        labels: labelsOf(pod, String(name)),
        samples: [[lane.clock.now(), Number(value)] as const],
      }));
    for (let minute = 0; minute < 5; minute++) {
      lane.clock.advance(MINUTE);
      await lane.send(...series(PODS[0], 200), ...series(PODS[1], 600));
    }
    expect([PODS[0], PODS[1]].map((pod) => resourceOf(pod).history.noise)).toEqual([0, 0]);
    expect(resourceOf(PODS[1]).inheritedAt).toBe(0);
  });

  it('of a live sibling is left alone', async () => {
    await live(PODS[0], 60, () => 300);
    await live(PODS[1], 10, () => 700);
    expect(resourceOf(PODS[0]).history.used).toBeLessThan(310);
    expect(resourceOf(PODS[1]).history.used).toBeGreaterThan(690);
  });
});

describe('the heap of a process whose pods come and go', () => {
  const PODS = ['api-5d4f6b7c88-q2x4z', 'api-7f9c6b5d44-b8n5x', 'api-7f9c6b5d44-z4h6t'] as const;

  /** Two areas of one heap, as a scrape target of its own. */
  async function run(pod: string, minutes: number, used: number, more: Record<string, string> = {}): Promise<void> {
    const noise = gaussian(minutes);
    const target = {
      area: 'heap',
      instance: `10.0.0.${pod.length}${pod.at(-1)}:8080`,
      job: 'api',
      namespace: 'shop',
      pod,
    };
    for (let minute = 0; minute < minutes; minute++) {
      lane.clock.advance(MINUTE);
      const at = lane.clock.now();
      await lane.send(
        ...['eden', 'old'].flatMap((id) => [
          { labels: { __name__: 'jvm_memory_max_bytes', id, ...target, ...more }, samples: [[at, LIMIT / 2] as const] },
          {
            labels: { __name__: 'jvm_memory_used_bytes', id, ...target, ...more },
            samples: [[at, used / 2 + noise()] as const],
          },
        ]),
      );
    }
  }

  it('goes on with the history of its workload, whatever its address', async () => {
    await run(PODS[0], 120, 300);
    await run(PODS[1], 10, 310);
    expect(resourceOf(PODS[1]).history.age / 60).toBeGreaterThan(125);
    expect(resourceOf(PODS[1]).forecast).toMatchObject({ p50: Infinity, state: 'insufficient' });
  });

  it('is no business of another job of the same name, nor of another namespace', async () => {
    await run(PODS[0], 60, 300);
    await run(PODS[1], 10, 300, { job: 'other' });
    await run(PODS[2], 10, 300, { namespace: 'other' });
    for (const pod of [PODS[1], PODS[2]]) expect(resourceOf(pod).history.age).toBeLessThan(900);
  });

  it('and what an exporter says of a node is no business of another node, although the exporter is a pod', async () => {
    for (const [node, minutes] of [
      ['a', 60],
      ['b', 10],
    ] as const) {
      const of = (name: string) => ({
        ...{ __name__: name, device: 'sda1', fstype: 'ext4', instance: `${node}:9100`, job: 'node', mountpoint: '/' },
        ...{ namespace: 'monitoring', pod: `exporter-${node === 'a' ? 'q2x4z' : 'b8n5x'}` },
      });
      for (let minute = 0; minute < minutes; minute++) {
        lane.clock.advance(MINUTE);
        const samples = (value: number) => [[lane.clock.now(), value] as const];
        await lane.send(
          { labels: of('node_filesystem_size_bytes'), samples: samples(LIMIT) },
          { labels: of('node_filesystem_avail_bytes'), samples: samples(node === 'a' ? 700 : 300) },
        );
      }
    }
    expect(resourceOf('exporter-b8n5x').history.age).toBeLessThan(900);
  });
});
