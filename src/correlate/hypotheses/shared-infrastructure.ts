import type { Entity } from '../../model/entity.ts';
import type { DependencyGraph, Link } from '../dependency-graph.ts';
import { ALONE_COST, type Hypothesis, spanOf } from '../hypothesis.ts';
import type { Troubles } from '../trouble.ts';

/** That everything fails is believed only when it explains more things than chance and calls do. */
const PRIOR_COST = 2 * ALONE_COST;
/** Nothing shows that this thing uses it. */
const EVERYTHING_COST = 0.7;
const SERVED: ReadonlySet<Entity['kind']> = new Set(['workload', 'service', 'database', 'ingress', 'queue']);
/** A daemon has a pod on most nodes on which anything runs, and on more than a few. */
const MIN_DAEMON_SHARE = 0.8;
const MIN_DAEMON_NODES = 3;
/** Namespaces of what clusters are made of: `kube-system`, `istio-system` … */
const SYSTEM_NAMESPACE = /-system$/;

/** What everything uses and nobody calls by an edge: DNS, network and proxy daemons. It must show trouble itself. */
export function* sharedInfrastructure(graph: DependencyGraph, troubles: Troubles): Iterable<Hypothesis> {
  for (const [rootKey, { entity: root, bursts }] of troubles) {
    const isShared = root.kind === 'workload' && SYSTEM_NAMESPACE.test(root.namespace);
    if (!isShared || graph.dependents(root, rootKey).length > 0) continue;
    for (const own of bursts) {
      const span = spanOf(own);
      const nodes = new Set(own.flatMap((sign) => [...sign.nodes]));
      const isDaemon = nodes.size > 0 && isOnEveryNode(root, span.from, graph, troubles);
      const links = isDaemon ? onNodes(nodes, root, span.from, graph, rootKey) : everything(troubles, rootKey);
      const about = { root, rootKey, own, ...span, links, change: undefined };
      yield { kind: 'infrastructure', ...about, priorCost: PRIOR_COST, missingCost: 0 };
    }
  }
}

function isOnEveryNode(daemon: Entity, at: number, graph: DependencyGraph, troubles: Troubles): boolean {
  const own = new Set(graph.nodesOf(daemon, at));
  if (own.size < MIN_DAEMON_NODES) return false;
  const nodes = new Set([...troubles.values()].flatMap(({ entity }) => graph.nodesOf(entity, at)));
  const covered = [...nodes].filter((node) => own.has(node)).length;
  return covered >= MIN_DAEMON_SHARE * nodes.size;
}

/** A daemon serves what runs beside it: only the nodes of its bad pods are concerned. */
function onNodes(
  nodes: ReadonlySet<string>,
  { cluster }: Entity,
  at: number,
  graph: DependencyGraph,
  except: string,
): Link[] {
  const links = new Map<string, Link>();
  for (const name of nodes) {
    for (const link of graph.onNode({ cluster, kind: 'node', namespace: '', name }, at)) links.set(link.key, link);
  }
  links.delete(except);
  return [...links.values()];
}

function everything(troubles: Troubles, except: string): Link[] {
  const source = 'everything in the cluster uses it';
  return [...troubles].flatMap(([key, { entity }]) => {
    const isServed = key !== except && SERVED.has(entity.kind);
    return isServed ? [{ key, entity, cost: EVERYTHING_COST, way: 'breadth' as const, source }] : [];
  });
}
