import { formatEntity } from '../model/entity.ts';
import type { Draft } from './draft.ts';
import type { FiringHistory } from './firing-history.ts';
import type { LiveIncidents } from './live-incidents.ts';

/** Keeps how long firings lasted and whose pages waited in vain. @param live as it was before the draft */
export function rememberFirings(history: FiringHistory, { members, events }: Draft, live: LiveIncidents): void {
  for (const member of members.values()) {
    if (member.kind === 'anomaly') continue;
    const { fingerprint, labels, startsAt, endsAt } = member.firing.alert;
    const before = live.alert(member.key)?.firing.alert;
    if (before !== undefined && before.endsAt === endsAt) continue;
    const alertname = labels.get('alertname') ?? '';
    const entity = member.entity === undefined ? '' : formatEntity(member.entity);
    history.note({ fingerprint, alertname, entity, startsAt, endsAt });
  }
  for (const { kind, incidentId } of events) {
    if (kind !== 'promoted') continue;
    for (const { firing } of live.alertsOf(incidentId)) {
      history.noteSurvivor(firing.alert.labels.get('alertname') ?? '');
    }
  }
}
