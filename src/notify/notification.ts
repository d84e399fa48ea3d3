import type { IncidentSummary } from '../incidents/summary.ts';

/**
 * Why people are told: it is new; a new kind of alert joined; it became graver; another cause is likelier; it came back; it
 * is over; another incident took it over; or nobody has taken it on for so long that they are reminded.
 */
export type NotificationEvent =
  | 'new'
  | 'grew'
  | 'severity_changed'
  | 'cause_changed'
  | 'reopened'
  | 'resolved'
  | 'merged'
  | 'reminder';

/** One message about an incident, in plain JSON: what all receivers are told, whatever form each gives to it. */
export interface Notification {
  /** Counts the messages about one incident from 1: (incident, sequence) is sent once, and repeated only unchanged. */
  readonly sequence: number;
  readonly event: NotificationEvent;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The namespace under which receivers know it: what it was at first, so that its labels stay. Empty without one. */
  readonly namespace: string;
  /** The severity of the message before, under which a receiver may know the incident; null at first. */
  readonly severityBefore: string | null;
  readonly incident: IncidentSummary;
}

/** Whether the message says that there is nothing to do any more. */
export function isLast({ event }: Pick<Notification, 'event'>): boolean {
  return event === 'resolved' || event === 'merged';
}

/** What makes a repetition of a message known as one. */
export function keyOf({ incident, sequence }: Notification): string {
  return `${incident.id}/${sequence}`;
}
