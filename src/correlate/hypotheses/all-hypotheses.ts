import type { DependencyGraph } from '../dependency-graph.ts';
import type { Hypothesis } from '../hypothesis.ts';
import type { Troubles } from '../trouble.ts';
import { affectedThings, isTop } from './affected-thing.ts';
import { withChange } from './changed-thing.ts';
import { hosts } from './host.ts';
import { sharedInfrastructure } from './shared-infrastructure.ts';
import { silentCallees } from './silent-callee.ts';

/**
 * All that may be the cause of these signs.
 * @param isTopOnly leaves out things whose trouble a troubled callee can explain, unless they broke by themselves
 */
export function allHypotheses(graph: DependencyGraph, troubles: Troubles, isTopOnly: boolean): Hypothesis[] {
  const affected = [...affectedThings(graph, troubles)].filter(
    (each) => !isTopOnly || troubles.get(each.rootKey)!.insideAt.length > 0 || isTop(each, graph, troubles),
  );
  const others = [hosts, sharedInfrastructure, silentCallees].flatMap((kind) => [...kind(graph, troubles)]);
  return [...affected, ...others].map((hypothesis) => withChange(hypothesis, graph.topology));
}
