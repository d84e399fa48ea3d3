import { compareSeverity } from '../incidents/severity.ts';
import type { IncidentSummary } from '../incidents/summary.ts';
import { isLast, type Notification, type NotificationEvent } from './notification.ts';

/** Alertmanager's three: group_wait, group_interval, repeat_interval, for an incident instead of a group. */
export interface NotifyTiming {
  readonly notifyWaitMs: number;
  readonly notifyIntervalMs: number;
  readonly notifyRepeatMs: number;
}

/** Tell now, and why; or not before `notBefore`, Infinity if nothing changes. */
type Decision =
  | { readonly event: NotificationEvent; readonly notBefore?: undefined }
  | { readonly event?: undefined; readonly notBefore: number };

const NEVER: Decision = { notBefore: Number.POSITIVE_INFINITY };

/**
 * Whether people are to be told about an incident as it is now, given what they were told last. It looks at states and not
 * at events, so that nothing is lost when the process dies between the two.
 */
export function decide(
  incident: IncidentSummary,
  told: Notification | undefined,
  now: number,
  timing: NotifyTiming,
): Decision {
  if (told === undefined) return first(incident, now, timing);
  if (isLast(told)) return again(incident, told, now, timing);
  if (incident.mergedInto !== null) return { event: 'merged' };
  if (isOver(incident)) return { event: 'resolved' };
  const event = changeOf(incident, told.incident);
  if (event === undefined) return reminder(incident, told, now, timing);
  return event === 'severity_changed' && isCritical(incident)
    ? { event }
    : due(event, told.at + timing.notifyIntervalMs, now);
}

/** A candidate may pass by itself, and one that passes before anyone was told is not worth a word. */
function first(incident: IncidentSummary, now: number, { notifyWaitMs }: NotifyTiming): Decision {
  if (incident.state !== 'open') return NEVER;
  return isCritical(incident) ? { event: 'new' } : due('new', incident.openedAt + notifyWaitMs, now);
}

/** One that goes up and down tells so at the pace of updates, unless it is critical. */
function again(
  incident: IncidentSummary,
  told: Notification,
  now: number,
  { notifyIntervalMs }: NotifyTiming,
): Decision {
  if (incident.state !== 'open') return NEVER;
  return isCritical(incident) ? { event: 'reopened' } : due('reopened', told.at + notifyIntervalMs, now);
}

function reminder(incident: IncidentSummary, told: Notification, now: number, timing: NotifyTiming): Decision {
  return incident.acknowledgedBy === '' ? due('reminder', told.at + timing.notifyRepeatMs, now) : NEVER;
}

/** What people do not know yet, the most important first. */
function changeOf(incident: IncidentSummary, told: IncidentSummary): NotificationEvent | undefined {
  if (compareSeverity(incident.severity, told.severity) > 0) return 'severity_changed';
  if (incident.causes[0]?.entity !== told.causes[0]?.entity) return 'cause_changed';
  const known = new Set(told.kinds.map(({ alertname }) => alertname));
  return incident.kinds.some(({ alertname }) => !known.has(alertname)) ? 'grew' : undefined;
}

function due(event: NotificationEvent, at: number, now: number): Decision {
  return now >= at ? { event } : { notBefore: at };
}

function isCritical({ severity }: IncidentSummary): boolean {
  return compareSeverity(severity, 'critical') >= 0;
}

function isOver({ state }: IncidentSummary): boolean {
  return state === 'resolved' || state === 'closed_unknown';
}
