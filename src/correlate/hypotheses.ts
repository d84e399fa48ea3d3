import type { Entity } from '../model/entity.ts';
import type { Insides, SignsByEntity } from './cone.ts';
import type { DependencyGraph, Link } from './dependency-graph.ts';
import type { Hypothesis } from './hypothesis.ts';
import { PAUSE_MS } from './scene.ts';
import type { Sign } from './sign.ts';

/** What it costs to leave something unexplained: an incident of its own (nats). */
export const ALONE_COST = 3;
const SILENT_PRIOR = ALONE_COST + 0.8;
const UNOBSERVABLE_PRIOR = ALONE_COST - 0.6;
const INFRASTRUCTURE_PRIOR = ALONE_COST * 2;
export const TOGETHER_MS = 2 * 60_000;
const AT_ONCE_MS = 30_000;
const INSIDE_MS = 2 * 60_000;
const SERVED: ReadonlySet<Entity['kind']> = new Set(['workload', 'service', 'database', 'ingress', 'queue']);
const INFRASTRUCTURE_LINK_COST = 0.7;

/** @param isTopOnly leave out things whose trouble an affected callee can explain */
export function hypotheses(graph: DependencyGraph, signsOf: SignsByEntity, insides: Insides, isTopOnly: boolean): Hypothesis[] {
  const affected = [...affectedThings(graph, signsOf)].filter(
    (hypothesis) => !isTopOnly || insides.get(hypothesis.rootKey)!.length > 0 || isTop(hypothesis, graph, signsOf),
  );
  return [...affected, ...silentCallees(graph, signsOf)];
}

/** Whether nothing that it needs was in trouble before. */
function isTop({ root, rootKey, from }: Hypothesis, graph: DependencyGraph, signsOf: SignsByEntity): boolean {
  return !graph
    .needs(root, rootKey)
    .some(({ key }) => signsOf.get(key)?.some(({ onset, until }) => onset <= from + TOGETHER_MS && until >= from) === true);
}

function* affectedThings(graph: DependencyGraph, signsOf: SignsByEntity): Iterable<Hypothesis> {
  for (const [rootKey, signs] of signsOf) {
    const root = signs[0]!.entity!;
    for (const own of bursts(signs)) {
      const from = Math.min(...own.map(({ onset }) => onset));
      const until = Math.max(...own.map((sign) => sign.until));
      const common = { root, rootKey, own, ownKinds: ownKindsOf(own), from, until };
      if (root.kind === 'node') {
        yield { kind: 'host', ...common, links: graph.onNode(root, from), priorCost: ALONE_COST, missingCost: 0.6 };
      } else if (isInfrastructure(root, graph)) {
        const nodes = new Set(own.flatMap((sign) => [...sign.nodes]));
        const links = isOnEveryNode(root, from, graph, signsOf) && nodes.size > 0 ? onNodes(nodes, root, from, graph, rootKey) : everything(signsOf, rootKey);
        yield { kind: 'infrastructure', ...common, links, priorCost: INFRASTRUCTURE_PRIOR, missingCost: 0 };
      } else {
        yield { kind: 'affected', ...common, links: graph.dependents(root, rootKey), priorCost: ALONE_COST, missingCost: 0.7 };
      }
    }
  }
}

function* silentCallees(graph: DependencyGraph, signsOf: SignsByEntity): Iterable<Hypothesis> {
  const callers = new Map<string, { entity: Entity; symptoms: Sign[] }>();
  for (const [callerKey, signs] of signsOf) {
    const symptoms = signs.filter((sign) => !isFromInside(sign, signs));
    for (const { key, entity } of graph.needs(signs[0]!.entity!, callerKey)) {
      const found = callers.get(key) ?? { entity, symptoms: [] };
      found.symptoms.push(...symptoms);
      callers.set(key, found);
    }
  }
  for (const [rootKey, { entity, symptoms }] of callers) {
    for (const burst of bursts(symptoms)) {
      const from = burst[0]!.onset;
      const until = Math.max(...burst.map((sign) => sign.until));
      const late = (signsOf.get(rootKey) ?? []).filter((sign) => sign.onset >= from && sign.onset <= until);
      if ((signsOf.get(rootKey) ?? []).some((sign) => sign.onset <= from + 60_000 && sign.until >= from)) continue;
      const links = graph.dependents(entity, rootKey);
      const together = new Set(burst.filter(({ onset }) => onset <= from + TOGETHER_MS).map(({ entityKey }) => entityKey));
      const isUnobservable = entity.kind === 'external';
      if (together.size < (isUnobservable ? 1 : 2) || together.size < 0.6 * links.length) continue;
      const priorCost = late.length > 0 ? ALONE_COST + 0.3 : isUnobservable ? UNOBSERVABLE_PRIOR : SILENT_PRIOR;
      yield { kind: late.length > 0 ? 'late' : 'silent', root: entity, rootKey, own: late, ownKinds: ownKindsOf(late), from, until, links, priorCost, missingCost: 0.7 };
    }
  }
}

/** Two kinds of trouble that a thing tells of itself, within the first two minutes. */
export function insidesOf(signs: readonly Sign[]): number[] {
  return bursts(signs).flatMap((burst) => {
    const first = burst[0]!.onset;
    const kinds = new Set(burst.filter(({ isRequest, onset }) => !isRequest && onset <= first + AT_ONCE_MS).map(({ kind }) => kind));
    return kinds.size >= 2 ? [first] : [];
  });
}

/** What has trouble of its own at the time at which its requests begin to suffer needs no silent callee to explain it. */
function isFromInside(sign: Sign, all: readonly Sign[]): boolean {
  return !sign.isRequest || all.some((other) => !other.isRequest && Math.abs(other.onset - sign.onset) <= INSIDE_MS);
}

function ownKindsOf(own: readonly Sign[]): number {
  return new Set(own.filter(({ isRequest }) => !isRequest).map(({ kind }) => kind)).size;
}

function bursts(signs: readonly Sign[]): Sign[][] {
  return burstsOf(signs, (sign) => sign);
}

/** Splits where nothing began for some minutes. */
export function burstsOf<T>(items: readonly T[], signOf: (item: T) => Sign): T[][] {
  const all: T[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const item of items.toSorted((a, b) => signOf(a).onset - signOf(b).onset)) {
    const { onset } = signOf(item);
    if (onset - last <= PAUSE_MS) all.at(-1)!.push(item);
    else all.push([item]);
    last = onset;
  }
  return all;
}

function isInfrastructure(entity: Entity, graph: DependencyGraph): boolean {
  return entity.kind === 'workload' && /^kube-system$|-system$/.test(entity.namespace) && graph.dependents(entity).length === 0;
}

/** A daemon serves what runs beside it. */
function isOnEveryNode(daemon: Entity, at: number, graph: DependencyGraph, signsOf: SignsByEntity): boolean {
  const own = new Set(graph.nodesOf(daemon, at));
  const nodes = new Set([...signsOf.values()].flatMap(([sign]) => graph.nodesOf(sign!.entity!, at)));
  const covered = [...nodes].filter((node) => own.has(node)).length;
  return own.size > 2 && covered >= 0.8 * nodes.size;
}

function onNodes(nodes: ReadonlySet<string>, { cluster }: Entity, at: number, graph: DependencyGraph, except: string): Link[] {
  const links = new Map<string, Link>();
  for (const name of nodes) for (const link of graph.onNode({ cluster, kind: 'node', namespace: '', name }, at)) links.set(link.key, link);
  links.delete(except);
  return [...links.values()];
}

function everything(signsOf: SignsByEntity, except: string): Link[] {
  const links: Link[] = [];
  for (const [key, signs] of signsOf) {
    const entity = signs[0]!.entity!;
    if (key === except || !SERVED.has(entity.kind)) continue;
    links.push({ key, entity, cost: INFRASTRUCTURE_LINK_COST, way: 'breadth', source: 'everything in the cluster uses it' });
  }
  return links;
}
