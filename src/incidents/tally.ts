import type { AlertMember } from '../model/incident.ts';
import type { Tally } from './action.ts';
import { leadOf } from './lead.ts';
import { graver } from './severity.ts';

/** What these firings come to. Of none, the times are those of `before`. */
export function tallyOf(members: Iterable<AlertMember>, before: Tally): Tally {
  const fingerprints = new Set<string>();
  let tally: Tally = { ...before, alerts: 0, firing: 0, severity: '', lastEndAt: undefined };
  for (const { firing, entity } of members) {
    const { alert } = firing;
    const isFirst = fingerprints.size === 0;
    fingerprints.add(alert.fingerprint);
    tally = {
      alerts: fingerprints.size,
      firing: tally.firing + (alert.endsAt === undefined ? 1 : 0),
      severity: graver(tally.severity, alert.labels.get('severity') ?? ''),
      lead: isFirst || alert.startsAt < tally.startsAt ? leadOf(alert, entity) : tally.lead,
      startsAt: isFirst ? alert.startsAt : Math.min(tally.startsAt, alert.startsAt),
      lastOnsetAt: isFirst ? alert.startsAt : Math.max(tally.lastOnsetAt, alert.startsAt),
      lastEndAt: alert.endsAt === undefined ? tally.lastEndAt : Math.max(tally.lastEndAt ?? 0, alert.endsAt),
    };
  }
  return tally;
}
