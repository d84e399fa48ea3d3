import type { Alert } from '../model/alert.ts';
import { type Entity, formatEntity } from '../model/entity.ts';
import type { Incident, IncidentEvent } from '../model/incident.ts';
import { graver } from './severity.ts';

/** A firing that enters an incident, earliest onset first within an action. */
export interface Admission {
  readonly alert: Alert;
  readonly entity: Entity | undefined;
  /** Whether another firing of the same alert is a member already: it is not counted twice. */
  readonly isAgain: boolean;
}

/** Everything that can happen to an incident; `at` is the time at which it became known here. */
export type Action =
  | { readonly kind: 'admit'; readonly at: number; readonly admissions: readonly Admission[] }
  | { readonly kind: 'end'; readonly at: number; readonly endsAt: readonly number[] }
  | { readonly kind: 'revive'; readonly at: number; readonly count: number }
  | { readonly kind: 'start_earlier'; readonly startsAt: number }
  | { readonly kind: 'attach_anomalies'; readonly at: number; readonly count: number }
  | { readonly kind: 'acknowledge' | 'resolve'; readonly at: number; readonly by: string; readonly comment: string };

/** The incident after an action, and what the timeline has to say about it. */
interface Step {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
}

const MAX_LEAD_LENGTH = 200;

/** An incident before its first admission. */
export function createIncident(id: string, cluster: string, first: Admission, openedAt: number): Incident {
  const { startsAt } = first.alert;
  return {
    id,
    cluster,
    state: 'open',
    lead: leadOf(first),
    severity: '',
    startsAt,
    lastOnsetAt: startsAt,
    openedAt,
    lastEndAt: undefined,
    resolvedAt: undefined,
    resolvedBy: '',
    acknowledgedAt: undefined,
    acknowledgedBy: '',
    reopened: 0,
    alerts: 0,
    firing: 0,
    anomalies: 0,
  };
}

/**
 * The only place where an incident changes.
 * - open: at least one alert fires. acknowledged: the same, and a person looks after it.
 * - resolved: no alert fires any more (at once: nothing holds a resolve back), or a person said so; what then goes on
 *   firing does not bring it back, a new firing does.
 * - A resolved incident that admits a firing alert is open again, and no longer acknowledged.
 */
export function reduce(incident: Incident, action: Action): Step {
  switch (action.kind) {
    case 'admit':
      return admit(incident, action.at, action.admissions);
    case 'end':
      return end(incident, action.at, action.endsAt);
    case 'revive':
      return revive(incident, action.at, action.count);
    case 'start_earlier':
      return { incident: { ...incident, startsAt: Math.min(incident.startsAt, action.startsAt) }, events: [] };
    case 'attach_anomalies':
      return step({ ...incident, anomalies: incident.anomalies + action.count }, event(incident, 'evidence', action));
    case 'acknowledge': {
      const acknowledged = {
        ...incident,
        state: 'acknowledged',
        acknowledgedAt: action.at,
        acknowledgedBy: action.by,
      } as const;
      return step(acknowledged, event(incident, 'acknowledged', action));
    }
    case 'resolve': {
      const resolved = { ...incident, state: 'resolved', resolvedAt: action.at, resolvedBy: action.by } as const;
      return step(resolved, event(incident, 'resolved', action));
    }
  }
}

function admit(incident: Incident, at: number, admissions: readonly Admission[]): Step {
  const grown = admissions.reduce(addOne, incident);
  const joined = event(incident, incident.alerts === 0 ? 'opened' : 'joined', { at, count: admissions.length });
  if (grown.firing === incident.firing) {
    // All of them have ended before we heard of them: an incident that is over stays over.
    return incident.alerts === 0 || incident.state === 'resolved' ? settle(grown, at, [joined]) : step(grown, joined);
  }
  return incident.state === 'resolved' ? reopen(grown, at, [joined]) : step(grown, joined);
}

function addOne(incident: Incident, admission: Admission): Incident {
  const { startsAt, endsAt, labels } = admission.alert;
  return {
    ...incident,
    lead: startsAt < incident.startsAt ? leadOf(admission) : incident.lead,
    severity: graver(incident.severity, labels.get('severity') ?? ''),
    startsAt: Math.min(incident.startsAt, startsAt),
    lastOnsetAt: Math.max(incident.lastOnsetAt, startsAt),
    lastEndAt: endsAt === undefined ? incident.lastEndAt : Math.max(incident.lastEndAt ?? endsAt, endsAt),
    alerts: incident.alerts + (admission.isAgain ? 0 : 1),
    firing: incident.firing + (endsAt === undefined ? 1 : 0),
  };
}

function end(incident: Incident, at: number, endsAt: readonly number[]): Step {
  const lastEndAt = endsAt.reduce((latest, at) => Math.max(latest, at), incident.lastEndAt ?? Number.NEGATIVE_INFINITY);
  const quieter = { ...incident, firing: incident.firing - endsAt.length, lastEndAt };
  const events = [event(incident, 'ended', { at, count: endsAt.length })];
  return quieter.firing === 0 && incident.state !== 'resolved'
    ? settle(quieter, at, events)
    : { incident: quieter, events };
}

/** Alerts that had expired were sent again: they had not ended. What a person has closed stays closed. */
function revive(incident: Incident, at: number, count: number): Step {
  const livelier = { ...incident, firing: incident.firing + count };
  const wasSettled = incident.state === 'resolved' && incident.resolvedBy === '';
  return wasSettled ? reopen(livelier, at, []) : { incident: livelier, events: [] };
}

/** Nothing fires: resolved at the time of the last end, unless a person was faster. */
function settle(incident: Incident, at: number, events: readonly IncidentEvent[]): Step {
  if (incident.resolvedBy !== '') return { incident, events };
  const resolved = { ...incident, state: 'resolved', resolvedAt: incident.lastEndAt } as const;
  const isNew = incident.state !== 'resolved';
  return { incident: resolved, events: isNew ? [...events, event(incident, 'resolved', { at })] : events };
}

function reopen(incident: Incident, at: number, events: readonly IncidentEvent[]): Step {
  const reopened = {
    ...incident,
    state: 'open',
    resolvedAt: undefined,
    resolvedBy: '',
    reopened: incident.reopened + 1,
  } as const;
  return { incident: reopened, events: [...events, event(incident, 'reopened', { at })] };
}

function step(incident: Incident, ...events: IncidentEvent[]): Step {
  return { incident, events };
}

function event(
  { id }: Incident,
  kind: IncidentEvent['kind'],
  { at, by = '', comment = '', count = 0 }: { at: number; by?: string; comment?: string; count?: number },
): IncidentEvent {
  return { incidentId: id, at, kind, by, comment, count };
}

function leadOf({ alert, entity }: Admission): string {
  const alertname = alert.labels.get('alertname') ?? 'Alert without a name';
  const place = entity === undefined ? '' : ` on ${formatEntity({ ...entity, cluster: '' }).replace(':', ' ')}`;
  return `${alertname}${place}`.slice(0, MAX_LEAD_LENGTH).toWellFormed();
}
