import { describe, expect, it } from 'vitest';
import { HOUR, Learning, MINUTE, START, workload } from './learning.ts';

const CALL = 'traces_service_graph_request_total{client="web",server="cart"}';
const OTHER = 'traces_service_graph_request_total{client="web",server="other"}';
const pod = (name: string) =>
  `kube_pod_info{namespace="shop",pod="${name}-0",uid="${name}",node="n1",pod_ip="10.0.0.5",created_by_kind="StatefulSet",created_by_name="${name}"}`;

/** Another process, with what the one before has saved. */
function restart(before: Learning, downMs: number): Learning {
  const blocks = [...before.topology.save()];
  const after = new Learning();
  after.now = before.now + downMs;
  for (const block of blocks) after.topology.restore(block);
  return after.settle();
}

describe('after a restart', () => {
  it('edges, pods and their lives are known before any sample comes', () => {
    const series = [CALL, pod('old'), pod('rest').replace('0.5', '0.9')];
    const before = new Learning().see(series).pass(10 * MINUTE, ...series);
    before.end(pod('old')).pass(5 * MINUTE, ...series.filter((text) => text !== pod('old')));
    before.see(pod('new')).pass(10 * MINUTE, ...series.filter((text) => text !== pod('old')), pod('new'));
    const after = restart(before, HOUR);
    expect(after.edges).toEqual(before.edges);
    expect(after.topology.podsOf(workload('shop/new'), after.now)).toHaveLength(1);
    expect(after.subject({ instance: '10.0.0.5:80' }, START + MINUTE)).toBe('workload:shop/old');
    expect(after.subject({ instance: '10.0.0.5:80' })).toBe('workload:shop/new');
  });

  it('what went away meanwhile ends when its source goes on, and what is there stays without a gap', () => {
    const before = new Learning().see([pod('a'), pod('b')]).pass(10 * MINUTE, pod('a'), pod('b'));
    const after = restart(before, HOUR);
    // Series come one after the other, and the graph is brought up to date in between.
    after.now += MINUTE;
    after.see(pod('a')).settle();
    expect(after.topology.podsOf(workload('shop/b'), after.now)).toHaveLength(1);
    after.pass(5 * MINUTE, pod('a'));
    expect(after.topology.podsOf(workload('shop/a'), after.now)).toHaveLength(1);
    expect(after.topology.podsOf(workload('shop/b'), after.now)).toEqual([]);
  });

  it('traffic fades from where it was, and sleeping edges sleep on', () => {
    const before = new Learning();
    for (let night = 0; night < 3; night++) before.pass(MINUTE, CALL, OTHER).pass(24 * HOUR - MINUTE, OTHER);
    const after = restart(before, MINUTE);
    const cart = () => after.topology.graph.edges.find(({ to }) => to.name === 'cart')?.confidence;
    expect(cart()).toBeCloseTo(0.5, 5);
    after.pass(14 * 24 * HOUR, OTHER);
    expect(cart()).toBeUndefined();
  });
});
