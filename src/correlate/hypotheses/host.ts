import { type Entity, formatEntity } from '../../model/entity.ts';
import { burstsOf } from '../bursts.ts';
import type { DependencyGraph } from '../dependency-graph.ts';
import { ALONE_COST, type Hypothesis, spanOf } from '../hypothesis.ts';
import type { Sign } from '../sign.ts';
import type { Troubles } from '../trouble.ts';

/** A workload with other pods need not suffer when one node does. */
const MISSING_COST = 0.6;
/** A node that shows nothing itself has to explain two workloads that nothing else does. */
const SILENT_COST = ALONE_COST + 1;
/** Most of what runs on it has to be in trouble, and little of that on other nodes. */
const MIN_SHARE = 0.6;
const MIN_WORKLOADS = 3;

/** Nodes: those that show trouble, and those whose pods do, and only there, before any alert names the node. */
export function* hosts(graph: DependencyGraph, troubles: Troubles): Iterable<Hypothesis> {
  for (const [rootKey, { entity: root, bursts }] of troubles) {
    if (root.kind !== 'node') continue;
    for (const own of bursts) {
      const span = spanOf(own);
      const links = graph.onNode(root, span.from);
      const about = { root, rootKey, own, ...span, links, change: undefined };
      yield { kind: 'host', ...about, priorCost: ALONE_COST, missingCost: MISSING_COST };
    }
  }
  yield* silentHosts(graph, troubles);
}

function* silentHosts(graph: DependencyGraph, troubles: Troubles): Iterable<Hypothesis> {
  for (const [name, signs] of signsByNode(troubles)) {
    const root: Entity = { cluster: signs[0]!.entity!.cluster, kind: 'node', namespace: '', name };
    const rootKey = formatEntity(root);
    if (troubles.has(rootKey)) continue;
    for (const burst of burstsOf(signs, (sign) => sign)) {
      const { from, until } = spanOf(burst);
      const affected = new Set(burst.map(({ entityKey }) => entityKey)).size;
      if (affected < MIN_WORKLOADS) continue;
      const links = graph.onNode(root, from);
      if (affected < MIN_SHARE * links.length) continue;
      const about = { root, rootKey, own: [], from, until, links, change: undefined };
      yield { kind: 'host', ...about, priorCost: SILENT_COST, missingCost: MISSING_COST };
    }
  }
}

/** Signs of pods, by the one node on which they were seen. */
function signsByNode(troubles: Troubles): Map<string, Sign[]> {
  const found = new Map<string, Sign[]>();
  for (const { signs } of troubles.values()) {
    for (const sign of signs) {
      if (sign.nodes.size !== 1) continue;
      const [node] = sign.nodes;
      const known = found.get(node!);
      if (known === undefined) found.set(node!, [sign]);
      else known.push(sign);
    }
  }
  return found;
}
