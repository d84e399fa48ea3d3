import type { Entity } from '../../src/model/entity.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';

/** topology.json of a storm: what the sidecar may know of the simulated system. Times are epoch seconds. */
export interface StormTopology {
  readonly services: readonly { readonly name: string; readonly namespace: string; readonly kind: string }[];
  readonly edges: readonly (readonly [caller: string, callee: string])[];
  readonly pods: readonly {
    readonly pod: string;
    readonly service: string;
    readonly namespace: string;
    readonly node: string;
    readonly ip: string;
    readonly from: number | null;
    readonly until: number | null;
  }[];
  readonly nodes: readonly { readonly node: string; readonly ip: string }[];
}

/** A topology that knows what the file says. */
export function learnStorm(storm: StormTopology, cluster: string): LearntTopology {
  const topology = new LearntTopology({ clusterLabel: 'cluster' });
  const entities = new Map(storm.services.map((service) => [service.name, entityOf(service, cluster)]));
  const kinds = new Map(storm.services.map(({ name, kind }) => [name, kind]));
  for (const entity of entities.values()) topology.observe({ kind: 'entity', entity, addresses: [] }, 0);
  for (const { node, ip } of storm.nodes) {
    const entity: Entity = { cluster, kind: 'node', namespace: '', name: node };
    topology.observe({ kind: 'entity', entity, addresses: [ip] }, 0);
  }
  for (const { pod, service, namespace, node, ip, from, until } of storm.pods) {
    const owner = { kind: kinds.get(service) ?? 'Deployment', name: service };
    const [fromMs, untilMs] = [from === null ? null : from * 1000, until === null ? null : until * 1000];
    topology.observe({ kind: 'pod', cluster, namespace, pod, node, ip, owner, from: fromMs, until: untilMs }, 0);
  }
  for (const [caller, callee] of storm.edges) {
    topology.observe({ kind: 'link', edge: 'calls', from: entities.get(caller)!, to: entities.get(callee)! }, 0);
  }
  topology.advance(1);
  return topology;
}

function entityOf({ name, namespace, kind }: StormTopology['services'][number], cluster: string): Entity {
  const isExternal = kind === 'External';
  return { cluster, kind: isExternal ? 'external' : 'workload', namespace: isExternal ? '' : namespace, name };
}
