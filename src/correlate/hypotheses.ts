import type { Entity } from '../model/entity.ts';
import type { SignsByEntity } from './cone.ts';
import type { DependencyGraph, Link } from './dependency-graph.ts';
import type { Hypothesis } from './hypothesis.ts';
import { PAUSE_MS } from './scene.ts';
import type { Sign } from './sign.ts';

/** What it costs to leave something unexplained: an incident of its own (nats). */
export const ALONE_COST = 3;
const SILENT_PRIOR = ALONE_COST + 0.8;
const UNOBSERVABLE_PRIOR = ALONE_COST - 0.6;
const INFRASTRUCTURE_PRIOR = ALONE_COST * 2;
const INFRASTRUCTURE_LINK_COST = 0.7;

export function hypotheses(graph: DependencyGraph, signsOf: SignsByEntity): Hypothesis[] {
  return [...affectedThings(graph, signsOf), ...silentCallees(graph, signsOf)];
}

function* affectedThings(graph: DependencyGraph, signsOf: SignsByEntity): Iterable<Hypothesis> {
  for (const [rootKey, signs] of signsOf) {
    const root = signs[0]!.entity!;
    for (const own of bursts(signs)) {
      const from = Math.min(...own.map(({ onset }) => onset));
      const until = Math.max(...own.map((sign) => sign.until));
      const common = { root, rootKey, own, from, until };
      if (root.kind === 'node') {
        yield { kind: 'host', ...common, links: graph.onNode(root, from), priorCost: ALONE_COST, missingCost: 0.4 };
      } else if (isInfrastructure(root, graph)) {
        const links = everything(signsOf, rootKey);
        yield { kind: 'infrastructure', ...common, links, priorCost: INFRASTRUCTURE_PRIOR, missingCost: 0 };
      } else {
        yield { kind: 'affected', ...common, links: graph.dependents(root), priorCost: ALONE_COST, missingCost: 0.7 };
      }
    }
  }
}

function* silentCallees(graph: DependencyGraph, signsOf: SignsByEntity): Iterable<Hypothesis> {
  const callers = new Map<string, { entity: Entity; onsets: Sign[] }>();
  for (const signs of signsOf.values()) {
    for (const { key, entity } of graph.needs(signs[0]!.entity!)) {
      const found = callers.get(key) ?? { entity, onsets: [] };
      found.onsets.push(...signs);
      callers.set(key, found);
    }
  }
  for (const [rootKey, { entity, onsets }] of callers) {
    for (const burst of bursts(onsets)) {
      const from = Math.min(...burst.map(({ onset }) => onset));
      const until = Math.max(...burst.map((sign) => sign.until));
      if ((signsOf.get(rootKey) ?? []).some((sign) => sign.onset <= from + 60_000 && sign.until >= from)) continue;
      const priorCost = entity.kind === 'external' ? UNOBSERVABLE_PRIOR : SILENT_PRIOR;
      yield { kind: 'silent', root: entity, rootKey, own: [], from, until, links: graph.dependents(entity), priorCost, missingCost: 1.5 };
    }
  }
}

function bursts(signs: readonly Sign[]): Sign[][] {
  const all: Sign[][] = [];
  for (const sign of signs.toSorted((a, b) => a.onset - b.onset)) {
    const last = all.at(-1);
    if (last !== undefined && sign.onset - Math.max(...last.map(({ onset }) => onset)) <= PAUSE_MS) last.push(sign);
    else all.push([sign]);
  }
  return all;
}

function isInfrastructure(entity: Entity, graph: DependencyGraph): boolean {
  return entity.kind === 'workload' && /^kube-system$|-system$/.test(entity.namespace) && graph.dependents(entity).length === 0;
}

function everything(signsOf: SignsByEntity, except: string): Link[] {
  const links: Link[] = [];
  for (const [key, signs] of signsOf) {
    const entity = signs[0]!.entity!;
    if (key === except || entity.kind === 'node' || entity.kind === 'namespace') continue;
    links.push({ key, entity, cost: INFRASTRUCTURE_LINK_COST, way: 'breadth', source: 'everything in the cluster uses it' });
  }
  return links;
}
