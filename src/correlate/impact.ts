import type { Entity } from '../model/entity.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import type { Group } from './group.ts';

/** More names than that help nobody. */
const MAX_POSSIBLE = 200;

/** Things that an incident affects for sure, and silent ones that its cause can reach, both by name. The cause is neither. */
export function impactOf(
  { claim, members }: Group,
  graph: DependencyGraph,
): { impacted: Entity[]; possible: Entity[] } {
  const impacted = new Map<string, Entity>();
  for (const { sign } of members) {
    if (sign.entity !== undefined && sign.entity.kind !== 'namespace') impacted.set(sign.entityKey, sign.entity);
  }
  if (claim === undefined) return { impacted: sorted(impacted), possible: [] };
  impacted.delete(claim.theory.hypothesis.rootKey);
  return {
    impacted: sorted(impacted),
    possible: sorted(possiblyAffected(impacted, claim.theory.hypothesis.links, graph)),
  };
}

function possiblyAffected(
  impacted: ReadonlyMap<string, Entity>,
  links: readonly { readonly key: string; readonly entity: Entity }[],
  graph: DependencyGraph,
): Map<string, Entity> {
  const possible = new Map<string, Entity>();
  const open = [...links, ...[...impacted].flatMap(([key, entity]) => graph.dependents(entity, key))];
  for (let next = open.pop(); next !== undefined && possible.size < MAX_POSSIBLE; next = open.pop()) {
    if (impacted.has(next.key) || possible.has(next.key)) continue;
    possible.set(next.key, next.entity);
    open.push(...graph.dependents(next.entity, next.key));
  }
  return possible;
}

function sorted(entities: ReadonlyMap<string, Entity>): Entity[] {
  return [...entities].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entity]) => entity);
}
