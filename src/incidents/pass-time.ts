import { isOpen } from '../model/incident.ts';
import type { Draft } from './draft.ts';
import { loseSight } from './firing.ts';
import { RECOVERY_MS } from './life-cycle.ts';
import type { LiveIncidents } from './live-incidents.ts';

/** Twice Alertmanager's default `repeat_interval`: what was not repeated for so long is unknown. */
const SILENCE_MS = 8 * 3_600_000;

/** Ends holds and recoveries whose time has come. */
export function endWaits(draft: Draft, live: LiveIncidents, now: number): void {
  for (const id of new Set([...live.waiting(), ...draft.incidents.keys()])) {
    const { state, heldUntil = 0, lastEndAt = now } = draft.incident(id)!;
    const isDue =
      (state === 'candidate' && heldUntil <= now) || (state === 'recovering' && lastEndAt + RECOVERY_MS <= now);
    if (isDue) draft.act(id, { kind: 'wait', at: now });
  }
}

/**
 * Gives up what nobody has spoken of for hours.
 * @param isConfirmed whether the rule of the alert with this fingerprint is known to hold still
 */
export function giveUpSilent(
  draft: Draft,
  live: LiveIncidents,
  isConfirmed: (fingerprint: string) => boolean,
  now: number,
): void {
  for (const { id } of live.all()) {
    if (live.heardAt(id) >= now - SILENCE_MS) continue;
    const incident = draft.incident(id)!;
    if (isOpen(incident) && incident.firing > 0) giveUp(draft, id, isConfirmed, now);
  }
}

function giveUp(draft: Draft, id: string, isConfirmed: (fingerprint: string) => boolean, now: number): void {
  const members = [...draft.alertsOf(id)];
  if (members.some(({ firing }) => isConfirmed(firing.alert.fingerprint))) return;
  for (const member of members) {
    if (member.firing.alert.endsAt === undefined) draft.put({ ...member, firing: loseSight(member.firing, now) });
  }
  draft.act(id, { kind: 'lose_sight', at: now });
}
