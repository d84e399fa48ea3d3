import { describe, expect, it } from 'vitest';
import { createLabels, type Labels } from '../../src/model/labels.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { SeriesTap } from '../../src/topology/series-tap.ts';
import { START } from './learning.ts';

const GRAPH = 'traces_service_graph_request_total';
const labelsOf = (labels: Record<string, string>) => createLabels(Object.entries(labels));

/** A tap on slots with these labels, counting how often labels are read. */
function tapOn(...series: (Record<string, string> | undefined)[]) {
  const slots: (Labels | undefined)[] = [undefined, ...series.map((labels) => labels && labelsOf(labels))];
  const topology = new LearntTopology({ clusterLabel: 'cluster' });
  const reads = { count: 0 };
  const tap = new SeriesTap(10, topology, (slot) => {
    reads.count++;
    return slots[slot];
  });
  for (const [slot, labels] of slots.entries()) if (labels !== undefined) tap.add(slot, labels.get('__name__')!);
  return { tap, topology, slots, reads };
}

describe('a series', () => {
  it('of another name is never looked at', () => {
    const { tap, reads } = tapOn({ __name__: 'node_load1', instance: 'a:9100' });
    expect([tap.isMember[1], reads.count]).toEqual([0, 0]);
  });

  it('has its labels read when it is first seen, and not again', () => {
    const { tap, topology, reads } = tapOn({ __name__: GRAPH, client: 'a', server: 'b' });
    expect(reads.count).toBe(0);
    for (let i = 0; i < 1000; i++) tap.take(1, START + i * 15_000, i);
    expect(reads.count).toBe(2);
    expect(topology.claims.size).toBe(1);
  });

  it('that says nothing is not asked again', () => {
    const { tap, reads } = tapOn({ __name__: GRAPH, client: 'a' });
    tap.take(1, START, 1);
    expect([tap.isMember[1], tap.size, reads.count]).toEqual([0, 0, 1]);
  });

  it('without labels is passed over', () => {
    const { tap, slots } = tapOn({ __name__: GRAPH, client: 'a', server: 'b' });
    slots[1] = undefined;
    tap.take(1, START, 1);
    expect(tap.size).toBe(0);
  });

  it('is one, however often it is made known', () => {
    const { tap, topology } = tapOn({ __name__: GRAPH, client: 'a', server: 'b' });
    tap.take(1, START, 60);
    tap.add(1, GRAPH);
    tap.take(1, START + 60_000, 120);
    topology.advance(START + 60_000);
    expect(topology.graph.edges).toMatchObject([{ rate: 1 }]);
  });

  it('leaves nothing to the next one in its slot', () => {
    const { tap, topology, slots } = tapOn({ __name__: GRAPH, client: 'a', server: 'b' });
    tap.take(1, START, 60);
    tap.take(1, START + 60_000, 120);
    tap.remove(1);
    expect([tap.isMember[1], tap.size]).toEqual([0, 0]);
    slots[1] = labelsOf({ __name__: GRAPH, client: 'c', server: 'd' });
    tap.add(1, GRAPH);
    tap.take(1, START + 61_000, 6);
    tap.take(1, START + 121_000, 12);
    topology.advance(START + 121_000);
    const rates = topology.graph.edges.map(({ from, rate }) => [from.name, rate]);
    expect(rates).toEqual([
      ['a', 0],
      ['c', 0.1],
    ]);
  });
});
