import type { PastFiring, PastIncident } from '../../src/noise/history.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';

let id = 0;

/** A firing with these labels, its times in minutes from the beginning. */
export function pastFiring(
  labels: Record<string, string>,
  { from, to = Number.POSITIVE_INFINITY, incident = 'i' }: { from: number; to?: number; incident?: string },
): PastFiring {
  const startsAt = minute(from);
  return {
    id: ++id,
    incidentId: incident,
    fingerprint: JSON.stringify(labels),
    firstStartsAt: startsAt,
    startsAt,
    endsAt: startsAt + (to - from) * MINUTE,
    onsetAt: startsAt,
    admittedAt: startsAt,
    labels,
  };
}

/** An incident that was told at the beginning and is over after ten minutes. */
export function pastIncident(more: Partial<PastIncident> = {}): PastIncident {
  return {
    id: 'i',
    cluster: '',
    state: 'resolved',
    severity: 'warning',
    startsAt: minute(0),
    openedAt: minute(1),
    promotedAt: minute(2),
    heldUntil: undefined,
    acknowledgedAt: undefined,
    resolvedAt: minute(10),
    firstAnomalyAt: undefined,
    reopenedAt: [],
    ...more,
  };
}
