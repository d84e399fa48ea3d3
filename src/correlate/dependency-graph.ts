import { type Entity, formatEntity } from '../model/entity.ts';
import type { Neighbour, Subject, Topology } from '../model/topology.ts';

/** A way by which failure travels from one thing to another that depends on it. */
export interface Link {
  readonly key: string;
  readonly entity: Entity;
  /** How much harder to believe than a sure call, in nats: 0 for one that is measured. */
  readonly cost: number;
  readonly way: 'graph' | 'host' | 'breadth';
  /** What shows it, in words. */
  readonly source: string;
}

/** A workload has several pods: that one of them ran on a bad node need not show. */
const HOST_COST = 0.5;
/** Edges seen in the labels of alerts: as good as their relabelling. */
const SEEN_IN_ALERT_COST = 0.2;
/** Labels are chosen by strangers: more things that call are not remembered from alerts. */
const MAX_SEEN_CALLERS = 50_000;

/**
 * The topology as correlation walks it: by keys, cached until the topology changes, with the edges that alerts themselves
 * name (who calls whom in a mesh alert).
 */
export class DependencyGraph {
  readonly topology: Topology;
  readonly #dependents = new Map<string, Link[]>();
  readonly #needs = new Map<string, Link[]>();
  /** By time and node. */
  readonly #onNode = new Map<string, readonly Link[]>();
  readonly #seenDependents = new Map<string, Map<string, Link>>();
  readonly #seenNeeds = new Map<string, Map<string, Link>>();
  #topologyVersion = -1;
  #version = 0;

  constructor(topology: Topology) {
    this.topology = topology;
  }

  /** Grows when something has changed; until then the links of a thing are the same objects. */
  get version(): number {
    if (this.#topologyVersion !== this.topology.version) this.#forgetAll();
    return this.#version;
  }

  /** Remembers the edge that an alert is about. */
  learn({ entity, caller, callee }: Subject): void {
    if (entity === undefined) return;
    if (caller !== undefined) this.#see(caller, entity);
    if (callee !== undefined) this.#see(entity, callee);
  }

  /** Things to which failure of this one travels by calls and the like. */
  dependents(entity: Entity, key = formatEntity(entity)): readonly Link[] {
    return this.#links(entity, key, this.#dependents, this.#seenDependents, (each) => this.topology.neededBy(each));
  }

  /** Things whose failure travels to this one by calls and the like. */
  needs(entity: Entity, key = formatEntity(entity)): readonly Link[] {
    return this.#links(entity, key, this.#needs, this.#seenNeeds, (each) => this.topology.needs(each));
  }

  /** Workloads with a pod on this node at that time. */
  onNode(node: Entity, at: number): readonly Link[] {
    if (this.#topologyVersion !== this.topology.version) this.#forgetAll();
    const cacheKey = `${at} ${formatEntity(node)}`;
    const cached = this.#onNode.get(cacheKey);
    if (cached !== undefined) return cached;
    const links = new Map<string, Link>();
    for (const { workload } of this.topology.podsOn(node, at)) {
      const key = formatEntity(workload);
      links.set(key, { key, entity: workload, cost: HOST_COST, way: 'host', source: `runs on ${node.name}` });
    }
    const found = [...links.values()];
    this.#onNode.set(cacheKey, found);
    return found;
  }

  /** Nodes on which this workload had a pod at that time. */
  nodesOf(workload: Entity, at: number): string[] {
    const nodes = this.topology.podsOf(workload, at).flatMap(({ node }) => (node === undefined ? [] : [node]));
    return [...new Set(nodes)];
  }

  #links(
    entity: Entity,
    key: string,
    cache: Map<string, Link[]>,
    seen: ReadonlyMap<string, ReadonlyMap<string, Link>>,
    read: (entity: Entity) => readonly Neighbour[],
  ): readonly Link[] {
    if (this.#topologyVersion !== this.topology.version) this.#forgetAll();
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    const links = new Map(seen.get(key) ?? []);
    for (const neighbour of read(entity)) {
      const link = linkOf(neighbour);
      if ((links.get(link.key)?.cost ?? Number.POSITIVE_INFINITY) > link.cost) links.set(link.key, link);
    }
    const found = [...links.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    cache.set(key, found);
    return found;
  }

  #see(caller: Entity, callee: Entity): void {
    const [callerKey, calleeKey] = [formatEntity(caller), formatEntity(callee)];
    const source = 'labels of an alert';
    const known = this.#seenNeeds.get(callerKey);
    if (known?.has(calleeKey) || (known === undefined && this.#seenNeeds.size >= MAX_SEEN_CALLERS)) return;
    put(this.#seenNeeds, callerKey, { key: calleeKey, entity: callee, cost: SEEN_IN_ALERT_COST, way: 'graph', source });
    put(this.#seenDependents, calleeKey, {
      key: callerKey,
      entity: caller,
      cost: SEEN_IN_ALERT_COST,
      way: 'graph',
      source,
    });
    this.#dependents.delete(calleeKey);
    this.#needs.delete(callerKey);
    this.#version++;
  }

  #forgetAll(): void {
    this.#dependents.clear();
    this.#needs.clear();
    this.#onNode.clear();
    this.#topologyVersion = this.topology.version;
    this.#version++;
  }
}

function linkOf({ entity, kind, confidence, source }: Neighbour): Link {
  const cost = -Math.log(Math.max(0.05, Math.min(1, confidence))) + (kind === 'runs-on' ? HOST_COST : 0);
  return { key: formatEntity(entity), entity, cost, way: kind === 'runs-on' ? 'host' : 'graph', source };
}

function put(seen: Map<string, Map<string, Link>>, from: string, link: Link): void {
  const links = seen.get(from);
  if (links === undefined) seen.set(from, new Map([[link.key, link]]));
  else links.set(link.key, link);
}
