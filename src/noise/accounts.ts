import { incidentId } from '../model/incident.ts';
import type { History, PastFiring, PastIncident } from './history.ts';

/** Where a firing can end up: exactly one of them for each. docs/noise.md says what they mean. */
export const ACCOUNTS = [
  'paged',
  'grouped',
  'duplicate',
  'held_transient',
  'flapping',
  'inhibited',
  'silenced',
  'maintenance',
  'late',
  'own',
] as const;

export type Account = (typeof ACCOUNTS)[number];

/** From this firing on, an alert in one incident does nothing but flap. */
const FLAPS_FROM_FIRING = 3;

/** Gives every member its account; the others have theirs already. */
export function accountsOf({ firings, incidents }: Pick<History, 'firings' | 'incidents'>): Map<PastFiring, Account> {
  const pagers = pagersOf(firings, incidents);
  const seen = new Map<string, number>();
  const accounts = new Map<PastFiring, Account>();
  for (const firing of firings) {
    const key = `${firing.incidentId} ${firing.fingerprint}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    accounts.set(firing, accountOf(incidents.get(firing.incidentId), pagers.has(firing), count));
  }
  return accounts;
}

function accountOf(incident: PastIncident | undefined, isPager: boolean, countInIncident: number): Account {
  // Nobody was told: the incident was a candidate all the time.
  if (incident !== undefined && incident.promotedAt === undefined) {
    return incident.heldUntil === Number.POSITIVE_INFINITY ? 'flapping' : 'held_transient';
  }
  if (isPager) return 'paged';
  return countInIncident >= FLAPS_FROM_FIRING ? 'flapping' : 'grouped';
}

/**
 * The firings for which an incident was opened or came back: one for each time. Which one opened it can be told from the
 * incident's id, also when it has moved to another incident since.
 */
function pagersOf(firings: readonly PastFiring[], incidents: ReadonlyMap<string, PastIncident>): Set<PastFiring> {
  const clusters = new Set([...incidents.values()].map(({ cluster }) => cluster));
  const pagers = new Set<PastFiring>();
  const opened = new Set<string>();
  for (const firing of firings) {
    for (const cluster of clusters) {
      const id = incidentId(cluster, { fingerprint: firing.fingerprint, startsAt: firing.firstStartsAt });
      if (incidents.get(id)?.promotedAt === undefined || opened.has(id)) continue;
      opened.add(id);
      pagers.add(firing);
    }
  }
  for (const [id, members] of Map.groupBy(firings, ({ incidentId }) => incidentId)) {
    const incident = incidents.get(id);
    if (incident?.promotedAt === undefined) continue;
    const openedHere = incident.openedAt >= firings[0]!.admittedAt;
    if (openedHere && !opened.has(id)) pagers.add(members[0]!);
    for (const at of incident.reopenedAt) {
      const first = members.find(({ admittedAt }) => admittedAt === at);
      if (first !== undefined) pagers.add(first);
    }
  }
  return pagers;
}
