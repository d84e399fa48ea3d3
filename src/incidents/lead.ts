import type { Alert } from '../model/alert.ts';
import type { Entity } from '../model/entity.ts';
import { placeOf } from '../model/incident.ts';

const MAX_LEAD_LENGTH = 200;

/** What an alert says about itself: its name and what it is about. */
export function leadOf({ labels }: Pick<Alert, 'labels'>, entity: Entity | undefined): string {
  const alertname = labels.get('alertname') ?? 'Alert without a name';
  const place = entity === undefined ? '' : ` on ${placeOf(entity)}`;
  return `${alertname}${place}`.slice(0, MAX_LEAD_LENGTH).toWellFormed();
}
