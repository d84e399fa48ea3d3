import type { EventDetail, Incident, IncidentEvent } from '../model/incident.ts';

/** The incident after an action, and what the timeline has to say about it. */
export interface Step {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
}

export function step(incident: Incident, ...events: IncidentEvent[]): Step {
  return { incident, events };
}

/** A line of the timeline. */
export function event(
  { id }: Incident,
  kind: IncidentEvent['kind'],
  {
    at,
    by = '',
    comment = '',
    count = 0,
    detail = {},
  }: { at: number; by?: string; comment?: string; count?: number; detail?: EventDetail },
): IncidentEvent {
  return { incidentId: id, at, kind, by, comment, count, detail };
}
