import type { Alert } from '../model/alert.ts';
import { incidentId } from '../model/incident.ts';
import { type Explained, MAX_COST, timeCost } from './cone.ts';
import type { Group, GroupMember } from './group.ts';

import { movableFirings, type Sign } from './sign.ts';

const MAX_ALTERNATIVES = 3;

/** A group and its incident; a group without firings (pending rules only) has none. */
export interface IdentifiedGroup extends Group {
  readonly incidentId: string | undefined;
}

/** Gives every group the incident that most of its firings are in already, so that as few as possible move. */
export function assignIncidents(cluster: string, groups: readonly Group[]): IdentifiedGroup[] {
  const claims: { group: Group; id: string; count: number }[] = [];
  for (const group of groups) {
    for (const [id, count] of firingsByIncident(group)) claims.push({ group, id, count });
  }
  claims.sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
  const ids = new Map<Group, string>();
  const used = new Set(claims.map(({ id }) => id));
  const taken = new Set<string>();
  for (const { group, id } of claims) {
    if (ids.has(group) || taken.has(id)) continue;
    ids.set(group, id);
    taken.add(id);
  }
  return groups.map((group) => {
    const id = ids.get(group) ?? newId(cluster, group, used);
    if (id !== undefined) used.add(id);
    return { ...group, incidentId: id };
  });
}

/** Other incidents that could have caused a sign, the cheapest first. @param caused the groups that have a cause */
export function alternativesFor(sign: Sign, home: Group, caused: readonly IdentifiedGroup[]) {
  const found: { incidentId: string; cost: number }[] = [];
  for (const group of caused) {
    if (group.claim === home.claim || group.incidentId === undefined) continue;
    const explained = explainBy(sign, group);
    if (explained !== undefined) found.push({ incidentId: group.incidentId, cost: explained.cost });
  }
  return found.sort((a, b) => a.cost - b.cost).slice(0, MAX_ALTERNATIVES);
}

/** Where a sign belongs most probably, until everything is explained again: to a cause that reaches its thing cheapest. */
export function provisionalHome(
  sign: Sign,
  caused: readonly IdentifiedGroup[],
): { group: IdentifiedGroup; member: GroupMember } | undefined {
  let best: { group: IdentifiedGroup; member: GroupMember } | undefined;
  let least = MAX_COST;
  for (const group of caused) {
    const explained = explainBy(sign, group);
    if (
      explained === undefined ||
      explained.cost > least ||
      !group.members.some((each) => each.sign.kind === sign.kind)
    ) {
      continue;
    }
    least = explained.cost;
    best = { group, member: { sign, explained } };
  }
  return best;
}

function explainBy(sign: Sign, { claim }: Group): Explained | undefined {
  const reach = claim?.theory.cone.reached.get(sign.entityKey);
  if (reach === undefined) return undefined;
  const misfit = timeCost(claim!.theory.hypothesis, sign.onset);
  const cost = reach.cost + misfit;
  return cost <= MAX_COST ? { sign, cost, misfit, reach } : undefined;
}

function firingsByIncident({ members }: Group): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { sign } of members) {
    const { incidentId: id, movable } = sign;
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + movable);
  }
  return counts;
}

/** The id that the first of its firings stands for, or the first one whose id no other incident has. */
function newId(cluster: string, { members }: Group, used: ReadonlySet<string>): string | undefined {
  const first = firstAlert(members);
  const firstId = first && incidentId(cluster, first);
  if (firstId === undefined || !used.has(firstId)) return firstId;
  const alerts = members.flatMap(({ sign }) => [...movableFirings(sign)].map(({ alert }) => alert)).sort(byStart);
  for (const alert of alerts) {
    const id = incidentId(cluster, alert);
    if (!used.has(id)) return id;
  }
  // Each of them opened an incident that is about something else by now.
  for (let again = 1; ; again++) {
    const id = incidentId(`${cluster} ${again}`, alerts[0]!);
    if (!used.has(id)) return id;
  }
}

function firstAlert(members: Group['members']): Alert | undefined {
  let first: Alert | undefined;
  for (const { sign } of members) {
    for (const { alert } of movableFirings(sign)) if (first === undefined || byStart(alert, first) < 0) first = alert;
  }
  return first;
}

function byStart(a: Alert, b: Alert): number {
  return a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1);
}
