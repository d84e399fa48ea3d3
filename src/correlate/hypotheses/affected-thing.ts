import type { DependencyGraph } from '../dependency-graph.ts';
import { ALONE_COST, type Hypothesis, spanOf } from '../hypothesis.ts';
import type { Troubles } from '../trouble.ts';

/** A callee is trouble for nearly all of its callers; a silent caller costs two thirds of what an affected one is worth. */
const MISSING_COST = 0.7;
/** A pause between the trouble of a callee and that of its caller in which one may be noticed before the other. */
const NOTICED_LATER_MS = 2 * 60_000;

/** Things that show trouble: each burst of it may be the beginning of something. */
export function* affectedThings(graph: DependencyGraph, troubles: Troubles): Iterable<Hypothesis> {
  for (const [rootKey, { entity: root, bursts }] of troubles) {
    if (root.kind === 'node') continue;
    const links = graph.dependents(root, rootKey);
    if (links.length === 0) continue;
    for (const own of bursts) {
      const { from, until } = spanOf(own);
      const [priorCost, missingCost, change] = [ALONE_COST, MISSING_COST, undefined];
      yield { kind: 'affected', root, rootKey, own, from, until, links, priorCost, missingCost, change };
    }
  }
}

/** Whether nothing that it needs was in trouble before. */
export function isTop({ root, rootKey, from }: Hypothesis, graph: DependencyGraph, troubles: Troubles): boolean {
  const wasInTrouble = (key: string) =>
    troubles.get(key)?.signs.some(({ onset, until }) => onset <= from + NOTICED_LATER_MS && until >= from) === true;
  return !graph.needs(root, rootKey).some(({ key }) => wasInTrouble(key));
}
