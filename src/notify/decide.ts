import { compareSeverity } from '../incidents/severity.ts';
import type { IncidentHead } from '../incidents/summary.ts';
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
 * @param hasNewKind whether alerts of another name joined since; asked only when that would be told, because it costs a
 *   look at all alerts
 */
export function decide(
  incident: IncidentHead,
  told: Notification | undefined,
  hasNewKind: () => boolean,
  now: number,
  timing: NotifyTiming,
): Decision {
  if (told === undefined) return first(incident, now, timing);
  if (isLast(told)) return again(incident, told, now, timing);
  if (incident.mergedInto !== null) return { event: 'merged' };
  if (isOver(incident)) return { event: 'resolved' };
  const change = changeOf(incident, told.incident);
  if (change === 'severity_changed' && isCritical(incident)) return { event: change };
  const updateAt = told.at + timing.notifyIntervalMs;
  if (now < updateAt) return { notBefore: updateAt };
  if (change !== undefined) return { event: change };
  return hasNewKind() ? { event: 'grew' } : reminder(incident, told, now, timing);
}

/** A candidate may pass by itself, and one that passes before anyone was told is not worth a word. */
function first(incident: IncidentHead, now: number, { notifyWaitMs }: NotifyTiming): Decision {
  if (incident.state !== 'open') return NEVER;
  return isCritical(incident) ? { event: 'new' } : due('new', incident.openedAt + notifyWaitMs, now);
}

/** One that goes up and down tells so at the pace of updates, unless it is critical. */
function again(incident: IncidentHead, told: Notification, now: number, { notifyIntervalMs }: NotifyTiming): Decision {
  if (incident.state !== 'open') return NEVER;
  return isCritical(incident) ? { event: 'reopened' } : due('reopened', told.at + notifyIntervalMs, now);
}

function reminder(incident: IncidentHead, told: Notification, now: number, timing: NotifyTiming): Decision {
  return incident.acknowledgedBy === '' ? due('reminder', told.at + timing.notifyRepeatMs, now) : NEVER;
}

/** What people do not know yet, the most important first. */
function changeOf(incident: IncidentHead, told: IncidentHead): NotificationEvent | undefined {
  if (compareSeverity(incident.severity, told.severity) > 0) return 'severity_changed';
  // That a single alert is about what it is about is no news.
  const isNews = incident.rootCause !== told.rootCause && (told.rootCause !== null || incident.alerts > 1);
  return incident.rootCause !== null && isNews ? 'cause_changed' : undefined;
}

function due(event: NotificationEvent, at: number, now: number): Decision {
  return now >= at ? { event } : { notBefore: at };
}

function isCritical({ severity }: IncidentHead): boolean {
  return compareSeverity(severity, 'critical') >= 0;
}

function isOver({ state }: IncidentHead): boolean {
  return state === 'resolved' || state === 'closed_unknown';
}
