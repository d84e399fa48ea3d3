import type { AlertMember } from '../model/incident.ts';
import type { Draft } from './draft.ts';

/** Lets members end, go on after all, or become what their sender says now. */
export function changeMembers(draft: Draft, changed: readonly AlertMember[], at: number): void {
  const steps = changed.map(({ key, firing }) => ({
    member: { ...draft.alert(key)!, firing },
    before: draft.alert(key)!,
  }));
  for (const [incidentId, group] of Map.groupBy(steps, ({ member }) => member.incidentId)) {
    const ends = group.flatMap(({ member, before }) => {
      const { endsAt } = member.firing.alert;
      return endsAt !== undefined && before.firing.alert.endsAt === undefined ? [endsAt] : [];
    });
    const revived = group.filter(
      ({ member, before }) => member.firing.alert.endsAt === undefined && before.firing.alert.endsAt !== undefined,
    );
    const startsAt = Math.min(...group.map(({ member }) => member.firing.alert.startsAt));
    if (startsAt < draft.incident(incidentId)!.startsAt) draft.act(incidentId, { kind: 'start_earlier', startsAt });
    if (revived.length > 0) draft.act(incidentId, { kind: 'revive', at, count: revived.length });
    if (ends.length > 0) draft.act(incidentId, { kind: 'end', at, endsAt: ends });
    for (const { member } of group) draft.put(member);
  }
}
