import type { Decision, FiringPlacement } from '../correlate/correlator.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import { type AlertMember, type Firing, incidentId } from '../model/incident.ts';
import type { Admission } from './action.ts';
import type { Draft } from './draft.ts';

/** A firing that is no member yet. */
export interface Arrival {
  readonly key: string;
  readonly firing: Firing;
  readonly cluster: string;
  readonly entity: Entity | undefined;
  readonly onset: AlertMember['onset'];
  /** Until when it opens no page by itself, see `Admission`. */
  readonly heldUntil: number;
}

/** What a decision refers to by key, and where new things get their ids. */
interface DecisionContext {
  readonly at: number;
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly anomaly: (key: string) => { readonly anomaly: Anomaly; readonly entity: Entity } | undefined;
  readonly takeMemberId: () => number;
  /** The last incident with this key that ended not long before `at`. */
  readonly findEarlier: (key: string, at: number) => string | undefined;
}

/** More anomalies of its entities tell nobody more about an incident. */
const MAX_ANOMALIES_PER_INCIDENT = 200;

/**
 * Writes what correlation decided into a draft: firings enter or change their incident, incidents get causes and impact,
 * those that lost all of their members become tombstones.
 * @returns how many anomalies were left out because their incident has enough of them
 */
export function applyDecision(draft: Draft, decision: Decision, context: DecisionContext): number {
  const departures = new Map<string, Map<string, number>>();
  // Of one alert the firing with the greatest id is the newest: numbers are given as firings came, not as they are placed.
  const ids = new Map<string, number>();
  for (const key of context.arrivals.keys()) ids.set(key, context.takeMemberId());
  const all = [...decision.placements, ...undecided(decision, context.arrivals)];
  for (const [id, placements] of Map.groupBy(all, (placement) => placement.incidentId)) {
    for (const [from, count] of place(draft, id, placements, { ...context, ids })) {
      departures.set(from, (departures.get(from) ?? new Map<string, number>()).set(id, count));
    }
  }
  for (const { from, into } of decision.merged) {
    const count = departures.get(from)?.get(into) ?? 0;
    departures.delete(from);
    const incident = draft.incident(from);
    if (incident === undefined || incident.state === 'merged' || draft.incident(into) === undefined) continue;
    draft.absorb(from, into, { at: context.at, by: '', comment: '', count });
  }
  for (const [from, destinations] of departures) {
    draft.leave(from, destinations, context.at);
  }
  for (const { incidentId, causes, impacted, possible } of decision.incidents) {
    if (draft.incident(incidentId) === undefined) continue;
    draft.act(incidentId, { kind: 'diagnose', at: context.at, causes, impacted, possible });
  }
  for (const { id, key, startsAt } of draft.withNewKeys()) {
    const earlier = context.findEarlier(key, startsAt);
    if (earlier !== undefined && earlier !== id) draft.link(id, earlier);
  }
  return decision.anomalies.filter((placement) => !attach(draft, placement, context)).length;
}

/** What correlation has not placed yet stands alone until it does: nothing that was received is without an incident. */
function undecided(decision: Decision, arrivals: DecisionContext['arrivals']): FiringPlacement[] {
  const decided = new Set(decision.placements.map(({ key }) => key));
  const reasons = [{ kind: 'first', value: 1, text: 'nothing else explains it so far' }] as const;
  return [...arrivals.values()].flatMap(({ key, cluster, firing }) => {
    if (decided.has(key)) return [];
    const id = incidentId(cluster, firing.alert);
    return [{ key, incidentId: id, role: 'symptom', reasons, weak: true, alternatives: [] }];
  });
}

/** Lets firings into one incident. @returns from where how many of them came */
function place(
  draft: Draft,
  incidentId: string,
  placements: readonly FiringPlacement[],
  { arrivals, ids, at }: DecisionContext & { readonly ids: ReadonlyMap<string, number> },
): Map<string, number> {
  const from = new Map<string, number>();
  const seen = new Set<string>();
  const admissions: Admission[] = [];
  const fresh: AlertMember[] = [];
  const placed: AlertMember[] = [];
  let cluster = '';
  const admit = (member: AlertMember, heldUntil: number) => {
    const { alert } = member.firing;
    const isAgain = seen.has(alert.fingerprint) || draft.hasAlert(incidentId, alert.fingerprint);
    seen.add(alert.fingerprint);
    admissions.push({ alert, entity: member.entity, isAgain, heldUntil });
  };
  for (const { key, role, reasons, weak, alternatives, pinned = false } of placements) {
    const member = draft.alert(key);
    const arrival = arrivals.get(key);
    if (member?.pinned) {
      // What a person decided stays; correlation may only say what the member is there.
      if (member.incidentId === incidentId) placed.push({ ...member, role, alternatives });
    } else if (member !== undefined) {
      const moved = { ...member, incidentId, role, reasons, weak, alternatives };
      placed.push(moved);
      if (member.incidentId === incidentId) continue;
      from.set(member.incidentId, (from.get(member.incidentId) ?? 0) + 1);
      cluster = draft.incident(member.incidentId)!.cluster;
      admit(moved, 0);
    } else if (arrival !== undefined) {
      const { firing, entity, onset, heldUntil } = arrival;
      cluster = arrival.cluster;
      // One literal: what is spread into another object takes twice the memory.
      const member: AlertMember = {
        kind: 'alert',
        id: ids.get(key)!,
        key,
        incidentId,
        entity,
        admittedAt: at,
        onset,
        role,
        reasons,
        weak,
        alternatives,
        pinned,
        firing,
      };
      fresh.push(member);
      admit(member, heldUntil);
    }
  }
  if (admissions.length > 0) {
    admissions.sort((a, b) => a.alert.startsAt - b.alert.startsAt);
    draft.open(incidentId, cluster, admissions[0]!, at);
    draft.act(incidentId, { kind: 'admit', at, admissions });
  }
  for (const member of fresh) draft.put(member);
  for (const member of placed) draft.place(member);
  return from;
}

/** @returns whether there was room for it */
function attach(draft: Draft, placement: Decision['anomalies'][number], context: DecisionContext): boolean {
  const { key, incidentId, reasons } = placement;
  const found = context.anomaly(key);
  const incident = draft.incident(incidentId);
  if (found === undefined || incident === undefined) return true;
  if (incident.anomalies >= MAX_ANOMALIES_PER_INCIDENT) return false;
  const { at, takeMemberId } = context;
  const { anomaly, entity } = found;
  draft.act(incidentId, { kind: 'attach_anomalies', at, count: 1 });
  const membership = { id: takeMemberId(), incidentId, entity, admittedAt: at, reasons };
  draft.put({ ...membership, kind: 'anomaly', role: 'evidence', anomaly });
  return true;
}
