import type { Entity } from '../../model/entity.ts';
import { burstsOf } from '../bursts.ts';
import type { DependencyGraph } from '../dependency-graph.ts';
import { ALONE_COST, type Hypothesis } from '../hypothesis.ts';
import type { Sign } from '../sign.ts';
import type { Troubles } from '../trouble.ts';

/** Callers of a failing callee notice it within that time. */
export const TOGETHER_MS = 2 * 60_000;
/** Most of its callers have to suffer. */
const MIN_SHARE = 0.6;
/** A callee that shows nothing needs two callers that nothing else explains. */
const SILENT_COST = ALONE_COST + 0.8;
/** It showed nothing at first: a bit less believable than trouble that shows at once. */
const LATE_COST = ALONE_COST + 0.3;
/** Nobody measures it (a partner's API): that it shows nothing says nothing, so one caller without own trouble will do. */
const UNOBSERVABLE_COST = ALONE_COST - 0.6;
const MISSING_COST = 0.7;
/** Trouble of its own that began at most so much later began with its callers'. */
const SAME_TIME_MS = 60_000;

/** Things most of whose callers began to suffer together while they show nothing (yet). */
export function* silentCallees(graph: DependencyGraph, troubles: Troubles): Iterable<Hypothesis> {
  for (const [rootKey, { entity, symptoms }] of calleesOf(graph, troubles)) {
    const own = troubles.get(rootKey)?.signs ?? [];
    const links = graph.dependents(entity, rootKey);
    for (const burst of burstsOf(symptoms, (sign) => sign)) {
      const from = burst[0]!.onset;
      const until = Math.max(...burst.map((sign) => sign.until));
      if (own.some((sign) => sign.onset <= from + SAME_TIME_MS && sign.until >= from)) continue;
      const isObservable = entity.kind !== 'external';
      const together = new Set(burst.filter(({ onset }) => onset <= from + TOGETHER_MS).map((sign) => sign.entityKey));
      if (together.size < (isObservable ? 2 : 1) || together.size < MIN_SHARE * links.length) continue;
      const late = own.filter(({ onset }) => onset >= from && onset <= until);
      const about = { root: entity, rootKey, own: late, from, until, links, missingCost: MISSING_COST };
      if (late.length > 0) yield { kind: 'late', ...about, priorCost: LATE_COST, change: undefined };
      else {
        const priorCost = isObservable ? SILENT_COST : UNOBSERVABLE_COST;
        yield { kind: 'silent', ...about, priorCost, change: undefined };
      }
    }
  }
}

function calleesOf(graph: DependencyGraph, troubles: Troubles): Map<string, { entity: Entity; symptoms: Sign[] }> {
  const callees = new Map<string, { entity: Entity; symptoms: Sign[] }>();
  for (const [callerKey, { entity: caller, symptoms }] of troubles) {
    if (symptoms.length === 0) continue;
    for (const { key, entity } of graph.needs(caller, callerKey)) {
      const callee = callees.get(key);
      if (callee === undefined) callees.set(key, { entity, symptoms: [...symptoms] });
      else callee.symptoms.push(...symptoms);
    }
  }
  return callees;
}
