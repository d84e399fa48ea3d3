import type { Alert } from '../model/alert.ts';
import { incidentId } from '../model/incident.ts';
import { MAX_COST, timeCost } from './cone.ts';
import type { Group } from './group.ts';
import { movableFirings, type Sign } from './sign.ts';

/** A group and its incident; a group without firings (pending rules only) has none. */
export interface IdentifiedGroup extends Group {
  readonly incidentId: string | undefined;
}

/** Gives every group the incident that most of its firings are in already, so that as few as possible move. */
export function assignIncidents(cluster: string, groups: readonly Group[]): IdentifiedGroup[] {
  const claims = groups.flatMap((group) => [...firingsByIncident(group)].map(([id, count]) => ({ group, id, count })));
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

/** Other incidents that could have caused a sign, the cheapest first. */
export function alternativesFor(sign: Sign, home: Group, groups: readonly IdentifiedGroup[]) {
  if (sign.entityKey === '') return [];
  const found: { incidentId: string; cost: number }[] = [];
  for (const { claim, incidentId: id, members } of groups) {
    if (claim === undefined || id === undefined || members === home.members) continue;
    const { cone, hypothesis } = claim.theory;
    const reach = cone.reached.get(sign.entityKey);
    if (reach === undefined) continue;
    const cost = reach.cost + timeCost(hypothesis, sign.onset);
    if (cost <= MAX_COST) found.push({ incidentId: id, cost });
  }
  return found.sort((a, b) => a.cost - b.cost).slice(0, 3);
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
  const alerts = members.flatMap(({ sign }) => [...movableFirings(sign)].map(({ alert }) => alert)).sort(byStart);
  for (const alert of alerts) {
    const id = incidentId(cluster, alert);
    if (!used.has(id)) return id;
  }
  // Each of them opened an incident that is about something else by now.
  for (let again = 1; alerts.length > 0; again++) {
    const id = incidentId(`${cluster} ${again}`, alerts[0]!);
    if (!used.has(id)) return id;
  }
  return undefined;
}

function byStart(a: Alert, b: Alert): number {
  return a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1);
}
